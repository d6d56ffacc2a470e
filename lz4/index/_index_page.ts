/**
 * Points of an index and the frames that they are in, column by column: a page of a large index, or the body of an old one.
 */
import { CorruptDataError } from "@sluice/internal";
import { ByteWriter } from "../frame/_varint.ts";
import type { ByteReader } from "../frame/_varint.ts";
import { descriptorOf, infoOf, LEGACY_INFO } from "../frame/_frame_parser.ts";
import { FLG, HISTORY_MAX } from "../frame/_format.ts";
import { lz4Xxh32 } from "../kernel/blocks.ts";
import type { IndexFrame, IndexModel, IndexPoint } from "./_index_model.ts";

const FRAME_KIND = { FRAME: 0, LEGACY: 1 } as const;
/** How much larger than its history a packed window may be. */
const WINDOW_HEADER_SIZE_MAX = 16;

/** Which columns there are. */
export interface PageColumns {
  readonly hashes: boolean;
  readonly lines: boolean;
  readonly windows: boolean;
}

/** What must hold for all that a page says. */
export interface PageLimits {
  readonly inputSize: number;
  readonly outputSize: number;
  readonly pointCount: number;
  /** How many frames there are; undefined where the page says it. */
  readonly frameCount: number | undefined;
  /** Where its windows are in the index's file. */
  readonly windowsOffset: number;
}

/** Points and their frames; `frame` of a point counts those of the page. */
export interface IndexPage {
  readonly frames: IndexFrame[];
  readonly points: IndexPoint[];
  /** Where its last window ends. */
  readonly windowsEnd: number;
}

/** The error of an index that is not valid. */
export function invalid(field: string, state: string): CorruptDataError {
  return new CorruptDataError(`Cannot read an lz4 index: ${field} ${state}`, {
    format: "lz4",
    code: "INDEX_INVALID",
  });
}

/** Points from `from` up to `to` as a page, with how many frames it has. */
export function encodePage(
  { points, frames }: IndexModel,
  windows: readonly Uint8Array[],
  [from, to]: readonly [number, number],
  columns: PageColumns,
): Uint8Array<ArrayBuffer> {
  const own = points.slice(from, to);
  const first = own[0]!.frame;
  const ownFrames = frames.slice(first, own.at(-1)!.frame + 1);
  const body = new ByteWriter();
  body.number(ownFrames.length);
  writeFrames(body, ownFrames);
  writeDeltas(body, own.map((point) => point.compressedOffset));
  writeRuns(body, deltas(own.map((point) => point.decompressedOffset)));
  writeRuns(body, deltas(own.map((point) => point.frame - first)));
  if (columns.hashes) { for (const point of own) body.u32(point.hash ?? 0); }
  if (columns.lines) writeDeltas(body, own.map((point) => point.lines));
  if (columns.windows) {
    const ownWindows = windows.slice(from, to);
    for (const window of ownWindows) body.number(window.length);
    for (const window of ownWindows) {
      if (window.length > 0) body.u32(lz4Xxh32(window, 0, window.length, 0, undefined));
    }
  }
  return body.take();
}

function writeFrames(body: ByteWriter, frames: readonly IndexFrame[]): void {
  let [lastIn, lastOut] = [0, 0];
  for (const { info, compressedOffset: start, decompressedOffset: out, blocksEnd } of frames) {
    const { flg, bd } = descriptorOf(info);
    body.byte(info.type === "legacy" ? FRAME_KIND.LEGACY : FRAME_KIND.FRAME);
    body.byte(flg);
    body.byte(bd);
    body.number(start - lastIn);
    body.number(out - lastOut);
    body.number(blocksEnd - start);
    if (info.contentSize !== undefined) body.number(info.contentSize);
    if (info.dictId !== undefined) body.u32(info.dictId);
    [lastIn, lastOut] = [start, out];
  }
}

function deltas(values: readonly number[]): number[] {
  return values.map((value, i) => value - (i === 0 ? 0 : values[i - 1]!));
}

function writeDeltas(body: ByteWriter, values: readonly number[]): void {
  for (const delta of deltas(values)) body.number(delta);
}

function writeRuns(body: ByteWriter, values: readonly number[]): void {
  for (let i = 0; i < values.length;) {
    let count = 1;
    while (i + count < values.length && values[i + count] === values[i]) count++;
    body.number(values[i]!);
    body.number(count);
    i += count;
  }
}

