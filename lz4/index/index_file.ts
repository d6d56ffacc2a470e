/**
 * The index of a compressed file: where decoding can start, in memory, as a sidecar file, or inside the file itself.
 *
 * @module
 */
import {
  checkInteger,
  checkNumber,
  checkRange,
  concatBytes,
  CorruptDataError,
  openByteSource,
  readU32,
  toBytes,
  writeU32,
} from "@sluice/internal";
import type { ByteSource, ByteSourceLike, BytesSource } from "@sluice/internal";
import { carvePieces } from "./_carve.ts";
import { INDEX_MAGIC, SKIPPABLE_HEADER_SIZE } from "../frame/_format.ts";
import { hasFingerprint } from "./_index_fingerprint.ts";
import { decodeIndex, encodeIndex, notLoaded, openIndex } from "./_index_format.ts";
import type { IndexModel } from "./_index_model.ts";
import { lastPointAt, rowsOf } from "./_index_rows.ts";
import type { Lz4Piece } from "./splits.ts";
import { ByteReader, ByteWriter } from "../frame/_varint.ts";

/** A place where decoding can start. */
export interface Lz4IndexPoint {
  /** Where the next block starts, in bytes of the compressed file. */
  readonly compressedOffset: number;
  /** Where its content starts, in bytes of the content. */
  readonly decompressedOffset: number;
}

const FOOTER_SIZE = 12;
const FOOTER_MAGIC = 0x58493453;
/** What is read of an index together with the frame header before it. */
const INDEX_HEAD_SIZE = 64 << 10;

/**
 * An index, read-only.
 *
 * @example To a sidecar and back
 * ```ts
 * import { buildLz4Index, compressLz4, Lz4Index } from "@sluice/lz4";
 * import { assertEquals } from "@std/assert";
 *
 * const index = await buildLz4Index(compressLz4(new Uint8Array(1000)));
 * assertEquals(Lz4Index.fromBytes(index.toBytes()).outputSize, 1000);
 * ```
 */
export class Lz4Index {
  #model: IndexModel;
  /** Where the frame with the index starts in the compressed file that it was found in; undefined for others. */
  readonly embeddedOffset: number | undefined;

  /**
   * Wraps what a builder found.
   * @internal
   */
  constructor(model: IndexModel, embeddedOffset?: number) {
    this.#model = model;
    this.embeddedOffset = embeddedOffset;
  }

  /**
   * Reads an index from bytes of any origin.
   *
   * @throws {CorruptDataError} With code "INDEX_INVALID" if they are no valid index.
   */
  static fromBytes(bytes: BytesSource): Lz4Index {
    return new Lz4Index(decodeIndex(toBytes(bytes)));
  }

  /**
   * Opens an index in a file of its own: one read, or two where its directory, about 15 bytes for 1024 points, is larger
   * than 64 KiB. Points are read in pages of 1024 when they are needed, and the histories of linked frames one by one; 8
   * pages, about 1 MiB, and 4 MiB of histories are kept. An index of version 1 is read with all of its points.
   *
   * @throws {CorruptDataError} With code "INDEX_INVALID" if the file is no valid index.
   */
  static async open(data: ByteSourceLike): Promise<Lz4Index> {
    const source = await openByteSource(data);
    return new Lz4Index(await openIndex(source, 0, source.size));
  }

  /**
   * Opens the index at the end of a compressed file; undefined where there is none. Two reads, or three as with `open`;
   * pages and histories stay in the file.
   *
   * @throws {CorruptDataError} With code "INDEX_INVALID" if there is one that is not valid.
   */
  static async embedded(data: ByteSourceLike): Promise<Lz4Index | undefined> {
    const source = await openByteSource(data);
    const found = await embeddedIndexAt(source);
    if (found === undefined) return undefined;
    const model = await openIndex(source, found.offset, found.offset + found.size, found.head);
    return new Lz4Index(model, found.offset - SKIPPABLE_HEADER_SIZE);
  }

  /** Bytes of the compressed file, an index inside it left out. */
  get inputSize(): number {
    return this.#model.inputSize;
  }

  /** Bytes of the content. */
  get outputSize(): number {
    return this.#model.outputSize;
  }

