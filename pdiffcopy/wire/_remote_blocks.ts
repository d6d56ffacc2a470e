/**
 * Content that has moved, of files on a server: their signed blocks, and what is found of others in them.
 */
import { NO_BLOCK } from "../kernel/rolling.ts";
import { failure } from "../file/_errors.ts";
import { FRAME, FRAME_HEADER_SIZE, makeFrame, readFrame } from "../file/_frames.ts";
import { wholeFrames } from "../copy/_frame_reader.ts";
import type { FrameStreamResult } from "../copy/_frame_reader.ts";
import { SIGNATURE_SIZE_MAX } from "../copy/_signature.ts";
import type { Signature, SignedFile } from "../copy/_signature.ts";
import type { HashSpec } from "../file/_hash_registry.ts";
import type { HttpPeer } from "./_http.ts";

/** More than a frame of a search ever has. */
const PAYLOAD_MAX = 1 << 20;

/** Takes a body that is one frame of signed blocks. */
export function takeSignedBlocks(bytes: Uint8Array<ArrayBuffer>): SignedFile {
  const frame = bytes.length >= FRAME_HEADER_SIZE ? readFrame(bytes, 0) : undefined;
  if (frame?.type !== FRAME.BLOCKS || frame.end !== bytes.length) {
    throw failure("PROTOCOL", "Cannot read signed blocks: the answer of the server has others");
  }
  return { entries: frame.payload as Uint8Array<ArrayBuffer>, tailSize: frame.position };
}

function blocksQuery(blockSize: number, { name, seed }: HashSpec): Record<string, string | number> {
  return { block: blockSize, hash: name, ...(seed === "" ? {} : { seed }) };
}

/** The signed blocks of a version of a file, of its first `limit` bytes where that is given. */
export async function fetchBlocks(
  peer: HttpPeer,
  path: string,
  version: string,
  { blockSize, hash }: Pick<Signature, "blockSize" | "hash">,
  limit: number | undefined,
): Promise<SignedFile> {
  const query = { path, ...blocksQuery(blockSize, hash), ...(limit === undefined ? {} : { limit }) };
  const answer = await peer.request("POST", "/v2/blocks", query, undefined, { "if-match": version });
  return takeSignedBlocks(await peer.body(answer, "/v2/blocks", SIGNATURE_SIZE_MAX + FRAME_HEADER_SIZE));
}

/** Whole frames that put a version of a file together from blocks of the signature. */
export async function* remotePieces(
  peer: HttpPeer,
  path: string,
  version: string,
  signature: Signature,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  const { blockSize, hash, entries, ownFirst, tailBlock, tailSize } = signature.blocks;
  const query = {
    path,
    ...blocksQuery(blockSize, hash),
    ...(ownFirst === NO_BLOCK ? {} : { own: ownFirst }),
    ...(tailSize === 0 ? {} : { tail: tailSize, last: tailBlock }),
  };
  const body = makeFrame(FRAME.BLOCKS, 0, entries);
  const answer = await peer.request("POST", "/v2/search", query, body, { "if-match": version });
  const result: FrameStreamResult = { end: undefined };
  const onBytes = (count: number): void => {
    peer.bytesIn += count;
    answer.alive();
  };
  try {
    yield* wholeFrames(answer.response.body!, PAYLOAD_MAX, onBytes, result);
  } catch (error) {
    throw peer.explain(error, "/v2/search");
  } finally {
    answer.done();
  }
}