/** Reads a page to its end. */
export function decodePage(reader: ByteReader, limits: PageLimits, columns: PageColumns): IndexPage {
  const { inputSize, outputSize, pointCount } = limits;
  const frameCount = limits.frameCount ?? reader.number();
  if (frameCount > reader.left) throw invalid("count", "is larger than the index");
  const frames = readFrames(reader, frameCount, inputSize, outputSize);
  const points = readPoints(reader, pointCount, frames, outputSize);
  if (columns.hashes) { for (const point of points) point.hash = reader.u32(); }
  if (columns.lines) {
    let lines = 0;
    for (const point of points) point.lines = lines += reader.number();
    if (lines > outputSize) throw invalid("lines", "are more than bytes");
  }
  const windowsEnd = columns.windows
    ? readWindowPlaces(reader, points, limits.windowsOffset)
    : limits.windowsOffset;
  if (reader.left > 0) throw invalid("length", `has ${reader.left} bytes too many`);
  return { frames, points, windowsEnd };
}

/** Returns where the last window ends. */
function readWindowPlaces(reader: ByteReader, points: readonly IndexPoint[], start: number): number {
  let offset = start;
  const sizes = points.map(() => reader.number());
  for (const [i, size] of sizes.entries()) {
    if (size > HISTORY_MAX + WINDOW_HEADER_SIZE_MAX) throw invalid("window", `has ${size} bytes`);
    if (size > 0) points[i]!.window = { offset, size, hash: reader.u32() };
    offset += size;
  }
  return offset;
}

function readFrames(reader: ByteReader, count: number, inputSize: number, outputSize: number): IndexFrame[] {
  const frames: IndexFrame[] = [];
  let [start, out, lastEnd] = [0, 0, 0];
  for (let i = 0; i < count; i++) {
    const kind = reader.byte();
    const flg = reader.byte();
    const bd = reader.byte();
    start += reader.number();
    out += reader.number();
    const blocksEnd = start + reader.number();
    if (kind > FRAME_KIND.LEGACY) throw invalid("frame", `has the unknown kind ${kind}`);
    const framed = kind === FRAME_KIND.FRAME;
    if (
      framed &&
      (flg >>> FLG.VERSION_SHIFT !== 1 || (flg & FLG.RESERVED) !== 0 || (bd & 0x8f) !== 0 || bd < 0x40)
    ) {
      throw invalid("frame", "has a wrong descriptor");
    }
    const contentSize = framed && (flg & FLG.CONTENT_SIZE) !== 0 ? reader.number() : undefined;
    const dictId = framed && (flg & FLG.DICT_ID) !== 0 ? reader.u32() : undefined;
    if (start < lastEnd || blocksEnd > inputSize || out > outputSize) {
      throw invalid("frame", "is outside the file");
    }
    frames.push({
      info: framed ? infoOf(flg, bd, contentSize, dictId) : LEGACY_INFO,
      compressedOffset: start,
      decompressedOffset: out,
      blocksEnd,
    });
    lastEnd = blocksEnd;
  }
  return frames;
}

function readPoints(
  reader: ByteReader,
  count: number,
  frames: readonly IndexFrame[],
  outputSize: number,
): IndexPoint[] {
  const ins = Array.from({ length: count }, () => reader.number());
  const outs = readRuns(reader, count);
  const frameIndexes = readRuns(reader, count);
  const points: IndexPoint[] = [];
  let [start, out, frame] = [0, 0, 0];
  for (let i = 0; i < count; i++) {
    start += ins[i]!;
    out += outs[i]!;
    frame += frameIndexes[i]!;
    const of = frames[frame];
    if (
      of === undefined || start < of.compressedOffset || start > of.blocksEnd ||
      out < of.decompressedOffset || out > outputSize
    ) {
      throw invalid("point", `${i} is outside its frame`);
    }
    points.push({
      compressedOffset: start,
      decompressedOffset: out,
      frame,
      window: undefined,
      hash: undefined,
      lines: 0,
    });
  }
  return points;
}

function readRuns(reader: ByteReader, count: number): number[] {
  const values: number[] = [];
  while (values.length < count) {
    const value = reader.number();
    const run = reader.number();
    if (run < 1 || run > count - values.length) throw invalid("run", `has ${run} values`);
    for (let i = 0; i < run; i++) values.push(value);
  }
  return values;
}
