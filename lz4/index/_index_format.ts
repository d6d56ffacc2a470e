/**
 * The byte layout of indexes, S4IX version 2, and of version 1, which is still read (FORMATS.md): written small, read as
 * from an enemy.
 */
import { lz4Xxh32 } from "../kernel/blocks.ts";
import { concatBytes, readU32, SluiceError, UnsupportedFeatureError, writeU32 } from "@sluice/internal";
import type { ByteSource } from "@sluice/internal";
import { ByteReader, ByteWriter } from "../frame/_varint.ts";
import { EXPANSION_MAX } from "../frame/_format.ts";
import { FINGERPRINT_SIZE } from "./_index_fingerprint.ts";
import { decodePage, encodePage, invalid } from "./_index_page.ts";
import type { PageColumns } from "./_index_page.ts";
import { IndexPages } from "./_index_pages.ts";
import type { IndexHeader, PageEntry } from "./_index_pages.ts";
import { checkWindow, WindowSource } from "./_index_windows.ts";
import type { IndexModel } from "./_index_model.ts";

const NO_BYTES = new Uint8Array();
const MAGIC = 0x58493453;
/** The version without pages. */
const VERSION_WHOLE = 1;
const VERSION = 2;
const HEADER_SIZE = 64;
const FLAG = { LINES: 1, HASHES: 2, WINDOWS: 4, FINGERPRINT: 8 } as const;
const FLAG_ALL = 15;
/** The most points of a page. */
const PAGE_POINTS = 1024;
/** No page that is written is larger: less than a hundred bytes for a point and its frame. */
const PAGE_SIZE_MAX = 128 << 10;

/** An index as bytes. */
export function encodeIndex(model: IndexModel): Uint8Array<ArrayBuffer> {
  const windows = model.points.map(({ window }) => {
    if (window === undefined || window instanceof Uint8Array) return window ?? NO_BYTES;
    throw notLoaded("write the index");
  });
  const { points, hasHashes: hashes, hasLines: lines } = model;
  const columns = { hashes, lines, windows: windows.some((window) => window.length > 0) };
  const directory = new ByteWriter();
  if (model.fingerprint !== undefined) directory.bytes(model.fingerprint);
  const pages: Uint8Array<ArrayBuffer>[] = [];
  for (let from = 0, lastOut = 0; from < points.length; from += PAGE_POINTS) {
    const to = Math.min(from + PAGE_POINTS, points.length);
    const page = encodePage(model, windows, [from, to], columns);
    const { decompressedOffset: out, lines: linesBefore } = points[from]!;
    directory.number(to - from);
    directory.number(out - lastOut);
    directory.number(page.length);
    directory.u32(lz4Xxh32(page, 0, page.length, 0, undefined));
    if (lines) directory.number(linesBefore);
    if (columns.windows) {
      directory.number(windows.slice(from, to).reduce((sum, window) => sum + window.length, 0));
    }
    pages.push(page);
    lastOut = out;
  }
  const content = directory.take();
  return concatBytes([encodeHeader(model, columns, content), content, ...pages, ...windows]);
}

function encodeHeader(
  model: IndexModel,
  columns: PageColumns,
  directory: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const header = new ByteWriter();
  header.u32(MAGIC);
  header.byte(VERSION);
  header.byte(
    (columns.lines ? FLAG.LINES : 0) | (columns.hashes ? FLAG.HASHES : 0) |
      (columns.windows ? FLAG.WINDOWS : 0) | (model.fingerprint === undefined ? 0 : FLAG.FINGERPRINT),
  );
  header.bytes(new Uint8Array(2));
  const { inputSize, outputSize, spacing, points, frames } = model;
  for (const value of [inputSize, outputSize, spacing, points.length, frames.length, directory.length]) {
    header.u64(value);
  }
  header.u32(lz4Xxh32(directory, 0, directory.length, 0, undefined));
  const head = new Uint8Array(HEADER_SIZE);
  head.set(header.take());
  writeU32(head, HEADER_SIZE - 4, lz4Xxh32(head, 0, HEADER_SIZE - 4, 0, undefined));
  return head;
}

/** The error of a use that needs what is still in the index's file. */
export function notLoaded(action: string): SluiceError {
  return new SluiceError(`Cannot ${action}: parts of it are in its file, expected "load" first`, {
    format: "lz4",
    code: "NOT_READY",
  });
}

/** A header with where what follows it ends, and the checksum of that. */
interface ParsedHeader extends IndexHeader {
  readonly version: number;
  readonly bodyEnd: number;
  readonly checksum: number;
  readonly hasFingerprint: boolean;
}

