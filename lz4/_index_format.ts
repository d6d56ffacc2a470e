/**
 * The byte layout of indexes, S4IX version 1 (FORMATS.md): written small, read as from an enemy.
 */
import { lz4Xxh32 } from "@sluice/ffi/lz4-decoder";
import { CorruptDataError, UnsupportedFeatureError } from "@sluice/internal";
import { readU32, writeU32 } from "@sluice/internal";
import { ByteReader, ByteWriter } from "./_varint.ts";
import { descriptorOf, infoOf, LEGACY_INFO } from "./_frame_parser.ts";
import { EXPANSION_MAX, FLG, HISTORY_MAX } from "./_format.ts";
import type { IndexFrame, IndexModel, IndexPoint } from "./_index_model.ts";

const MAGIC = 0x58493453;
const VERSION = 1;
const HEADER_SIZE = 64;
const FLAG = { LINES: 1, HASHES: 2, WINDOWS: 4 } as const;
const FLAG_ALL = 7;
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
  const hasWindows = model.points.some((point) => point.window.length > 0);
  const body = new ByteWriter();
  writeFrames(body, model.frames);
  writePoints(body, model);
  if (model.hasHashes) { for (const point of model.points) body.u32(point.hash ?? 0); }
  if (model.hasLines) writeDeltas(body, model.points.map((point) => point.lines));
  if (hasWindows) {
    for (const { window } of model.points) {
      body.number(window.length);
      body.bytes(window);
    }
  }
  const content = body.take();
  const header = new ByteWriter();
  header.u32(MAGIC);
  header.byte(VERSION);
  header.byte(
    (model.hasLines ? FLAG.LINES : 0) | (model.hasHashes ? FLAG.HASHES : 0) | (hasWindows ? FLAG.WINDOWS : 0),
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
  const bytes = new Uint8Array(HEADER_SIZE + content.length);
  bytes.set(header.take());
  writeU32(bytes, HEADER_SIZE - 4, lz4Xxh32(bytes, 0, HEADER_SIZE - 4, 0, undefined));
  bytes.set(content, HEADER_SIZE);
  return bytes;
}

function writeFrames(body: ByteWriter, frames: readonly IndexFrame[]): void {
  let [lastIn, lastOut] = [0, 0];
  for (const { info, in: start, out, blocksEnd } of frames) {
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
  writeDeltas(body, model.points.map((point) => point.in));
  writeRuns(body, deltas(model.points.map((point) => point.out)));
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

/**
 * Reads an index from bytes of any origin.
 *
 * @throws {CorruptDataError} With code "INDEX_INVALID", naming the field.
 * @throws {UnsupportedFeatureError} With code "INDEX_VERSION".
 */
export function decodeIndex(bytes: Uint8Array): IndexModel {
  if (bytes.length < HEADER_SIZE || readU32(bytes, 0) !== MAGIC) throw invalid("magic", "is wrong");
  if (lz4Xxh32(bytes, 0, HEADER_SIZE - 4, 0, undefined) !== readU32(bytes, HEADER_SIZE - 4)) {
    throw invalid("header checksum", "is wrong");
  }
  const header = new ByteReader(bytes.subarray(4, HEADER_SIZE - 4), invalid);
  const version = header.byte();
  if (version !== VERSION) {
    throw new UnsupportedFeatureError(
      `Cannot read an lz4 index: it has version ${version}, expected ${VERSION}`,
      {
        format: "lz4",
        code: "INDEX_VERSION",
      },
    );
  }
  const flags = header.byte();
  if ((flags & ~FLAG_ALL) !== 0) throw invalid("flags", "have a reserved bit");
  header.bytes(2);
  const [inputSize, outputSize, spacing, pointCount, frameCount, size] = Array.from(
    { length: 6 },
    () => header.u64(),
  );
  const checksum = header.u32();
  const content = bytes.subarray(HEADER_SIZE);
  if (content.length !== size) throw invalid("length", `is ${content.length} bytes, expected ${size}`);
  if (lz4Xxh32(content, 0, content.length, 0, undefined) !== checksum) throw invalid("checksum", "is wrong");
  if (outputSize! > EXPANSION_MAX * inputSize!) {
    throw invalid("output size", "is more than the input can hold");
  }
  if (pointCount! > size || frameCount! > size) throw invalid("count", "is larger than the index");
  const reader = new ByteReader(content, invalid);
  const frames = readFrames(reader, frameCount!, inputSize!, outputSize!);
  const points = readPoints(reader, pointCount!, frames, outputSize!);
  if ((flags & FLAG.HASHES) !== 0) { for (const point of points) point.hash = reader.u32(); }
  if ((flags & FLAG.LINES) !== 0) {
    let lines = 0;
    for (const point of points) point.lines = lines += reader.number();
    if (lines > outputSize!) throw invalid("lines", "are more than bytes");
  }
  if ((flags & FLAG.WINDOWS) !== 0) {
    for (const point of points) {
      const length = reader.number();
      if (length > HISTORY_MAX + WINDOW_HEADER_SIZE_MAX) throw invalid("window", `has ${length} bytes`);
      point.window = reader.bytes(length).slice();
    }
  }
  if (reader.left > 0) throw invalid("length", `has ${reader.left} bytes too many`);
  return {
    inputSize: inputSize!,
    outputSize: outputSize!,
    spacing: spacing!,
    hasLines: (flags & FLAG.LINES) !== 0,
    hasHashes: (flags & FLAG.HASHES) !== 0,
    frames,
    points,
  };
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
      in: start,
      out,
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
    if (of === undefined || start < of.in || start > of.blocksEnd || out < of.out || out > outputSize) {
      throw invalid("point", `${i} is outside its frame`);
    }
    points.push({ in: start, out, frame, window: new Uint8Array(), hash: undefined, lines: 0 });
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
