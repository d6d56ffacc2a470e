/**
 * Answers of protocol 2 about content that has moved: the signed blocks of a file, and what is found of others in one.
 */
import { NO_BLOCK, WEAK_SIZE } from "../kernel/rolling.ts";
import type { SignedBlocks } from "../kernel/rolling.ts";
import type { BlockFile } from "../file/_block_file.ts";
import { FRAME, FRAME_HEADER_SIZE, makeEnd, makeFrame, readFrame } from "../file/_frames.ts";
import { hashOf } from "../file/_hash_registry.ts";
import type { HashSpec } from "../file/_hash_registry.ts";
import { searchPieces } from "../copy/_block_search.ts";
import { SIGNATURE_SIZE_MAX, signFile } from "../copy/_signature.ts";
import { frameResponse, openVersion } from "./_frame_answers.ts";
import { frameStream } from "./_frame_stream.ts";
import type { ServerContext } from "./_server_context.ts";
import { badRequest, BLOCK_MAX, BLOCK_MIN, numberParameter, readBody, required } from "./_server_request.ts";

function blocksQuery(query: ReadonlyMap<string, string>): { blockSize: number; hash: HashSpec } {
  const blockSize = numberParameter(query, "block", BLOCK_MIN, BLOCK_MAX);
  return { blockSize, hash: hashOf(required(query, "hash"), query.get("seed") ?? "") };
}

/** The signed blocks of a file. */
export async function signedBlocks(
  context: ServerContext,
  request: Request,
  query: ReadonlyMap<string, string>,
): Promise<Response> {
  using file = await openVersion(context, request, query);
  const { signal } = request;
  const size = Math.min(
    file.status().size,
    numberParameter(query, "limit", 0, Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
  );
  using _ = await context.hashTurns.enter(signal);
  const signed = await signFile(file, size, true, {
    ...blocksQuery(query),
    threads: context.threads,
    signal,
  });
  return frameResponse(makeFrame(FRAME.BLOCKS, signed.tailSize, signed.entries));
}

/** Takes the blocks that a client has. */
function takeBlocks(body: Uint8Array<ArrayBuffer>, query: ReadonlyMap<string, string>): SignedBlocks {
  const { blockSize, hash } = blocksQuery(query);
  const frame = body.length >= FRAME_HEADER_SIZE ? readFrame(body, 0) : undefined;
  const entrySize = WEAK_SIZE + hash.digestSize;
  if (frame?.type !== FRAME.BLOCKS || frame.end !== body.length || frame.payload.length % entrySize !== 0) {
    throw badRequest("the body is no list of signed blocks");
  }
  const count = frame.payload.length / entrySize;
  const tailSize = numberParameter(query, "tail", 0, blockSize - 1, 0);
  return {
    blockSize,
    hash,
    entries: frame.payload,
    ownFirst: numberParameter(query, "own", 0, NO_BLOCK, NO_BLOCK),
    tailBlock: tailSize === 0 ? 0 : numberParameter(query, "last", 0, count - 1),
    tailSize,
  };
}

/** Frames that put a file together from the blocks that a client has, and literal bytes. */
export async function foundBlocks(
  context: ServerContext,
  request: Request,
  query: ReadonlyMap<string, string>,
): Promise<Response> {
  const file = await openVersion(context, request, query);
  try {
    const limits = { ...context.bodyLimits, sizeMax: SIGNATURE_SIZE_MAX + FRAME_HEADER_SIZE };
    const blocks = takeBlocks(await readBody(request, limits), query);
    return frameResponse(pieceStream(context, file, blocks));
  } catch (error) {
    file.close();
    throw error;
  }
}

/** Pieces as they are found. */
function pieceStream(
  context: ServerContext,
  file: BlockFile,
  blocks: SignedBlocks,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const { size, version } = file.status();
  const pieces = searchPieces(file, size, blocks, undefined);
  return frameStream(file, version, {
    async next(): Promise<Uint8Array<ArrayBuffer> | undefined> {
      using _ = await context.hashTurns.enter();
      const { value, done } = await pieces.next();
      return done === true ? undefined : value.slice();
    },
    end: (bytes) => makeEnd(size, { bytes, digest: new Uint8Array() }),
    close: async () => void await pieces.return(),
  });
}
