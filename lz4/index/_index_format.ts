/**
 * The byte layout of indexes, S4IX version 1 (FORMATS.md): written small, read as from an enemy.
 */
import { lz4Xxh32 } from "../kernel/blocks.ts";
import {
  concatBytes,
  CorruptDataError,
  readU32,
  SluiceError,
  UnsupportedFeatureError,
  writeU32,
} from "@sluice/internal";
import type { ByteSource } from "@sluice/internal";
import { ByteReader, ByteWriter } from "../frame/_varint.ts";
import { descriptorOf, infoOf, LEGACY_INFO } from "../frame/_frame_parser.ts";
import { EXPANSION_MAX, FLG, HISTORY_MAX } from "../frame/_format.ts";
import { FINGERPRINT_SIZE } from "./_index_fingerprint.ts";
import { checkWindow, WindowSource } from "./_index_windows.ts";
import type { IndexFrame, IndexModel, IndexPoint } from "./_index_model.ts";

const NO_BYTES = new Uint8Array();
const MAGIC = 0x58493453;
const VERSION = 1;
const HEADER_SIZE = 64;
const FLAG = { LINES: 1, HASHES: 2, WINDOWS: 4, FINGERPRINT: 8 } as const;
const FLAG_ALL = 15;
const FRAME_KIND = { FRAME: 0, LEGACY: 1 } as const;
/** A point takes at least a byte, so a count above the input's size is a lie. */
const WINDOW_HEADER_SIZE_MAX = 16;

function invalid(field: string, state: string): CorruptDataError {
  return new CorruptDataError(`Cannot read an lz4 index: ${field} ${state}`, {
    format: "lz4",
    code: "INDEX_INVALID",
  });
}

