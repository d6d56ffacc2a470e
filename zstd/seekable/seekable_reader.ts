/**
 * Random access into seekable files.
 *
 * @module
 */
import {
  checkInteger,
  checkKeys,
  checkNumber,
  checkRange,
  ChecksumMismatchError,
  CorruptDataError,
  errorOfPart,
  LimitExceededError,
  openByteSource,
  SluiceError,
} from "@sluice/internal";
import type { ByteSource, ByteSourceLike, ByteSourceReadOptions } from "@sluice/internal";
import { contentChecksum } from "../codec/_content_checksum.ts";
import { FrameCache } from "./_frame_cache.ts";
import { FrameRanges } from "./_frame_ranges.ts";
import { FRAME_HEADER_SIZE_MAX, SKIPPABLE_HEADER_SIZE } from "../frame/_format.ts";
import { parseFrameHeader } from "../frame/_frame_parser.ts";
import { readSeekTable, TAIL_SIZE } from "./_read_index.ts";
import { defaultConcurrency, resolveSeekableReadOptions } from "./_seekable_options.ts";
import type { SeekableReadSettings } from "./_seekable_options.ts";
import { decompressZstdAsync } from "../codec/decompress.ts";
import type { ZstdDecompressOptions, ZstdFrameOptions } from "../options/decompress_options.ts";
import { ZstdSeekIndex } from "./seek_index.ts";
import type { ZstdSeekFrame } from "./seek_index.ts";

/** How a seekable file is read. Codec options apply to every frame. */
export interface ZstdSeekableReadOptions extends ZstdFrameOptions {
  /** An index of the file; with it the file's own table is not read and need not be there. */
  readonly index?: ZstdSeekIndex | undefined;
  /** Compare every frame's content with the index's checksum, where there is one. @default {true} */
  readonly verifyChecksums?: boolean | undefined;
  /** The most bytes of decoded frames that are kept for further reads. @default {2 ** 24} */
  readonly cacheSize?: number | undefined;
  /** The most bytes of a frame, compressed or decoded. @default {2 ** 30} */
  readonly maxFrameSize?: number | undefined;
  /** The most bytes of a seek table: 12 a frame. @default {2 ** 26} */
  readonly maxTableSize?: number | undefined;
  /** Gives up the opening. */
  readonly signal?: AbortSignal | undefined;
}

/** How a part of the content is streamed. */
export interface ZstdSeekableStreamOptions extends ByteSourceReadOptions {
  /** How many frames are decoded at the same time, 1 to 64. @default {one for each processor natively, 1 in WASM} */
  readonly concurrency?: number | undefined;
}

/** Frames decoded ahead hold at most this much content, unless a single one is larger. */
const AHEAD_SIZE_MAX = 64 << 20;
const CONCURRENCY_MAX = 64;
const STREAM_OPTIONS: ReadonlySet<string> = new Set(["concurrency", "signal"]);
const READ_OPTIONS: ReadonlySet<string> = new Set<keyof ByteSourceReadOptions>(["signal"]);

/** Decoded content of a frame; `shared` when the reader keeps it. */
interface Decoded {
  readonly frame: ZstdSeekFrame;
  readonly content: Uint8Array;
  readonly shared: boolean;
}

/**
 * Reads any part of a seekable file: finds the frames that hold it, reads them, adjacent ones with one request, decodes
 * and checks them. Decoded frames are kept for further reads, up to `cacheSize` bytes; reads of one frame at the same time
 * decode it once. The source stays the caller's.
 *
 * @example Ranges and frames
 * ```ts
 * import { byteSourceFromBytes, compressZstdSeekable, ZstdSeekableReader } from "@sluice/zstd/seekable";
 * import { assertEquals } from "@std/assert";
 *
 * const file = compressZstdSeekable(new TextEncoder().encode("one two three"), { frameSize: 4 });
 * const reader = await ZstdSeekableReader.open(byteSourceFromBytes(file));
 * assertEquals(new TextDecoder().decode(await reader.read(4, 3)), "two");
 * assertEquals(new TextDecoder().decode(await reader.readFrame(0)), "one ");
 * const tail = reader.stream(8).pipeThrough(new TextDecoderStream());
 * assertEquals((await Array.fromAsync(tail)).join(""), "three");
 * await reader.verify();
 * ```
 */
