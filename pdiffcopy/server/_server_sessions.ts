/**
 * Uploads to a server: each is a session that writes one file, and that a client comes back to.
 */
import { newTable } from "../file/_block_file.ts";
import { hashOf } from "../file/_hash_registry.ts";
import { LocalTarget } from "../copy/_target.ts";
import type { ReplacePolicy } from "../copy/_target_plan.ts";
import type { ServerContext } from "./_server_context.ts";
import { badRequest, BLOCK_MAX, BLOCK_MIN, Refusal } from "./_server_request.ts";
import { UploadSession } from "./_upload_session.ts";

const SESSIONS_MAX = 64;
/** Milliseconds after which an upload may have to make room for another. */
const ABANDONED_MS = 1000;
const TABLE_SIZE_MAX = 256 << 20;
const POLICIES: readonly string[] = ["auto", "inplace", "atomic"];

/** All uploads of a server. */
export class ServerSessions {
  readonly #context: ServerContext;
  readonly #idleTimeoutMs: number;
  readonly #durable: boolean;
  readonly #sessions = new Map<string, UploadSession>();

  constructor(context: ServerContext, idleTimeoutMs: number, durable: boolean) {
    this.#context = context;
    this.#idleTimeoutMs = idleTimeoutMs;
    this.#durable = durable;
  }

  /** Begins an upload. */
  async create(body: Record<string, unknown>): Promise<Record<string, unknown>> {
    this.#forgetIdle();
    const {
      path,
      size,
      block,
      hash,
      seed,
      replace = "auto",
      source = "",
      mode,
      fresh = false,
      verifyWritten,
    } = body;
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
      this.#takeOver(`${directory.path}/${name}`);
      this.#makeRoom();
      const target = await LocalTarget.open(directory, name, {
        size: bytes,
        replace: replace as ReplacePolicy,
        source: typeof source === "string" ? source.slice(0, 1000) : "",
        durable: this.#durable,
        punch: true,
        threads: this.#context.threads,
        confined: true,
        mode: mode === undefined ? undefined : whole(mode, "mode", 0, 0o7777) & 0o777,
        fresh: fresh === true,
      });
      if (fresh === true) await closingOnFailure(target, () => target.begin());
      const id = crypto.getRandomValues(new Uint8Array(16)).toHex();
      const table = newTable(bytes, blockSize, spec);
      const facts = { name: `${directory.path}/${name}`, size: bytes, verifyWritten: verifyWritten === true };
      const session = new UploadSession(target, directory, table, facts, fresh === true);
      this.#sessions.set(id, session);
      return { id, ...session.state() };
    } catch (error) {
      directory.close();
      throw error;
    }
  }

  /** A client that lost its session begins again: one that nobody uses now makes room for it. */
  #takeOver(name: string): void {
    for (const [id, session] of this.#sessions) {
      if (session.name !== name) continue;
      if (session.busy > 0 || performance.now() - session.usedAt < 1000) {
        throw new Refusal(409, "LOCKED", "another upload writes this file");
      }
      session.close();
      this.#sessions.delete(id);
    }
  }

  /** Forgets the upload that nobody used for the longest time, where there are too many; its client can come back. */
  #makeRoom(): void {
    if (this.#sessions.size < SESSIONS_MAX) return;
    const now = performance.now();
    const idle = [...this.#sessions].filter(([, { busy, usedAt }]) =>
      busy === 0 && now - usedAt >= ABANDONED_MS
    );
    const [oldest] = idle.sort(([, a], [, b]) => a.usedAt - b.usedAt);
    if (oldest === undefined) {
      throw new Refusal(503, "SERVER", "there are too many uploads", { "retry-after": "10" });
    }
    oldest[1].close();
    this.#sessions.delete(oldest[0]);
  }

  /** The upload of an id. */
  get(id: string): UploadSession {
    this.#forgetIdle();
    const session = this.#sessions.get(id);
    if (session === undefined) throw new Refusal(410, "SESSION_LOST", "there is no such upload any more");
    return session;
  }

  /** Says that a request uses an upload, until the answer is disposed of. */
  use(session: UploadSession): Disposable {
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
  abort(id: string): void {
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

async function closingOnFailure(target: LocalTarget, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    target.close();
    throw error;
  }
}

function whole(value: unknown, name: string, min: number, max: number): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= min && value <= max) return value;
  throw badRequest(`"${name}" is not a whole number from ${min} to ${max}`);
}
