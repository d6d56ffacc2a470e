/**
 * Files behind a server that speaks protocol 2.
 */
import { SluiceError } from "@sluice/internal";
import { failure } from "../file/_errors.ts";
import { digestOfBlocks, isSameDigest } from "../file/_digest.ts";
import { digestsOf } from "../file/_block_file.ts";
import type { Table } from "../file/_block_file.ts";
import { FRAME, makeFrame, readFrame } from "../file/_frames.ts";
import { wholeFrames } from "../copy/_frame_reader.ts";
import type { FrameStreamResult } from "../copy/_frame_reader.ts";
import type { HttpPeer } from "./_http.ts";
import type { CopySource, CopyTarget, SideStatus } from "../copy/_sides.ts";
import { FrameDigests } from "../copy/_frame_digests.ts";
import { PLAIN } from "../copy/_frame_codec.ts";
import type { FrameCodec } from "../copy/_frame_codec.ts";

function numberOf(value: unknown, name: string): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw failure("PROTOCOL", `Cannot read the answer of the server: "${name}" is ${String(value)}`);
}

function textOf(value: unknown, name: string): string {
  if (typeof value === "string" && value.length <= 1000) return value;
  throw failure("PROTOCOL", `Cannot read the answer of the server: "${name}" is no text`);
}

/** The parameters that say how blocks are hashed. */
function hashQuery({ blockSize, hash }: Table): Record<string, string | number> {
  return { block: blockSize, hash: hash.name, ...(hash.seed === "" ? {} : { seed: hash.seed }) };
}

/** What a server says of a name. */
export async function statRemote(
  peer: HttpPeer,
  path: string,
): Promise<SideStatus & { readonly kind: string }> {
  const found = await peer.json("GET", "/v2/stat", { path });
  const mtime = textOf(found.mtimeNs, "mtimeNs");
  const kind = textOf(found.kind, "kind");
  return {
    size: numberOf(found.size, "size"),
    version: textOf(found.etag, "etag"),
    mtimeNs: /^-?\d{1,20}$/.test(mtime) ? BigInt(mtime) : undefined,
    mode: numberOf(found.mode, "mode") & 0o7777,
    isDevice: kind === "device",
    kind,
  };
}

/** As `statRemote`, for what has content. */
export async function statRemoteFile(peer: HttpPeer, path: string): Promise<SideStatus> {
  const status = await statRemote(peer, path);
  if (status.kind === "file" || status.isDevice) return status;
  throw failure("IO", `Cannot read ${peer.origin}${path}: it is neither a file nor a block device`);
}

const INDEX_SIZE_MAX = 512 << 20;

/** The index of chunks that a server makes of a file. */
export async function fetchIndex(
  peer: HttpPeer,
  path: string,
  query: Readonly<Record<string, string>>,
  chunkSize: number,
  version: string | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  const headers = version === undefined ? {} : { "if-match": version };
  const answer = await peer.request(
    "GET",
    path,
    { ...query, bits: Math.log2(chunkSize) },
    undefined,
    headers,
  );
  return await peer.body(answer, path, INDEX_SIZE_MAX);
}

/** A remote file as the source. */
export class RemoteSource implements CopySource {
  readonly label: string;
  readonly remote = true;
  readonly #peer: HttpPeer;
  readonly #path: string;
  readonly #codec: FrameCodec;
  #version = "";

  constructor(peer: HttpPeer, path: string, codec: FrameCodec) {
    this.label = `${peer.origin}${path}`;
    this.#peer = peer;
    this.#path = path;
    this.#codec = codec;
  }

