/**
 * Uploads to a server of protocol 2: a session that writes one file.
 */
import { SluiceError, toHex } from "@sluice/internal";
import { digestsOf } from "../file/_block_file.ts";
import type { Table } from "../file/_block_file.ts";
import { digestOfBlocks } from "../file/_digest.ts";
import { failure } from "../file/_errors.ts";
import { frameSize } from "../file/_frames.ts";
import { FrameDigests } from "../copy/_frame_digests.ts";
import { PLAIN } from "../copy/_frame_codec.ts";
import type { FrameCodec } from "../copy/_frame_codec.ts";
import type { CopyTarget, Taken } from "../copy/_sides.ts";
import { SIGNATURE_SIZE_MAX } from "../copy/_signature.ts";
import type { HttpPeer } from "./_http.ts";
import { takeSignedBlocks } from "./_remote_blocks.ts";
import { hashQuery, numberOf, takeSignature, textOf } from "./_remote_v2.ts";

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

const REQUEST_MIN = 64 << 10;
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
  /** Up to where the file on the server has content: what was there, or came since. */
  #known: number;
  /** Bytes that a request takes at most, or one frame: fewer after a line that breaks. */
  #requestMax = Infinity;
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

  // deno-lint-ignore require-await
  async apply(next: number, end: number, table: Table, frames: Uint8Array<ArrayBuffer>): Promise<Taken> {
    const taken = new FrameDigests(table).collect(frames, next, end);
    return { ...taken, done: this.#send(next, end, taken.next, table, frames) };
  }

  async #send(
    start: number,
    end: number,
    reached: number,
    table: Table,
    frames: Uint8Array<ArrayBuffer>,
  ): Promise<void> {
    const path = `/v2/sessions/${this.#id}/frames`;
    let from = start;
    for (let at = 0; at < frames.length;) {
      const stop = this.#requestEnd(frames, at);
      const body = await this.#codec.encode(frames.subarray(at, stop), table);
      try {
        from = numberOf((await this.#peer.send("PUT", path, { from, to: end }, body)).next, "next");
      } catch (error) {
        this.#requestMax = Math.max(REQUEST_MIN, (stop - at) / 4);
        throw error;
      }
      this.#known = Math.max(this.#known, from);
      at = stop;
    }
    if (from === reached) return;
    throw failure("PROTOCOL", `Cannot copy to ${this.label}: the server took ${from}, not ${reached}`);
  }

  /** Where a request that starts at a frame ends. */
  #requestEnd(frames: Uint8Array<ArrayBuffer>, start: number): number {
    if (frames.length - start <= this.#requestMax) return frames.length;
    let end = start;
    while (end < frames.length) {
      const next = end + frameSize(frames, end, frames.length, Infinity);
      if (next - start > this.#requestMax && end > start) break;
      end = next;
    }
    return end;
  }

  /** Sends the next piece of content that is put together; `own` is the first block of what an earlier upload left. */
  async compose(start: number, own: number | undefined, frames: Uint8Array<ArrayBuffer>): Promise<number> {
    const path = `/v2/sessions/${this.#id}/pieces`;
    const query = { from: start, ...(own === undefined ? {} : { own }) };
    return numberOf((await this.#peer.send("PUT", path, query, frames)).next, "next");
  }

  /** The signed blocks of what an earlier upload left. */
  async ownBlocks(): Promise<Uint8Array<ArrayBuffer>> {
    const path = `/v2/sessions/${this.#id}/blocks`;
    const answer = await this.#peer.request("GET", path, {});
    return takeSignedBlocks(await this.#peer.body(answer, path, SIGNATURE_SIZE_MAX)).entries;
  }

  async commit(table: Table): Promise<void> {
    const digest = toHex(digestOfBlocks(table, 0, this.#size));
    await this.#peer.json("POST", `/v2/sessions/${this.#id}/commit`, {}, { size: this.#size, digest });
  }

  async abort(reason: unknown): Promise<void> {
    const isGone = reason instanceof SluiceError &&
      ["NETWORK", "TIMEOUT", "SESSION_LOST"].includes(reason.code);
    if (!isGone) await this.#peer.json("DELETE", `/v2/sessions/${this.#id}`, {}).catch(() => {});
  }
}
