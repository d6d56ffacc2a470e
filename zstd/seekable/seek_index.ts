/**
 * Where every frame of a file lies, and which content it holds.
 *
 * @module
 */
import { checkNumber, CorruptDataError, toBytes } from "@sluice/internal";
import type { BytesSource } from "@sluice/internal";
import { makeSeekTable, parseSeekTable } from "./_seek_table.ts";

/** One frame of a file. */
export interface ZstdSeekFrame {
  /** The number of the frame, from 0. */
  readonly index: number;
  /** Where the frame starts in the file, in bytes. */
  readonly compressedOffset: number;
  /** Bytes of the frame. */
  readonly compressedSize: number;
  /** Where its content starts in the content of the whole file, in bytes. */
  readonly offset: number;
  /** Bytes of its content; 0 for skippable frames. */
  readonly size: number;
  /** The low 32 bits of its content's XXH64; undefined where the index has none. */
  readonly checksum: number | undefined;
}

/** What an index is made from: one value a frame, in order. */
export interface ZstdSeekEntries {
  /** Bytes of each frame. */
  readonly compressedSizes: ArrayLike<number>;
  /** Bytes of each frame's content. */
  readonly sizes: ArrayLike<number>;
  /** The low 32 bits of each content's XXH64. */
  readonly checksums?: ArrayLike<number> | undefined;
}

/** An index as JSON holds it. */
export interface ZstdSeekIndexJson {
  /** What this is. */
  readonly format: "zstd-seek-index";
  /** The version of this form. */
  readonly version: 1;
  /** Bytes of each frame, bytes of its content and, where there are checksums, its checksum. */
  readonly frames: readonly (readonly number[])[];
}

/**
 * Where every frame of a file lies. It comes out of a seek table, out of {@linkcode buildZstdIndex}, or out of a sidecar
 * that `toBytes` or `toJSON` made. 20 bytes of memory a frame.
 *
 * @example A sidecar in both forms
 * ```ts
 * import { ZstdSeekIndex } from "@sluice/zstd/seekable";
 * import { assertEquals } from "@std/assert";
 *
 * const index = new ZstdSeekIndex({ compressedSizes: [40, 35], sizes: [100, 50] });
 * assertEquals(index.frameAt(120)?.compressedOffset, 40);
 * assertEquals(ZstdSeekIndex.fromBytes(index.toBytes()).size, 150);
 * assertEquals(ZstdSeekIndex.fromJSON(JSON.parse(JSON.stringify(index))).frameCount, 2);
 * ```
 */
export class ZstdSeekIndex {
  /** Where each frame starts, and where the last one ends; doubles, since files outgrow 32 bits. */
  readonly #compressedOffsets: Float64Array;
  /** Where each content starts, and where the last one ends. */
  readonly #offsets: Float64Array;
  readonly #checksums: Uint32Array | undefined;

  /**
   * Adds up the sizes of all frames.
   *
   * @throws {RangeError} If a size is negative or no integer, or if the lists differ in length.
   */
  constructor(entries: ZstdSeekEntries) {
    const { compressedSizes, sizes, checksums } = entries;
    if (compressedSizes.length !== sizes.length || checksums && checksums.length !== sizes.length) {
      throw new RangeError("Cannot make an index: its lists differ in length");
    }
    this.#compressedOffsets = addUp(compressedSizes);
    this.#offsets = addUp(sizes);
    this.#checksums = checksums && Uint32Array.from(checksums);
  }

  /**
   * Reads an index that `toBytes` wrote, or the seek table of a file alone.
   *
   * @throws {UnsupportedFeatureError} With code "NOT_SEEKABLE" if the bytes are no seek table.
   * @throws {CorruptDataError} If the table contradicts itself.
   */
  static fromBytes(data: BytesSource): ZstdSeekIndex {
    return new ZstdSeekIndex(parseSeekTable(toBytes(data), Infinity));
  }