  async stat(): Promise<SideStatus> {
    const status = await statRemoteFile(this.#peer, this.#path);
    this.#version = status.version;
    return status;
  }

  async digests(start: number, end: number, table: Table): Promise<void> {
    const query = { path: this.#path, from: start, to: end, ...hashQuery(table) };
    const expected = digestsOf(table, start, end);
    const answer = await this.#peer.request("POST", "/v2/signature", query, undefined, {
      "if-match": this.#version,
    });
    const bytes = await this.#peer.body(answer, "/v2/signature", expected.length + 16);
    takeSignature(bytes, start / table.blockSize, expected);
  }

  async *frames(
    start: number,
    end: number,
    knownEnd: number,
    table: Table,
  ): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
    const peer = this.#peer;
    const query = { path: this.#path, from: start, to: end, ...hashQuery(table), ...this.#codec.query };
    const known = knownEnd > start
      ? makeFrame(FRAME.SIG, start / table.blockSize, digestsOf(table, start, knownEnd))
      : new Uint8Array();
    const answer = await peer.request("POST", "/v2/delta", query, known, { "if-match": this.#version });
    const result: FrameStreamResult = { end: undefined };
    const payloadMax = table.blockSize + table.hash.digestSize + 8;
    try {
      const onBytes = (count: number): void => {
        peer.bytesIn += count;
        answer.alive();
      };
      for await (const chunk of wholeFrames(answer.response.body!, payloadMax, onBytes, result)) {
        yield await this.#codec.decode(chunk, table);
      }
    } catch (error) {
      throw peer.explain(error, "/v2/delta");
    } finally {
      answer.done();
    }
    if (!isSameDigest(result.end!.digest, digestOfBlocks(table, start, end))) {
      throw failure(
        "VERIFY_FAILED",
        `Cannot copy ${this.label}: the range at byte ${start} does not match its digest`,
        {
          offset: start,
        },
      );
    }
  }

  finish(): Promise<void> {
    return Promise.resolve(); // each stream of frames ended with a digest, and with a check that nothing changed
  }

  close(): void {}
}

/** Takes a body that is one SIG frame. */
function takeSignature(bytes: Uint8Array<ArrayBuffer>, first: number, target: Uint8Array): void {
  const frame = bytes.length >= 16 ? readFrame(bytes, 0) : undefined;
  const fits = frame?.type === FRAME.SIG && frame.position === first && frame.end === bytes.length &&
    frame.payload.length === target.length;
  if (!fits) {
    throw failure(
      "PROTOCOL",
      `Cannot read digests: ${bytes.length} bytes came, expected ${target.length + 16}`,
    );
  }
  target.set(frame!.payload);
}

/** What the other side is asked to do with a file. */
export interface RemoteTargetPlan {
  readonly size: number;
  readonly replace: string;
  readonly source: string;
  readonly table: Table;
  /** Permission bits of a new file. */
  readonly mode: number | undefined;
  /** Whether the new content is put together from pieces of the old. */
  readonly fresh?: boolean;
  /** Whether the server reads the file back from its disk at the end. */
  readonly verifyWritten?: boolean | undefined;
}

const LOCK_ATTEMPTS = 20;
const LOCK_DELAY_MS = 400;

/** A server keeps the upload of a client that went away for a moment. */
async function waitingForLock<T>(attempt: () => Promise<T>): Promise<T> {
  for (let count = 1;; count++) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof SluiceError) || error.code !== "LOCKED" || count === LOCK_ATTEMPTS) throw error;
      await new Promise((resolve) => setTimeout(resolve, LOCK_DELAY_MS));
    }
  }
}

/** A remote file as the target: a session on the server. */
export class RemoteTarget implements CopyTarget {
  readonly label: string;
  readonly remote = true;
  readonly isMixed = false;
  readonly resumed: boolean;
  readonly hasLength: boolean;
  readonly #peer: HttpPeer;
  readonly #id: string;
  readonly #size: number;
  readonly #known: number;
  readonly #codec: FrameCodec;