function decodeHeader(bytes: Uint8Array): ParsedHeader {
  if (bytes.length < HEADER_SIZE || readU32(bytes, 0) !== MAGIC) throw invalid("magic", "is wrong");
  if (lz4Xxh32(bytes, 0, HEADER_SIZE - 4, 0, undefined) !== readU32(bytes, HEADER_SIZE - 4)) {
    throw invalid("header checksum", "is wrong");
  }
  const reader = new ByteReader(bytes.subarray(4, HEADER_SIZE - 4), invalid);
  const version = reader.byte();
  if (version < VERSION_WHOLE || version > VERSION) {
    throw new UnsupportedFeatureError(
      `Cannot read an lz4 index: it has version ${version}, expected at most ${VERSION}`,
      { format: "lz4", code: "INDEX_VERSION" },
    );
  }
  const flags = reader.byte();
  if ((flags & ~FLAG_ALL) !== 0) throw invalid("flags", "have a reserved bit");
  reader.bytes(2);
  const has = (flag: number): boolean => (flags & flag) !== 0;
  const header = {
    version,
    columns: { hashes: has(FLAG.HASHES), lines: has(FLAG.LINES), windows: has(FLAG.WINDOWS) },
    hasFingerprint: has(FLAG.FINGERPRINT),
    inputSize: reader.u64(),
    outputSize: reader.u64(),
    spacing: reader.u64(),
    pointCount: reader.u64(),
    frameCount: reader.u64(),
    bodyEnd: HEADER_SIZE + reader.u64(),
    checksum: reader.u32(),
  };
  if (header.outputSize > EXPANSION_MAX * header.inputSize) {
    throw invalid("output size", "is more than the input can hold");
  }
  const fits = version === VERSION
    ? header.frameCount <= header.pointCount
    : Math.max(header.pointCount, header.frameCount) <= header.bodyEnd;
  if (!fits) throw invalid("count", "is larger than the index");
  return header;
}

function newModel(header: ParsedHeader, body: ByteReader): IndexModel {
  const { inputSize, outputSize, spacing, columns, hasFingerprint } = header;
  return {
    inputSize,
    outputSize,
    spacing,
    hasLines: columns.lines,
    hasHashes: columns.hashes,
    fingerprint: hasFingerprint ? body.bytes(FINGERPRINT_SIZE).slice() : undefined,
    frames: [],
    points: [],
  };
}

function bodyReader({ checksum }: ParsedHeader, body: Uint8Array): ByteReader {
  if (lz4Xxh32(body, 0, body.length, 0, undefined) !== checksum) throw invalid("checksum", "is wrong");
  return new ByteReader(body, invalid);
}

/** Version 1: all points at once, the windows not read yet; they end where the index does. */
function decodeWhole(header: ParsedHeader, body: Uint8Array, windowsOffset: number, end: number): IndexModel {
  const reader = bodyReader(header, body);
  const model = newModel(header, reader);
  const { frames, points, windowsEnd } = decodePage(reader, { ...header, windowsOffset }, header.columns);
  checkEnd(end, windowsEnd);
  return { ...model, frames, points };
}

/** Version 2: the directory of the pages, which follow it, and their windows after them. */
function decodeDirectory(header: ParsedHeader, body: Uint8Array, start: number, end: number): {
  readonly model: IndexModel;
  readonly entries: readonly PageEntry[];
} {
  const reader = bodyReader(header, body);
  const model = newModel(header, reader);
  const { columns, outputSize, pointCount } = header;
  const entries: (PageEntry & { windowsOffset: number })[] = [];
  let [firstPoint, firstOut, offset] = [0, 0, start];
  while (firstPoint < pointCount) {
    const count = reader.number();
    firstOut += reader.number();
    const size = reader.number();
    const hash = reader.u32();
    const lines = columns.lines ? reader.number() : 0;
    const windowsSize = columns.windows ? reader.number() : 0;
    if (count < 1 || count > PAGE_POINTS) throw invalid("page", `has ${count} points`);
    if (size > PAGE_SIZE_MAX) throw invalid("page", `has ${size} bytes`);
    if (firstOut > outputSize) throw invalid("page", "starts after the content");
    entries.push({ firstPoint, firstOut, count, offset, size, hash, lines, windowsOffset: 0, windowsSize });
    firstPoint += count;
    offset += size;
  }
  if (firstPoint > pointCount) throw invalid("count", "is smaller than that of its pages");
  if (reader.left > 0) throw invalid("length", `has ${reader.left} bytes too many`);
  for (const entry of entries) {
    entry.windowsOffset = offset;
    offset += entry.windowsSize;
  }
  checkEnd(end, offset);
  return { model, entries };
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
  const { bodyEnd } = header;
  if (bytes.length < bodyEnd) checkEnd(bytes.length, bodyEnd);
  const body = bytes.subarray(HEADER_SIZE, bodyEnd);
  let model: IndexModel;
  if (header.version === VERSION_WHOLE) {
    model = decodeWhole(header, body, bodyEnd, bytes.length);
  } else {
    const { model: empty, entries } = decodeDirectory(header, body, bodyEnd, bytes.length);
    const pages = new IndexPages(header, entries, undefined);
    model = { ...empty, ...pages.joined(entries.map((_, i) => pages.decode(i, bytes))) };
  }
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
 * Opens an index that lies in a source from `start` to `end`: one read, or two when its directory is larger than 64 KiB.
 * Pages and windows stay there. `head` are bytes from `start` on that are already known.
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
  const { bodyEnd } = header;
  if (end - start < bodyEnd) checkEnd(end - start, bodyEnd);
  const body = new Uint8Array(bodyEnd - HEADER_SIZE);
  body.set(known.subarray(HEADER_SIZE, bodyEnd));
  const missing = bodyEnd - known.length;
  if (missing > 0) body.set(await source.read(start + known.length, missing), body.length - missing);
  const windowSource = new WindowSource(source);
  if (header.version === VERSION_WHOLE) {
    return { ...decodeWhole(header, body, start + bodyEnd, end), windowSource };
  }
  const { model, entries } = decodeDirectory(header, body, start + bodyEnd, end);
  const pages = new IndexPages(header, entries, { source, start, head: known });
  return { ...model, windowSource, pages };
}