  /**
   * Reads an index that `toJSON` wrote.
   *
   * @throws {CorruptDataError} If the value is no index.
   */
  static fromJSON(value: unknown): ZstdSeekIndex {
    const { format, version, frames } = (value ?? {}) as Partial<ZstdSeekIndexJson>;
    if (format !== "zstd-seek-index" || version !== 1 || !Array.isArray(frames)) {
      throw corruptJson("it is none of version 1");
    }
    const width = frames[0]?.length ?? 2;
    for (const [index, frame] of frames.entries()) {
      const valid = Array.isArray(frame) && (width === 2 || width === 3) && frame.length === width &&
        frame.every((number) => Number.isSafeInteger(number) && number >= 0) &&
        (frame[1]! === 0 || frame[0]! > 0) && (width === 2 || frame[2]! <= 0xffff_ffff);
      if (!valid) throw corruptJson(`frame ${index} is not two or three sizes`);
    }
    const column = (at: number): number[] => frames.map((frame) => frame[at]!);
    const entries = {
      compressedSizes: column(0),
      sizes: column(1),
      checksums: width === 3 ? column(2) : undefined,
    };
    try {
      return new ZstdSeekIndex(entries);
    } catch (cause) {
      throw corruptJson("its sizes add up to too much", cause);
    }
  }

  /** Bytes of all content. */
  get size(): number {
    return this.#offsets.at(-1)!;
  }

  /** Bytes of all frames, without the seek table. */
  get compressedSize(): number {
    return this.#compressedOffsets.at(-1)!;
  }

  /** How many frames there are, skippable ones included. */
  get frameCount(): number {
    return this.#offsets.length - 1;
  }

  /** Whether every frame comes with a checksum of its content. */
  get hasChecksums(): boolean {
    return this.#checksums !== undefined;
  }

  /** All frames in order. */
  get frames(): Iterable<ZstdSeekFrame> {
    const frameCount = this.frameCount;
    const frame = (index: number): ZstdSeekFrame => this.frame(index);
    return {
      *[Symbol.iterator](): Generator<ZstdSeekFrame, void, undefined> {
        for (let index = 0; index < frameCount; index++) yield frame(index);
      },
    };
  }

  /**
   * One frame by its number.
   *
   * @throws {RangeError} If there is no such frame.
   */
  frame(index: number): ZstdSeekFrame {
    if (!Number.isInteger(checkNumber("index", index)) || index < 0 || index >= this.frameCount) {
      throw new RangeError(`Cannot find frame ${index}: there are ${this.frameCount} frames`);
    }
    const compressedOffset = this.#compressedOffsets[index]!;
    const offset = this.#offsets[index]!;
    return {
      index,
      compressedOffset,
      compressedSize: this.#compressedOffsets[index + 1]! - compressedOffset,
      offset,
      size: this.#offsets[index + 1]! - offset,
      checksum: this.#checksums?.[index],
    };
  }

  /** The frame that holds the content byte at `offset`; undefined after the end. */
  frameAt(offset: number): ZstdSeekFrame | undefined {
    if (!(checkNumber("offset", offset) >= 0 && offset < this.size)) return undefined;
    let low = 0;
    let high = this.frameCount;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if (this.#offsets[middle]! <= offset) low = middle;
      else high = middle;
    }
    return this.frame(low);
  }

  /**
   * The index as a seek table, which is a sidecar and also what makes a file seekable when it is appended.
   *
   * @throws {RangeError} If a frame holds more than 1 GiB: the table has no room for that; JSON has.
   */
  toBytes(): Uint8Array<ArrayBuffer> {
    const frames = [...this.frames];
    return makeSeekTable({
      compressedSizes: frames.map((frame) => frame.compressedSize),
      sizes: frames.map((frame) => frame.size),
      checksums: this.#checksums,
    });
  }

  /** The index as a plain value; `JSON.stringify` calls this. */
  toJSON(): ZstdSeekIndexJson {
    const frames = Array.from(
      this.frames,
      ({ compressedSize, size, checksum }) =>
        checksum === undefined ? [compressedSize, size] : [compressedSize, size, checksum],
    );
    return { format: "zstd-seek-index", version: 1, frames };
  }
}

/** Where each part starts, and where the last one ends. */
function addUp(sizes: ArrayLike<number>): Float64Array {
  const offsets = new Float64Array(sizes.length + 1);
  for (let i = 0; i < sizes.length; i++) {
    const size = sizes[i]!;
    const end = offsets[i]! + size;
    if (!Number.isSafeInteger(size) || size < 0 || !Number.isSafeInteger(end)) {
      throw new RangeError(`Cannot make an index: frame ${i} has ${size} bytes and ends at byte ${end}`);
    }
    offsets[i + 1] = end;
  }
  return offsets;
}

function corruptJson(fact: string, cause?: unknown): CorruptDataError {
  return new CorruptDataError(`Cannot read an index from JSON: ${fact}`, {
    format: "zstd",
    code: "CORRUPT",
    cause,
  });
}