  private constructor(
    peer: HttpPeer,
    path: string,
    id: string,
    size: number,
    known: number,
    codec: FrameCodec,
    resumed: boolean,
    hasLength: boolean,
  ) {
    this.label = `${peer.origin}${path}`;
    this.#peer = peer;
    this.#id = id;
    this.#size = size;
    this.#known = known;
    this.#codec = codec;
    this.resumed = resumed;
    this.hasLength = hasLength;
  }

  /** Asks for a session. */
  static async open(
    peer: HttpPeer,
    path: string,
    plan: RemoteTargetPlan,
    codec: FrameCodec = PLAIN,
  ): Promise<RemoteTarget> {
    const { size, replace, source, table, mode, fresh = false, verifyWritten = false } = plan;
    const facts = {
      ...(mode === undefined ? {} : { mode }),
      ...(fresh ? { fresh } : {}),
      ...(verifyWritten ? { verifyWritten } : {}),
    };
    const wanted = { path, size, replace, source, ...hashQuery(table), ...facts };
    const session = await waitingForLock(() => peer.json("POST", "/v2/sessions", {}, wanted));
    const id = textOf(session.id, "id");
    if (!/^[0-9a-f]{32}$/.test(id)) throw failure("PROTOCOL", "Cannot use the session: its id is not valid");
    const known = numberOf(session.size, "size");
    const hasLength = session.hasLength === undefined ? known === size : session.hasLength === true;
    return new RemoteTarget(peer, path, id, size, known, codec, session.resumed === true, hasLength);
  }

  async digests(start: number, end: number, table: Table): Promise<number> {
    const whole = this.#known >= this.#size
      ? this.#size
      : Math.floor(this.#known / table.blockSize) * table.blockSize;
    const knownEnd = Math.max(start, Math.min(end, whole));
    if (knownEnd === start) return start;
    const path = `/v2/sessions/${this.#id}/signature`;
    const expected = digestsOf(table, start, knownEnd);
    const answer = await this.#peer.request("POST", path, { from: start, to: knownEnd });
    takeSignature(
      await this.#peer.body(answer, path, expected.length + 16),
      start / table.blockSize,
      expected,
    );
    return knownEnd;
  }

  async apply(
    next: number,
    end: number,
    table: Table,
    frames: Uint8Array<ArrayBuffer>,
  ): Promise<{ next: number; written: number }> {
    const taken = new FrameDigests(table).collect(frames, next, end);
    const body = await this.#codec.encode(frames, table);
    const path = `/v2/sessions/${this.#id}/frames`;
    const answer = await this.#peer.send("PUT", path, { from: next, to: end }, body);
    if (numberOf(answer.next, "next") !== taken.next) {
      throw failure(
        "PROTOCOL",
        `Cannot copy to ${this.label}: the server took ${String(answer.next)}, not ${taken.next}`,
      );
    }
    return taken;
  }

  /** Sends frames that put a range together from pieces of the old content and literal bytes. */
  async compose(start: number, end: number, frames: Uint8Array<ArrayBuffer>): Promise<void> {
    await this.#peer.send("PUT", `/v2/sessions/${this.#id}/pieces`, { from: start, to: end }, frames);
  }

  /** The index of chunks of what an earlier upload left. */
  async partIndex(chunkSize: number): Promise<Uint8Array<ArrayBuffer>> {
    return await fetchIndex(this.#peer, `/v2/sessions/${this.#id}/index`, {}, chunkSize, undefined);
  }

  async commit(table: Table): Promise<void> {
    const digest = digestOfBlocks(table, 0, this.#size).toHex();
    await this.#peer.json("POST", `/v2/sessions/${this.#id}/commit`, {}, { size: this.#size, digest });
  }

  async abort(reason: unknown): Promise<void> {
    const isGone = reason instanceof SluiceError &&
      ["NETWORK", "TIMEOUT", "SESSION_LOST"].includes(reason.code);
    if (!isGone) await this.#peer.json("DELETE", `/v2/sessions/${this.#id}`, {}).catch(() => {});
  }
}
