/**
 * Answers of protocol 2 that are made of frames: digests of a file, and what turns another file into it.
 */
import { digestsOf, newTable } from "../file/_block_file.ts";
import type { BlockFile, Table } from "../file/_block_file.ts";
import { digestOfBlocks } from "../file/_digest.ts";
import { FRAME, FRAME_HEADER_SIZE, makeEnd, makeFrame, readFrame } from "../file/_frames.ts";
import { hashOf } from "../file/_hash_registry.ts";
import { PLAIN, ZstdFrames } from "../copy/_frame_codec.ts";
import type { FrameCodec } from "../copy/_frame_codec.ts";
import { frameBufferSize } from "../copy/_local_source.ts";
import { frameStream } from "./_frame_stream.ts";
import type { ServerContext } from "./_server_context.ts";
import {
  badRequest,
  BLOCK_MAX,
  BLOCK_MIN,
  numberParameter,
  readBody,
  Refusal,
  required,
} from "./_server_request.ts";

/** Digests of one request: 64 MiB, which is 4 million blocks. */
const SIGNATURE_SIZE_MAX = 64 << 20;
/** Bytes that are hashed before it is seen whether the client is still there. */
const STRIDE = 64 << 20;

function strideOf({ blockSize }: Table): number {
  return Math.max(1, Math.floor(STRIDE / blockSize)) * blockSize;
}

/** The range and the blocks that a request speaks of. */
interface RangeQuery {
  readonly start: number;
  readonly end: number;
  readonly table: Table;
}

/** Opens the file that a request names, which must be the version that it names. */
export async function openVersion(
  context: ServerContext,
  request: Request,
  query: ReadonlyMap<string, string>,
): Promise<BlockFile> {
  const file = await context.root.read(required(query, "path"));
  const wanted = request.headers.get("if-match");
  if (wanted === null || wanted === `"${file.status().version}"`) return file;
  file.close();
  throw new Refusal(412, "SOURCE_CHANGED", "the file is not that version any more");
}

function rangeOf(query: ReadonlyMap<string, string>, size: number): RangeQuery {
  const blockSize = numberParameter(query, "block", BLOCK_MIN, BLOCK_MAX);
  const hash = hashOf(required(query, "hash"), query.get("seed") ?? "");
  const start = numberParameter(query, "from", 0, size, 0);
  const end = numberParameter(query, "to", start, size, size);
  if (start % blockSize !== 0) throw badRequest("the range does not start with a block");
  if ((end - start) / blockSize * hash.digestSize > SIGNATURE_SIZE_MAX) {
    throw badRequest("the range has too many blocks");
  }
  return { start, end, table: newTable(end - start, blockSize, hash, start) };
}

export async function signature(
  context: ServerContext,
  request: Request,
  query: ReadonlyMap<string, string>,
): Promise<Response> {
  using file = await openVersion(context, request, query);
  const { start, end, table } = rangeOf(query, file.status().size);
  using _ = await context.hashTurns.enter(request.signal);
  const stride = strideOf(table);
  for (let at = start; at < end; at += stride) {
    request.signal.throwIfAborted();
    await file.hash(at, Math.min(end, at + stride), table, context.threads);
  }
  return frameResponse(signatureFrame(table, start, end));
}

/** Digests of a range as one frame. */
export function signatureFrame(table: Table, start: number, end: number): Uint8Array<ArrayBuffer> {
  return makeFrame(FRAME.SIG, start / table.blockSize, digestsOf(table, start, end));
}

/** An answer of frames, which no layer may change. */
export function frameResponse(body: Uint8Array<ArrayBuffer> | ReadableStream): Response {
  return new Response(body, {
    headers: {
      "content-type": "application/octet-stream",
      "cache-control": "no-transform",
      ...(body instanceof Uint8Array ? { "content-length": `${body.length}` } : {}),
    },
  });
}

/** Takes digests of the client's file; returns up to where they go. */
function takeDigests(body: Uint8Array<ArrayBuffer>, { start, end, table }: RangeQuery): number {
  if (body.length === 0) return start;
  const { blockSize, hash } = table;
  const frame = body.length >= FRAME_HEADER_SIZE ? readFrame(body, 0) : undefined;
  const known = frame === undefined
    ? 0
    : Math.min(end, start + frame.payload.length / hash.digestSize * blockSize);
  const fits = frame?.type === FRAME.SIG && frame.end === body.length &&
    frame.position === start / blockSize &&
    frame.payload.length % hash.digestSize === 0 &&
    frame.payload.length <= digestsOf(table, start, end).length;
  if (!fits) throw badRequest("the digests do not fit the range");
  digestsOf(table, start, known).set(frame!.payload);
  return known;
}

function codecOf(query: ReadonlyMap<string, string>): FrameCodec {
  const name = query.get("codec") ?? "none";
  if (name === "none") return PLAIN;
  if (name === "zstd") return new ZstdFrames(numberParameter(query, "level", 1, 19, 1));
  throw badRequest(`the codec "${name}" is not known`);
}

/** Frames that turn the file of a client, whose digests it sends, into the one it asks for. */
export async function delta(
  context: ServerContext,
  request: Request,
  query: ReadonlyMap<string, string>,
): Promise<Response> {
  const file = await openVersion(context, request, query);
  try {
    const { size, version } = file.status();
    const range = rangeOf(query, size);
    const codec = codecOf(query);
    const limits = { ...context.bodyLimits, sizeMax: SIGNATURE_SIZE_MAX + FRAME_HEADER_SIZE };
    const knownEnd = takeDigests(await readBody(request, limits), range);
    return frameResponse(deltaStream(context, file, version, range, knownEnd, codec));
  } catch (error) {
    file.close();
    throw error;
  }
}

/** Frames as they are read. */
function deltaStream(
  context: ServerContext,
  file: BlockFile,
  version: string,
  { start, end, table }: RangeQuery,
  knownEnd: number,
  codec: FrameCodec,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let at = start;
  return frameStream(file, version, {
    async next(): Promise<Uint8Array<ArrayBuffer> | undefined> {
      if (at >= end) return undefined;
      const buffer = new Uint8Array(frameBufferSize(table.blockSize));
      using _ = await context.hashTurns.enter();
      const stop = Math.min(end, at + strideOf(table));
      const { next, produced } = await file.compare(at, stop, knownEnd, table, buffer);
      at = next;
      return await codec.encode(buffer.subarray(0, produced), table);
    },
    end: (bytes) => makeEnd(end, { bytes, digest: digestOfBlocks(table, start, end) }),
    close: () => {},
  });
}