  /**
   * The places where decoding can start.
   *
   * @throws {SluiceError} With code "NOT_READY" if the index was opened from a file and not loaded.
   */
  get points(): readonly Lz4IndexPoint[] {
    if (this.#model.pages !== undefined) throw notLoaded("list the points of the index");
    return this.#model.points;
  }

  /** How many points there are. */
  get pointCount(): number {
    return this.#model.pages?.pointCount ?? this.#model.points.length;
  }

  /** How many frames with content there are. */
  get frameCount(): number {
    return this.#model.pages?.frameCount ?? this.#model.frames.length;
  }

  /**
   * The plain records, for archives.
   * @internal
   */
  get model(): IndexModel {
    return this.#model;
  }

  /**
   * The last point at or before a content offset.
   *
   * @throws {RangeError} If the content does not have it.
   */
  async at(out: number): Promise<Lz4IndexPoint> {
    checkInteger("out", out, 0, this.outputSize);
    const { points } = await rowsOf(this.#model, out, out);
    const { compressedOffset = 0, decompressedOffset = 0 } = points[lastPointAt(points, out)] ?? {};
    return { compressedOffset, decompressedOffset };
  }

  /**
   * The last point before the start of a line, counted from 0, and how many line feeds precede it; the start of the content
   * where lines were not counted.
   *
   * @throws {RangeError} If the line is no number from 0.
   */
  async beforeLine(line: number): Promise<{ readonly decompressedOffset: number; readonly lines: number }> {
    checkInteger("line", line, 0, Number.MAX_SAFE_INTEGER);
    const { hasLines, pages, points } = this.#model;
    const page = pages?.pageOfLine(line - 1);
    const own = page === undefined || pages!.pageCount === 0 ? points : (await pages!.page(page)).points;
    const { decompressedOffset = 0, lines = 0 } = hasLines
      ? own.findLast((point) => point.lines < line) ?? {}
      : {};
    return { decompressedOffset, lines };
  }

  /**
   * Whether a compressed file is the one that the index was made of, by its size, its first and its last 64 KiB; two
   * reads. An index whose maker did not see the whole file can't tell and says no.
   */
  async matches(data: ByteSourceLike): Promise<boolean> {
    const source = await openByteSource(data);
    const { fingerprint, inputSize } = this.#model;
    return fingerprint !== undefined && await hasFingerprint(source, inputSize, fingerprint);
  }

  /** Reads all points and histories that `open` and `embedded` leave in the file: `points` and `toBytes` need them. */
  async load(): Promise<void> {
    const { pages, windowSource } = this.#model;
    const rows = await pages?.all() ?? this.#model;
    for (const point of rows.points) {
      if (point.window === undefined || point.window instanceof Uint8Array) continue;
      point.window = await windowSource!.read(point.window);
    }
    this.#model = { ...this.#model, ...rows, pages: undefined };
  }

  /**
   * The index as bytes (S4IX, see FORMATS.md), for a file beside the compressed one.
   *
   * @throws {SluiceError} With code "NOT_READY" if the index was opened from a file and not loaded.
   */
  toBytes(): Uint8Array<ArrayBuffer> {
    if (this.#model.pages !== undefined) throw notLoaded("write the index");
    return encodeIndex(this.#model);
  }

  /** The index as a skippable frame to append to the compressed file, which every lz4 tool still decodes. */
  toSkippableFrame(): Uint8Array<ArrayBuffer> {
    const index = this.toBytes();
    const frame = new Uint8Array(SKIPPABLE_HEADER_SIZE + index.length + FOOTER_SIZE);
    writeU32(frame, 0, INDEX_MAGIC);
    writeU32(frame, 4, index.length + FOOTER_SIZE);
    frame.set(index, SKIPPABLE_HEADER_SIZE);
    const footer = new ByteWriter();
    footer.u64(index.length);
    footer.u32(FOOTER_MAGIC);
    frame.set(footer.take(), SKIPPABLE_HEADER_SIZE + index.length);
    return frame;
  }

  /**
   * The parts of the file that hold a range of the content: runs of whole frames, and parts of frames with their glue.
   *
   * @throws {RangeError} If the range does not lie inside the content.
   */
  async pieces(start: number, end: number): Promise<Lz4Piece[]> {
    checkRange(checkNumber("start", start), checkNumber("end", end) - start, this.outputSize);
    return await carvePieces(await rowsOf(this.#model, start, end), start, end);
  }
}

/** Where an index stands inside a file, with its first bytes. */
async function embeddedIndexAt(
  source: ByteSource,
): Promise<{ offset: number; size: number; head: Uint8Array } | undefined> {
  const overhead = SKIPPABLE_HEADER_SIZE + FOOTER_SIZE;
  if (source.size < overhead) return undefined;
  const reader = new ByteReader(await source.read(source.size - FOOTER_SIZE, FOOTER_SIZE), notThere);
  const low = reader.u32();
  const high = reader.u32();
  if (reader.u32() !== FOOTER_MAGIC || high >= 1 << 21) return undefined;
  const size = low + high * 2 ** 32;
  const frameOffset = source.size - size - overhead;
  if (frameOffset < 0) return undefined;
  const start = await source.read(frameOffset, SKIPPABLE_HEADER_SIZE + Math.min(size, INDEX_HEAD_SIZE));
  if (readU32(start, 0) !== INDEX_MAGIC || readU32(start, 4) !== size + FOOTER_SIZE) return undefined;
  return { offset: frameOffset + SKIPPABLE_HEADER_SIZE, size, head: start.subarray(SKIPPABLE_HEADER_SIZE) };
}

function notThere(field: string, state: string): CorruptDataError {
  return new CorruptDataError(`Cannot find an lz4 index: ${field} ${state}`, {
    format: "lz4",
    code: "INDEX_INVALID",
  });
}

/**
 * The bytes of standalone frames that hold a range of the content, without compressing anything again. The range grows
 * to block boundaries; `drop` of the first piece of `Lz4Index.pieces` is how much of the decoded content is before it.
 *
 * @example A part that every tool decodes
 * ```ts
 * import { buildLz4Index, carveLz4, compressLz4, decompressLz4 } from "@sluice/lz4";
 * import { byteSourceFromBytes } from "@sluice/lz4";
 * import { assertEquals } from "@std/assert";
 *
 * const content = new Uint8Array(300_000).map((_, i) => i >>> 8);
 * const file = byteSourceFromBytes(compressLz4(content, { blockSize: 65536 }));
 * const index = await buildLz4Index(file, { spacing: 65536 });
 * const part = await carveLz4(file, index, 65_536, 131_072);
 * assertEquals(decompressLz4(part), content.slice(65_536, 131_072));
 * ```
 */
export async function carveLz4(
  data: ByteSourceLike,
  index: Lz4Index,
  start: number,
  end: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const source = await openByteSource(data);
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for (const piece of await index.pieces(start, end)) {
    const [from, to] = piece.compressedRange;
    parts.push(piece.prefix, new Uint8Array(await source.read(from, to - from)), piece.suffix);
  }
  return concatBytes(parts);
}