/** An index as bytes. */
export function encodeIndex(model: IndexModel): Uint8Array<ArrayBuffer> {
  const windows = model.points.map(({ window }) => {
    if (window === undefined || window instanceof Uint8Array) return window ?? NO_BYTES;
    throw new SluiceError(
      'Cannot write the index: its windows are in its file, expected "loadWindows" first',
      {
        format: "lz4",
        code: "NOT_READY",
      },
    );
  });
  const hasWindows = windows.some((window) => window.length > 0);
  const body = new ByteWriter();
  if (model.fingerprint !== undefined) body.bytes(model.fingerprint);
  writeFrames(body, model.frames);
  writePoints(body, model);
  if (model.hasHashes) { for (const point of model.points) body.u32(point.hash ?? 0); }
  if (model.hasLines) writeDeltas(body, model.points.map((point) => point.lines));
  if (hasWindows) {
    for (const window of windows) body.number(window.length);
    for (const window of windows) {
      if (window.length > 0) body.u32(lz4Xxh32(window, 0, window.length, 0, undefined));
    }
  }
  const content = body.take();
  const header = new ByteWriter();
  header.u32(MAGIC);
  header.byte(VERSION);
  header.byte(
    (model.hasLines ? FLAG.LINES : 0) | (model.hasHashes ? FLAG.HASHES : 0) |
      (hasWindows ? FLAG.WINDOWS : 0) | (model.fingerprint === undefined ? 0 : FLAG.FINGERPRINT),
  );
  header.bytes(new Uint8Array(2));
  for (
    const value of [
      model.inputSize,
      model.outputSize,
      model.spacing,
      model.points.length,
      model.frames.length,
    ]
  ) {
    header.u64(value);
  }
  header.u64(content.length);
  header.u32(lz4Xxh32(content, 0, content.length, 0, undefined));
  const head = new Uint8Array(HEADER_SIZE);
  head.set(header.take());
  writeU32(head, HEADER_SIZE - 4, lz4Xxh32(head, 0, HEADER_SIZE - 4, 0, undefined));
  return concatBytes([head, content, ...windows]);
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

/** Column by column: input deltas, then runs of equal output deltas, then runs of equal frames. */
function writePoints(body: ByteWriter, model: IndexModel): void {
  writeDeltas(body, model.points.map((point) => point.compressedOffset));
  writeRuns(body, deltas(model.points.map((point) => point.decompressedOffset)));
  writeRuns(body, deltas(model.points.map((point) => point.frame)));
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

/** What the header of an index says. */
interface IndexHeader {
  readonly flags: number;
  readonly inputSize: number;
  readonly outputSize: number;
  readonly spacing: number;
  readonly pointCount: number;
  readonly frameCount: number;
  readonly bodySize: number;
  readonly checksum: number;
}

function decodeHeader(bytes: Uint8Array): IndexHeader {
  if (bytes.length < HEADER_SIZE || readU32(bytes, 0) !== MAGIC) throw invalid("magic", "is wrong");
  if (lz4Xxh32(bytes, 0, HEADER_SIZE - 4, 0, undefined) !== readU32(bytes, HEADER_SIZE - 4)) {
    throw invalid("header checksum", "is wrong");
  }
  const reader = new ByteReader(bytes.subarray(4, HEADER_SIZE - 4), invalid);
  const version = reader.byte();
  if (version !== VERSION) {
    throw new UnsupportedFeatureError(
      `Cannot read an lz4 index: it has version ${version}, expected ${VERSION}`,
      { format: "lz4", code: "INDEX_VERSION" },
    );
  }
  const flags = reader.byte();
  if ((flags & ~FLAG_ALL) !== 0) throw invalid("flags", "have a reserved bit");
  reader.bytes(2);
  const header = {
    flags,
    inputSize: reader.u64(),
    outputSize: reader.u64(),
    spacing: reader.u64(),
    pointCount: reader.u64(),
    frameCount: reader.u64(),
    bodySize: reader.u64(),
    checksum: reader.u32(),
  };
  if (header.outputSize > EXPANSION_MAX * header.inputSize) {
    throw invalid("output size", "is more than the input can hold");
  }
  if (header.pointCount > header.bodySize || header.frameCount > header.bodySize) {
    throw invalid("count", "is larger than the index");
  }
  return header;
}

/** A decoded body, with the windows not read yet: they follow one another from `windowsOffset` on. */
function decodeBody(header: IndexHeader, body: Uint8Array, windowsOffset: number): IndexModel {
  const { flags, inputSize, outputSize, spacing, pointCount, frameCount } = header;
  const has = (flag: number): boolean => (flags & flag) !== 0;
  if (lz4Xxh32(body, 0, body.length, 0, undefined) !== header.checksum) throw invalid("checksum", "is wrong");
  const reader = new ByteReader(body, invalid);
  const fingerprint = has(FLAG.FINGERPRINT) ? reader.bytes(FINGERPRINT_SIZE).slice() : undefined;
  const frames = readFrames(reader, frameCount, inputSize, outputSize);
  const points = readPoints(reader, pointCount, frames, outputSize);
  if (has(FLAG.HASHES)) { for (const point of points) point.hash = reader.u32(); }
  if (has(FLAG.LINES)) {
    let lines = 0;
    for (const point of points) point.lines = lines += reader.number();
    if (lines > outputSize) throw invalid("lines", "are more than bytes");
  }
  if (has(FLAG.WINDOWS)) readWindowPlaces(reader, points, windowsOffset);
  if (reader.left > 0) throw invalid("length", `has ${reader.left} bytes too many`);
  return {
    inputSize,
    outputSize,
    spacing,
    hasLines: has(FLAG.LINES),
    hasHashes: has(FLAG.HASHES),
    fingerprint,
    frames,
    points,
  };
}

function readWindowPlaces(reader: ByteReader, points: readonly IndexPoint[], start: number): void {
  let offset = start;
  const sizes = points.map(() => reader.number());
  for (const [i, size] of sizes.entries()) {
    if (size > HISTORY_MAX + WINDOW_HEADER_SIZE_MAX) throw invalid("window", `has ${size} bytes`);
    if (size > 0) points[i]!.window = { offset, size, hash: reader.u32() };
    offset += size;
  }
}

/** Where the last window of a model ends. */
function windowsEnd(model: IndexModel, start: number): number {
  return model.points.reduce(
    (end, { window }) =>
      window === undefined || window instanceof Uint8Array ? end : window.offset + window.size,
    start,
  );
}

function checkEnd(actual: number, expected: number): void {
  if (actual !== expected) throw invalid("length", `is ${actual} bytes, expected ${expected}`);
}

/**
 * Reads a whole index from bytes of any origin.
 *
 * @throws {CorruptDataError} With code "INDEX_INVALID", naming the field.
 * @throws {UnsupportedFeatureError} With code "INDEX_VERSION".
 */
export function decodeIndex(bytes: Uint8Array): IndexModel {
  const header = decodeHeader(bytes);
  const bodyEnd = HEADER_SIZE + header.bodySize;
  if (bytes.length < bodyEnd) checkEnd(bytes.length, bodyEnd);
  const model = decodeBody(header, bytes.subarray(HEADER_SIZE, bodyEnd), bodyEnd);
  checkEnd(bytes.length, windowsEnd(model, bodyEnd));
  for (const point of model.points) {
    if (point.window === undefined || point.window instanceof Uint8Array) continue;
    const { offset, size, hash } = point.window;
    point.window = bytes.slice(offset, offset + size);
    checkWindow(point.window, hash, offset);
  }
  return model;
}

/** The first read of an index: enough for a small one. */
const OPEN_SIZE = 64 << 10;

/**
 * Reads an index that lies in a source from `start` to `end` and leaves its windows there: one read, or two when it is
 * larger than 64 KiB. `head` are bytes from `start` on that are already known.
 *
 * @throws {SluiceError} As `decodeIndex`.
 */
export async function openIndex(
  source: ByteSource,
  start: number,
  end: number,
  head?: Uint8Array,
): Promise<IndexModel> {
  const known = head ?? await source.read(start, Math.min(OPEN_SIZE, end - start));
  const header = decodeHeader(known);
  const bodyEnd = HEADER_SIZE + header.bodySize;
  if (end - start < bodyEnd) checkEnd(end - start, bodyEnd);
  const body = new Uint8Array(header.bodySize);
  body.set(known.subarray(HEADER_SIZE, bodyEnd));
  const missing = bodyEnd - known.length;
  if (missing > 0) body.set(await source.read(start + known.length, missing), body.length - missing);
  const model = decodeBody(header, body, start + bodyEnd);
  checkEnd(end, windowsEnd(model, start + bodyEnd));
  model.windowSource = new WindowSource(source);
  return model;
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