export class ZstdSeekableReader {
  /** Where every frame lies. */
  readonly index: ZstdSeekIndex;
  readonly #source: ByteSource;
  readonly #settings: SeekableReadSettings;
  readonly #codecOptions: ZstdDecompressOptions;
  readonly #cache: FrameCache;
  /** Frames that are being decoded for reads without a signal. */
  readonly #loading = new Map<number, Promise<Uint8Array>>();
  /** Frames that were found to have no content, as the index says. */
  readonly #empty = new Set<number>();

  private constructor(
    source: ByteSource,
    index: ZstdSeekIndex,
    settings: SeekableReadSettings,
    codecOptions: ZstdDecompressOptions,
  ) {
    this.#source = source;
    this.index = index;
    this.#settings = settings;
    this.#codecOptions = codecOptions;
    this.#cache = new FrameCache(settings.cacheSize);
  }

  /**
   * Opens a seekable file, wherever it is: bytes, a Blob, a URL, a path or a source. One read of its last 64 KiB, and a second one when the table is larger.
   *
   * @throws {TypeError} If an option has the wrong type or is not known.
   * @throws {UnsupportedFeatureError} With code "NOT_SEEKABLE" if no seek table stands at its end, or one that is not about the whole file.
   * @throws {CorruptDataError} If the table contradicts itself or the size of the file, or the index does.
   * @throws {LimitExceededError} If the table is larger than `maxTableSize`.
   */
  static async open(
    data: ByteSourceLike,
    options: ZstdSeekableReadOptions = {},
  ): Promise<ZstdSeekableReader> {
    const { signal: opening } = options;
    const source = await openByteSource(data, { signal: opening, tailSize: TAIL_SIZE });
    const settings = resolveSeekableReadOptions(options);
    const {
      index,
      signal,
      verifyChecksums: _,
      cacheSize: __,
      maxFrameSize: ___,
      maxTableSize: ____,
      ...codec
    } = options;
    const found = index ?? new ZstdSeekIndex(await readSeekTable(source, settings.maxTableSize, signal));
    if (found.compressedSize > source.size) {
      throw new CorruptDataError(
        `Cannot use an index: its frames have ${found.compressedSize} bytes, the file has ${source.size}`,
        { format: "zstd", code: "CORRUPT", offset: source.size },
      );
    }
    return new ZstdSeekableReader(source, found, settings, codec);
  }

  /** Bytes of all content. */
  get size(): number {
    return this.index.size;
  }

  /** How many frames there are. */
  get frameCount(): number {
    return this.index.frameCount;
  }

  /** All frames in order. */
  get frames(): Iterable<ZstdSeekFrame> {
    return this.index.frames;
  }

  /** The frame that holds the content byte at `offset`; undefined after the end. */
  frameAt(offset: number): ZstdSeekFrame | undefined {
    return this.index.frameAt(offset);
  }

  /**
   * Reads exactly `length` bytes of content from `offset`, into a fresh array.
   *
   * @throws {RangeError} If the range does not lie inside the content.
   * @throws {CorruptDataError} If a frame is corrupt or does not hold what the index says.
   * @throws {TruncatedDataError} If a frame ends early.
   * @throws {ChecksumMismatchError} If content is not what its checksum was made of.
   * @throws {LimitExceededError} If a frame is larger than `maxFrameSize`.
   */
  async read(
    offset: number,
    length: number,
    options: ByteSourceReadOptions = {},
  ): Promise<Uint8Array<ArrayBuffer>> {
    checkKeys(options, READ_OPTIONS);
    checkRange(offset, length, this.size);
    const target = new Uint8Array(length);
    let at = 0;
    for await (
      const part of this.#parts(offset, offset + length, this.#concurrency(), options.signal, true)
    ) {
      target.set(part.content, at);
      at += part.content.length;
    }
    return target;
  }

  /**
   * Reads the content of one frame, into a fresh array.
   *
   * @throws {RangeError} If there is no such frame.
   * @throws {SluiceError} As `read`.
   */
  async readFrame(index: number, options: ByteSourceReadOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
    checkKeys(options, READ_OPTIONS);
    const frame = this.index.frame(index);
    const { offset, size } = frame;
    if (size === 0) await this.#checkEmpty(frame, options.signal);
    return await this.read(offset, size, options);
  }

