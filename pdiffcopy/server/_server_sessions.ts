/**
 * Uploads to a server: each is a session that writes one file, and that a client comes back to.
 */
import { newTable } from "../file/_block_file.ts";
import type { BlockDirectory, Table } from "../file/_block_file.ts";
import { digestOfBlocks } from "../file/_digest.ts";
import { ZstdFrames } from "../copy/_frame_codec.ts";
import { FRAME_HEADER_SIZE, frameSize } from "../file/_frames.ts";
import { hashOf } from "../file/_hash_registry.ts";
import type { ServerContext } from "./_server_context.ts";
import { badRequest, numberParameter, Refusal } from "./_server_request.ts";
import { LocalTarget } from "../copy/_target.ts";
import type { ReplacePolicy } from "../copy/_target.ts";

const SESSIONS_MAX = 64;
const BLOCK_MIN = 512;
const BLOCK_MAX = 64 << 20;
const TABLE_SIZE_MAX = 256 << 20;
const POLICIES: readonly string[] = ["auto", "inplace", "atomic"];

/** One file that is being written. */
class Session {
  readonly #target: LocalTarget;
  readonly #directory: BlockDirectory;
  readonly #table: Table;
  readonly #size: number;
  /** One byte a block: whether it is known to be right. */
  readonly #covered: Uint8Array;
  readonly name: string;
  usedAt = performance.now();
  /** Requests under way. */
  busy = 0;

  constructor(target: LocalTarget, directory: BlockDirectory, name: string, table: Table, size: number) {
    this.#target = target;
    this.#directory = directory;
    this.name = name;
    this.#table = table;
    this.#size = size;
    this.#covered = new Uint8Array(Math.ceil(size / table.blockSize));
  }

  get blockSize(): number {
    return this.#table.blockSize;
  }

