/**
 * What to put around blocks of a frame so that they are a frame of their own.
 */
import { lz4Xxh32 } from "../kernel/blocks.ts";
import { byteString, concatBytes, writeU32 } from "@sluice/internal";
import { FLG, LEGACY_MAGIC, STORED_BIT, WORD_SIZE } from "../frame/_format.ts";
import { descriptorOf, writeFrameHeader } from "../frame/_frame_parser.ts";
import type { IndexModel, IndexPoint } from "./_index_model.ts";
import { readWindow } from "./_index_windows.ts";
import type { Lz4Piece, Lz4SplitPiece } from "./splits.ts";

/** The pieces that hold a range of the content: runs of whole frames as they are, parts of a frame with their glue. */
export async function carvePieces(model: IndexModel, start: number, end: number): Promise<Lz4Piece[]> {
  const pieces = await wholePieces(model, start, end);
  return pieces.map((piece) => {
    const [from, to] = piece.decompressedRange;
    const range = [Math.max(start, from), Math.min(end, to)] as const;
    return { ...piece, decompressedRange: range, drop: piece.drop + range[0] - from };
  });
}

/** The same for a split: as plain values, with the size of all that each piece decodes to and the hashes of it. */
export async function carveSplit(model: IndexModel, start: number, end: number): Promise<Lz4SplitPiece[]> {
  const pieces = await wholePieces(model, start, end);
  return pieces.map((piece) => {
    const { compressedRange, decompressedRange: [from, to], kind, prefix, suffix, drop } = piece;
    const range = [Math.max(start, from), Math.min(end, to)] as const;
    return {
      compressedRange,
      decompressedRange: range,
      kind,
      prefix: btoa(byteString(prefix)),
      suffix: btoa(byteString(suffix)),
      drop: drop + range[0] - from,
      size: drop + to - from,
      ...model.hasHashes ? { segments: segmentsOf(model, from, to) } : {},
    };
  });
}

/** The sizes and hashes of the segments of a piece, which starts and ends at points. */
function segmentsOf({ points, outputSize }: IndexModel, from: number, to: number): [number, number][] {
  const segments: [number, number][] = [];
  for (const [i, { decompressedOffset, hash }] of points.entries()) {
    if (decompressedOffset < from || decompressedOffset >= to) continue;
    const next = points[i + 1]?.decompressedOffset ?? outputSize;
    if (next > decompressedOffset) segments.push([next - decompressedOffset, hash!]);
  }
  return segments;
}

/** As `carvePieces`, with all content that the bytes of a piece hold. */
async function wholePieces(model: IndexModel, start: number, end: number): Promise<Lz4Piece[]> {
  const pieces: Lz4Piece[] = [];
  const { points, frames } = model;
  let after = 0;
  /** Frames of the run that the last piece is, end exclusive. */
  let runEnd = -1;
  for (const [i, frame] of frames.entries()) {
    const first = after;
    while (after < points.length && points[after]!.frame === i) after++;
    const contentEnd = frames[i + 1]?.decompressedOffset ?? model.outputSize;
    if (frame.decompressedOffset >= end || contentEnd <= start) continue;
    if (frame.decompressedOffset >= start && contentEnd <= end) {
      const run = runEnd === i
        ? pieces.pop()!
        : { compressedRange: [frame.compressedOffset], decompressedRange: [frame.decompressedOffset] };
      const next = frames[i + 1]?.compressedOffset ?? model.inputSize;
      pieces.push({
        compressedRange: [run.compressedRange[0]!, next],
        decompressedRange: [run.decompressedRange[0]!, contentEnd],
        kind: "frames",
        ...NO_GLUE,
      });
      runEnd = i + 1;
    } else {
      pieces.push(await carvePart(model, first, after, start, end));
    }
  }
  return pieces;
}

const NO_GLUE = { prefix: new Uint8Array(), suffix: new Uint8Array(), drop: 0 };

/** The blocks of one frame, whose points go from `from` up to `after`, that hold its share of a range. */
async function carvePart(
  model: IndexModel,
  from: number,
  after: number,
  start: number,
  end: number,
): Promise<Lz4Piece> {
  const { points, frames } = model;
  let first = from;
  while (first + 1 < after && points[first + 1]!.decompressedOffset <= start) first++;
  let last = first + 1;
  while (last < after && points[last]!.decompressedOffset < end) last++;
  const point = points[first]!;
  const { info, blocksEnd } = frames[point.frame]!;
  const contentEnd = frames[point.frame + 1]?.decompressedOffset ?? model.outputSize;
  return {
    compressedRange: [point.compressedOffset, last < after ? points[last]!.compressedOffset : blocksEnd],
    decompressedRange: [
      point.decompressedOffset,
      last < after ? points[last]!.decompressedOffset : contentEnd,
    ],
    ...await glue(info.type === "legacy", model, point),
  };
}

async function glue(
  legacy: boolean,
  model: IndexModel,
  point: IndexPoint,
): Promise<Omit<Lz4Piece, "compressedRange" | "decompressedRange">> {
  if (legacy) {
    const prefix = new Uint8Array(WORD_SIZE);
    writeU32(prefix, 0, LEGACY_MAGIC);
    return { kind: "carve", prefix, suffix: new Uint8Array(), drop: 0 };
  }
  const { info } = model.frames[point.frame]!;
  const window = await readWindow(model, point);
  const { bd } = descriptorOf(info);
  const flg = 1 << FLG.VERSION_SHIFT | (info.linked ? 0 : FLG.INDEPENDENT) |
    (info.blockChecksums ? FLG.BLOCK_CHECKSUM : 0) |
    (info.dictId === undefined ? 0 : FLG.DICT_ID);
  const parts = [writeFrameHeader(flg, bd, info.dictId)];
  if (window.length > 0) parts.push(storedBlock(window, info.blockChecksums));
  return {
    kind: "carve",
    prefix: concatBytes(parts),
    suffix: new Uint8Array(WORD_SIZE),
    drop: window.length,
  };
}

/** The history as one stored block, which every decoder takes in as content. */
function storedBlock(window: Uint8Array, checksum: boolean): Uint8Array<ArrayBuffer> {
  const block = new Uint8Array(WORD_SIZE + window.length + (checksum ? WORD_SIZE : 0));
  writeU32(block, 0, (window.length | STORED_BIT) >>> 0);
  block.set(window, WORD_SIZE);
  if (checksum) writeU32(block, WORD_SIZE + window.length, lz4Xxh32(window, 0, window.length, 0, undefined));
  return block;
}