  /**
   * `length` bytes of content from `offset` on, as a byte stream with one chunk a frame. Up to `concurrency` frames are read and decoded
   * ahead of the reader, together at most 64 MiB of content unless one frame alone has more. Cancelling gives up what is
   * under way.
   *
   * @throws {RangeError} If the range does not lie inside the content.
   */
  stream(
    offset = 0,
    length: number = this.size - checkNumber("offset", offset),
    options: ZstdSeekableStreamOptions = {},
  ): ReadableStream<Uint8Array<ArrayBuffer>> {
    checkKeys(options, STREAM_OPTIONS);
    const { signal } = options;
    checkRange(offset, length, this.size);
    const concurrency = this.#concurrency(options.concurrency);
    const cancelled = new AbortController();
    const both = signal === undefined ? cancelled.signal : AbortSignal.any([signal, cancelled.signal]);
    const parts = this.#parts(offset, offset + length, concurrency, both, false);
    return new ReadableStream({
      type: "bytes",
      async pull(controller): Promise<void> {
        const { done, value } = await parts.next();
        if (done) {
          controller.close();
          controller.byobRequest?.respond(0);
        } else {
          controller.enqueue(value.shared ? value.content.slice() : value.content as Uint8Array<ArrayBuffer>);
        }
      },
      cancel(reason): void {
        cancelled.abort(reason);
      },
    });
  }

  /**
   * Decodes every frame and checks it, holding a few at a time.
   *
   * @throws {SluiceError} As `read`, with the number of the frame as `index`.
   */
  async verify(options: ByteSourceReadOptions = {}): Promise<void> {
    checkKeys(options, READ_OPTIONS);
    const all = this.#decode(0, this.frameCount - 1, this.#concurrency(), options.signal, false, true);
    for await (const _ of all);
  }

  #concurrency(wanted?: number): number {
    return checkInteger(
      "concurrency",
      wanted ?? defaultConcurrency(this.#codecOptions.backend),
      1,
      CONCURRENCY_MAX,
    );
  }

