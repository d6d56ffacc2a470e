/**
 * Files on a server that speaks protocol 2.
 */
import { directoryFailure, failure } from "../file/_errors.ts";
import { digestOfBlocks, isSameDigest } from "../file/_digest.ts";
import { digestsOf } from "../file/_block_file.ts";
import type { Table } from "../file/_block_file.ts";
import { FRAME, makeFrame, readFrame } from "../file/_frames.ts";
import { parseFileTime } from "../copy/_file_time.ts";
import { wholeFrames } from "../copy/_frame_reader.ts";
import type { FrameStreamResult } from "../copy/_frame_reader.ts";
import type { HttpPeer } from "./_http.ts";
import type { CopySource, SideStatus } from "../copy/_sides.ts";
import type { FrameCodec } from "../copy/_frame_codec.ts";

export function numberOf(value: unknown, name: string): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw failure("PROTOCOL", `Cannot read the answer of the server: "${name}" is ${String(value)}`);
}

export function textOf(value: unknown, name: string): string {
  if (typeof value === "string" && value.length <= 1000) return value;
  throw failure("PROTOCOL", `Cannot read the answer of the server: "${name}" is no text`);
}

/** The parameters that say how blocks are hashed. */
export function hashQuery({ blockSize, hash }: Table): Record<string, string | number> {
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
    mtimeNs: parseFileTime(mtime),
    mode: numberOf(found.mode, "mode") & 0o7777,
    isDevice: kind === "device",
    kind,
  };
}

/** As `statRemote`, for what has content. */
export async function statRemoteFile(peer: HttpPeer, path: string): Promise<SideStatus> {
  const status = await statRemote(peer, path);
  if (status.kind === "file" || status.isDevice) return status;
  if (status.kind === "dir") throw directoryFailure(`${peer.origin}${path}`);
  throw failure("IO", `Cannot read ${peer.origin}${path}: it is neither a file nor a block device`);
}

/** A remote file as the source. */
export class RemoteSource implements CopySource {
  readonly label: string;
  readonly remote = true;
  readonly lookahead = 0;
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
export function takeSignature(bytes: Uint8Array<ArrayBuffer>, first: number, target: Uint8Array): void {
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
