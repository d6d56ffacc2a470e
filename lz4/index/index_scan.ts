/**
 * An index by headers alone.
 *
 * @module
 */
import { checkInteger, checkKeys, openByteSource, readU32, UnsupportedFeatureError } from "@sluice/internal";
import type { ByteSource, ByteSourceLike } from "@sluice/internal";
import { blockSizeOf } from "../block/_block_codec.ts";
import { STORED_BIT, WORD_SIZE } from "../frame/_format.ts";
import { walkFrames } from "../frame/_frame_walk.ts";
import { fingerprintOf } from "./_index_fingerprint.ts";
import type { IndexModel, IndexPoint } from "./_index_model.ts";
import type { Lz4FrameHeader } from "../frame/frame_header.ts";
import { Lz4Index } from "./index_file.ts";

/** How far the points of a scanned index are apart. */
export interface Lz4IndexScanOptions {
  /** Content bytes between two points, at least. @default {4194304} */
  readonly spacing?: number | undefined;
}

const SPACING_DEFAULT = 4 << 20;

const SCAN_OPTIONS: ReadonlySet<string> = new Set(["spacing"]);

/**
 * Makes an index without decoding: it hops from block word to block word and takes all blocks of a frame but the last
 * to be full, as encoders make them. The first and the last block are measured, or the content size that the frame
 * declares is compared; a read that meets a block of another size fails with code "INDEX_ASSUMPTION". Such an index has
 * no hashes and no line counts.
 *
 * @throws {UnsupportedFeatureError} With code "INDEX_NEEDS_CONTENT" if a frame is linked or its blocks are not full: then
 *   `buildLz4Index` finds out what is needed.
 * @throws {TruncatedDataError} If the file ends inside a frame.
 * @throws {CorruptDataError} If something between frames is none, or a block is too large or corrupt.
 *
 * @example The points of a file that is not decoded
 * ```ts
 * import { compressLz4, scanLz4Index } from "@sluice/lz4";
 * import { assertEquals } from "@std/assert";
 *
 * const file = compressLz4(new Uint8Array(300_000), { blockSize: 65536 });
 * const index = await scanLz4Index(file, { spacing: 65536 });
 * assertEquals(index.points.map((point) => point.decompressedOffset), [0, 65536, 131072, 196608, 262144]);
 * ```
 */
export async function scanLz4Index(
  data: ByteSourceLike,
  options: Lz4IndexScanOptions = {},
): Promise<Lz4Index> {
  checkKeys(options, SCAN_OPTIONS);
  const source = await openByteSource(data);
  const spacing = checkInteger("spacing", options.spacing ?? SPACING_DEFAULT, 1, Number.MAX_SAFE_INTEGER);
  const model: IndexModel = {
    inputSize: source.size,
    outputSize: 0,
    spacing,
    hasLines: false,
    hasHashes: false,
    fingerprint: await fingerprintOf(source, source.size),
    frames: [],
    points: [],
  };
  let first = 0;
  let last = 0;
  const onFrame = (info: Lz4FrameHeader, offset: number) => {
    if (info.type === "skippable") return undefined;
    if (info.linked) throw needsContent(offset, "its blocks are linked");
    const frame = model.frames.push({
      info,
      compressedOffset: offset,
      decompressedOffset: model.outputSize,
      blocksEnd: Infinity,
    }) - 1;
    let out = model.outputSize;
    let lastPoint = -Infinity;
    first = 0;
    return (pos: number): void => {
      if (first === 0) first = pos;
      if (out - lastPoint >= spacing) {
        model.points.push(pointAt(pos, out, frame));
        lastPoint = out;
      }
      last = pos;
      out += info.blockMax;
    };
  };
  for await (const walked of walkFrames(source, "index lz4 data", onFrame)) {
    const { info, offset, blockCount, blocksEnd } = walked;
    if (info.type === "skippable") continue;
    model.frames.at(-1)!.blocksEnd = blocksEnd;
    if (blockCount === 0) model.points.push(pointAt(blocksEnd, model.outputSize, model.frames.length - 1));
    model.outputSize += await contentSizeOf(source, info, offset, { first, last, blockCount });
  }
  return new Lz4Index(model);
}

function pointAt(pos: number, out: number, frame: number): IndexPoint {
  return {
    compressedOffset: pos,
    decompressedOffset: out,
    frame,
    window: undefined,
    hash: undefined,
    lines: 0,
  };
}

function needsContent(offset: number, state: string): UnsupportedFeatureError {
  return new UnsupportedFeatureError(
    `Cannot index the lz4 frame at byte ${offset} by its headers: ${state}`,
    { format: "lz4", code: "INDEX_NEEDS_CONTENT", offset },
  );
}

/** The content of a frame whose blocks are all full but the last. */
async function contentSizeOf(
  source: ByteSource,
  info: Lz4FrameHeader,
  offset: number,
  blocks: { first: number; last: number; blockCount: number },
): Promise<number> {
  const { first, last, blockCount } = blocks;
  const full = (blockCount - 1) * info.blockMax;
  if (blockCount === 0) return 0;
  if (info.type === "frame" && info.contentSize !== undefined) {
    const { contentSize } = info;
    if (contentSize > full && contentSize <= full + info.blockMax) return contentSize;
    throw needsContent(
      offset,
      `${blockCount} blocks do not hold its ${contentSize} bytes when they are full`,
    );
  }
  if (blockCount > 1 && await measureBlock(source, info, first) !== info.blockMax) {
    throw needsContent(offset, "its first block is not full");
  }
  return full + await measureBlock(source, info, last);
}

/** The content of one block, by its tokens. */
async function measureBlock(source: ByteSource, info: Lz4FrameHeader, pos: number): Promise<number> {
  const word = readU32(await source.read(pos, WORD_SIZE), 0);
  const stored = info.type === "frame" && word >= STORED_BIT;
  if (stored) return word % STORED_BIT;
  return blockSizeOf(await source.read(pos + WORD_SIZE, word), undefined);
}