  /** The content from `start` to `end`, frame by frame, cut to that range. */
  async *#parts(
    start: number,
    end: number,
    concurrency: number,
    signal: AbortSignal | undefined,
    keep: boolean,
  ): AsyncGenerator<Decoded, void, undefined> {
    signal?.throwIfAborted();
    const first = this.index.frameAt(start);
    if (first === undefined || end === start) return;
    let from = first.index;
    let to = this.index.frameAt(end - 1)!.index;
    // An entry of size 0 claims that its frame has no content: it is checked with the frames beside it.
    while (from > 0 && this.index.frame(from - 1).size === 0) from--;
    while (to + 1 < this.frameCount && this.index.frame(to + 1).size === 0) to++;
    for await (const { frame, content, shared } of this.#decode(from, to, concurrency, signal, keep)) {
      const part = content.subarray(
        Math.max(0, start - frame.offset),
        Math.min(frame.size, end - frame.offset),
      );
      yield { frame, content: part, shared };
    }
  }

  /** Frames in order, several of them under way; empty ones are passed over unless `all` are wanted. */
  async *#decode(
    first: number,
    last: number,
    concurrency: number,
    signal: AbortSignal | undefined,
    keep: boolean,
    all = false,
  ): AsyncGenerator<Decoded, void, undefined> {
    const isWanted = (index: number): boolean =>
      (all || this.index.frame(index).size > 0) && !(keep && this.#cache.has(index));
    const ranges = new FrameRanges(
      this.#source,
      (index) => this.index.frame(index),
      isWanted,
      last,
      signal,
    );
    const ahead: { readonly size: number; readonly decoded: Promise<Decoded> }[] = [];
    let aheadSize = 0;
    try {
      for (let next = first; next <= last || ahead.length > 0;) {
        while (next <= last && ahead.length < concurrency) {
          const frame = this.index.frame(next);
          if (ahead.length > 0 && aheadSize + frame.size > AHEAD_SIZE_MAX) break;
          next++;
          if (frame.size === 0 && !all) {
            await this.#checkEmpty(frame, signal);
            continue;
          }
          this.#checkLimit(frame);
          const decoded = this.#load(frame, ranges, signal, keep);
          decoded.catch(() => {}); // told when its turn comes
          ahead.push({ size: frame.size, decoded });
          aheadSize += frame.size;
        }
        const head = ahead.shift();
        if (head === undefined) return;
        aheadSize -= head.size;
        yield await head.decoded;
        signal?.throwIfAborted();
      }
    } finally {
      // Decoding stops as soon as the reader cancels or an error was reported.
      await Promise.allSettled(ahead.map(({ decoded }) => decoded));
    }
  }

  /** Holds an entry of size 0 against its frame, once: a skippable frame, or one without content. */
  async #checkEmpty(frame: ZstdSeekFrame, signal: AbortSignal | undefined): Promise<void> {
    const { index, compressedOffset, compressedSize } = frame;
    if (this.#empty.has(index) || compressedSize === 0) return;
    const headSize = Math.min(compressedSize, FRAME_HEADER_SIZE_MAX);
    const head = await this.#source.read(compressedOffset, headSize, { signal });
    const header = parseFrameHeader(head, 0, headSize, false, compressedOffset);
    const skips = typeof header !== "number" && header.type === "skippable" &&
      header.contentSize! + SKIPPABLE_HEADER_SIZE === compressedSize;
    if (!skips) {
      this.#checkLimit(frame);
      const bytes = await this.#source.read(compressedOffset, compressedSize, { signal });
      await this.#decodeFrame({ ...frame, checksum: undefined }, bytes);
    }
    this.#empty.add(index);
  }

  #checkLimit({ index, compressedOffset, compressedSize, size }: ZstdSeekFrame): void {
    const limit = this.#settings.maxFrameSize;
    const actual = Math.max(size, compressedSize);
    if (actual <= limit) return;
    throw new LimitExceededError(
      `Cannot read frame ${index} at byte ${compressedOffset}: it has ${actual} bytes, expected at most ${limit}`,
      { format: "zstd", code: "OUTPUT_LIMIT", offset: compressedOffset, limit, actual, unit: "bytes" },
    );
  }

  /** One frame: from the cache, from a read that is under way, or decoded now. */
  async #load(
    frame: ZstdSeekFrame,
    ranges: FrameRanges,
    signal: AbortSignal | undefined,
    keep: boolean,
  ): Promise<Decoded> {
    const { index } = frame;
    const cached = this.#cache.get(index) ?? this.#loading.get(index);
    if (cached !== undefined) return { frame, content: await cached, shared: true };
    const content = ranges.read(index).then((bytes) => this.#decodeFrame(frame, bytes));
    if (!keep) return { frame, content: await content, shared: false };
    // A load that one caller can give up is not for others to wait for.
    if (signal === undefined) this.#loading.set(index, content);
    try {
      this.#cache.set(index, await content);
      return { frame, content: await content, shared: true };
    } finally {
      if (this.#loading.get(index) === content) this.#loading.delete(index);
    }
  }

  async #decodeFrame(frame: ZstdSeekFrame, bytes: Uint8Array): Promise<Uint8Array> {
    const { index, compressedOffset, size } = frame;
    try {
      const content = await decompressZstdAsync(bytes, { ...this.#codecOptions, maxOutputSize: size })
        .catch((error) => {
          if (error instanceof LimitExceededError && error.code === "OUTPUT_LIMIT") {
            throw wrongSize(frame, `more than ${size}`, error);
          }
          throw errorOfPart(error, `Cannot read frame ${index}`, compressedOffset);
        });
      this.#check(frame, content);
      return content;
    } catch (error) {
      if (error instanceof SluiceError) error.index = index;
      throw error;
    }
  }

  #check(frame: ZstdSeekFrame, content: Uint8Array): void {
    if (content.length !== frame.size) throw wrongSize(frame, `${content.length}`);
    if (!this.#settings.verifyChecksums || frame.checksum === undefined) return;
    const checksum = contentChecksum(content, this.#codecOptions.backend);
    if (checksum === frame.checksum) return;
    throw new ChecksumMismatchError(
      `Cannot read frame ${frame.index} at byte ${frame.compressedOffset}: its content has checksum ${checksum}, ` +
        `expected ${frame.checksum}`,
      { format: "zstd", code: "CHECKSUM_MISMATCH", offset: frame.compressedOffset },
    );
  }
}

function wrongSize(frame: ZstdSeekFrame, found: string, cause?: unknown): CorruptDataError {
  return new CorruptDataError(
    `Cannot read frame ${frame.index} at byte ${frame.compressedOffset}: its content has ${found} bytes, ` +
      `expected ${frame.size}`,
    { format: "zstd", code: "CORRUPT", offset: frame.compressedOffset, cause },
  );
}