  /** What there was when the session began, and how much of the new content is known to be there. */
  state(): Record<string, unknown> {
    const covered = this.#covered.reduce((sum, block) => sum + block, 0);
    return { size: this.#target.size, resumed: this.#target.resumed, blocks: this.#covered.length, covered };
  }

  range(query: ReadonlyMap<string, string>): { readonly start: number; readonly end: number } {
    const start = numberParameter(query, "from", 0, this.#size, 0);
    const end = numberParameter(query, "to", start, this.#size, this.#size);
    const { blockSize } = this.#table;
    if (start % blockSize !== 0 || (end % blockSize !== 0 && end !== this.#size)) {
      throw badRequest("the range does not start and end with a block");
    }
    return { start, end };
  }

  async digests(start: number, end: number): Promise<Table> {
    const known = await this.#target.digests(start, end, this.#table);
    if (known < end) throw badRequest("the file is not that long");
    return this.#table;
  }

  async apply(start: number, end: number, body: Uint8Array<ArrayBuffer>): Promise<Record<string, unknown>> {
    checkWhole(body, this.#table);
    const frames = await new ZstdFrames(1).decode(body, this.#table);
    const { next } = await this.#target.apply(start, end, this.#table, frames);
    const { blockSize } = this.#table;
    this.#covered.fill(1, start / blockSize, Math.ceil(next / blockSize));
    return { next };
  }

  async commit(digest: unknown): Promise<void> {
    const missing = this.#covered.indexOf(0);
    if (missing >= 0) {
      throw new Refusal(409, "PROTOCOL", `the block at byte ${missing * this.blockSize} never came`);
    }
    if (digestOfBlocks(this.#table, 0, this.#size).toHex() !== digest) {
      throw new Refusal(422, "VERIFY_FAILED", "the file does not match its digest");
    }
    await this.#target.commit();
    this.close();
  }

  close(reason?: unknown): void {
    this.#target.abort(reason);
    this.#directory.close();
  }
}

/** Frames must be whole, so that nothing is taken of a body that was cut off. */
function checkWhole(body: Uint8Array, { blockSize, hash }: Table): void {
  for (let pos = 0; pos < body.length;) {
    const size = frameSize(body, pos, body.length, blockSize + hash.digestSize + FRAME_HEADER_SIZE);
    if (size === 0 || pos + size > body.length) throw badRequest("the last frame is cut off");
    pos += size;
  }
}

/** All uploads of a server. */
export class ServerSessions {
  readonly #context: ServerContext;
  readonly #idleTimeoutMs: number;
  readonly #fsync: boolean;
  readonly #sessions = new Map<string, Session>();

  constructor(context: ServerContext, idleTimeoutMs: number, fsync: boolean) {
    this.#context = context;
    this.#idleTimeoutMs = idleTimeoutMs;
    this.#fsync = fsync;
  }

  /** Begins an upload. */
  async create(body: Record<string, unknown>): Promise<Record<string, unknown>> {
    this.#forgetIdle();
    const { path, size, block, hash, seed, replace = "auto", source = "" } = body;
    if (typeof path !== "string" || path === "") throw badRequest('"path" is missing');
    if (typeof hash !== "string") throw badRequest('"hash" is missing');
    if (typeof replace !== "string" || !POLICIES.includes(replace)) {
      throw badRequest('"replace" is not known');
    }
    const bytes = whole(size, "size", 0, Number.MAX_SAFE_INTEGER);
    const blockSize = whole(block, "block", BLOCK_MIN, BLOCK_MAX);
    const spec = hashOf(hash, typeof seed === "string" ? seed : "");
    if (bytes / blockSize * spec.digestSize > TABLE_SIZE_MAX) {
      throw badRequest("the file has too many blocks");
    }
    const { directory, name } = this.#context.root.parent(path);
    try {
      await this.#takeOver(`${directory.path}/${name}`);
      if (this.#sessions.size >= SESSIONS_MAX) {
        throw new Refusal(503, "SERVER", "there are too many uploads", { "retry-after": "10" });
      }
      const target = await LocalTarget.open(directory, name, {
        size: bytes,
        replace: replace as ReplacePolicy,
        source: typeof source === "string" ? source.slice(0, 1000) : "",
        fsync: this.#fsync,
        punch: true,
        threads: this.#context.threads,
        confined: true,
      });
      const id = crypto.getRandomValues(new Uint8Array(16)).toHex();
      const table = newTable(bytes, blockSize, spec);
      const session = new Session(target, directory, `${directory.path}/${name}`, table, bytes);
      this.#sessions.set(id, session);
      return { id, ...session.state() };
    } catch (error) {
      directory.close();
      throw error;
    }
  }

  /** A client that lost its session begins again: one that nobody uses now makes room for it. */
  // deno-lint-ignore require-await
  async #takeOver(name: string): Promise<void> {
    for (const [id, session] of this.#sessions) {
      if (session.name !== name) continue;
      if (session.busy > 0 || performance.now() - session.usedAt < 1000) {
        throw new Refusal(409, "LOCKED", "another upload writes this file");
      }
      session.close();
      this.#sessions.delete(id);
    }
  }

  /** The upload of an id. */
  get(id: string): Session {
    const session = this.#sessions.get(id);
    if (session === undefined) throw new Refusal(404, "NOT_FOUND", "there is no such upload");
    return session;
  }

  /** Says that a request uses an upload, until the answer is disposed of. */
  use(session: Session): Disposable {
    session.busy++;
    return {
      [Symbol.dispose](): void {
        session.busy--;
        session.usedAt = performance.now();
      },
    };
  }

  /** Ends an upload: the file has its new content. */
  async commit(id: string, body: Record<string, unknown>): Promise<Record<string, unknown>> {
    const session = this.get(id);
    await session.commit(body.digest);
    this.#sessions.delete(id);
    return {};
  }

  /** Gives an upload up; what came stays for the next one. */
  // deno-lint-ignore require-await
  async abort(id: string): Promise<void> {
    this.get(id).close();
    this.#sessions.delete(id);
  }

  #forgetIdle(): void {
    for (const [id, session] of this.#sessions) {
      if (session.busy > 0 || performance.now() - session.usedAt < this.#idleTimeoutMs) continue;
      session.close();
      this.#sessions.delete(id);
    }
  }

  /** Gives all uploads up. */
  close(): void {
    for (const session of this.#sessions.values()) session.close();
    this.#sessions.clear();
  }
}

function whole(value: unknown, name: string, min: number, max: number): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= min && value <= max) return value;
  throw badRequest(`"${name}" is not a whole number from ${min} to ${max}`);
}
