/**
 * Reading anywhere in a compressed file.
 *
 * @module
 */
import {
  checkByteSource,
  checkInteger,
  checkKeys,
  checkNumber,
  checkRange,
  openByteSource,
} from "@sluice/internal";
import type { ByteSource, ByteSourceLike } from "@sluice/internal";
import { newSegmentContext, SegmentDecoder } from "./_segment_decoder.ts";
import type { SegmentContext } from "./_segment_decoder.ts";
import type { Lz4DictionarySource } from "../codec/decompress_options.ts";
import { buildLz4Index } from "./index_builder.ts";
import { partsOf, rowsOf } from "./_index_rows.ts";
import { Lz4Index } from "./index_file.ts";

/** How an archive reads. */
export interface Lz4ArchiveOptions {
  /** The dictionary that the file was made with. */
  readonly dictionary?: Lz4DictionarySource | undefined;
  /** Bytes of decoded content that are kept for the next read. @default {16777216} */
  readonly cacheSize?: number | undefined;
  /** Gives reading up. */
  readonly signal?: AbortSignal | undefined;
}

/** A range of content and how it is read ahead. */
export interface Lz4ArchiveStreamOptions {
  /**
   * How many threads decode natively. So many parts and one more, each a segment or at least 1 MiB, are fetched and
   * decoded at a time; with 1 it is one part.
   *
   * @default {1}
   */
  readonly threads?: number | undefined;
}

const ARCHIVE_OPTIONS: ReadonlySet<string> = new Set<keyof Lz4ArchiveOptions>([
  "dictionary",
  "cacheSize",
  "signal",
]);
const STREAM_OPTIONS: ReadonlySet<string> = new Set(["threads"]);
const CACHE_SIZE_DEFAULT = 16 << 20;

const OPEN_OPTIONS: ReadonlySet<string> = new Set(["dictionary", "cacheSize", "signal", "index"]);

/**
 * The content of a compressed file as random access bytes, itself a `ByteSource`. A read fetches one range of the file,
 * from the point before it to the point after it, and decodes it; content is verified when the index has hashes.
 *
 * @example A range in the middle
 * ```ts
 * import { buildLz4Index, compressLz4, Lz4Archive } from "@sluice/lz4";
 * import { byteSourceFromBytes } from "@sluice/lz4";
 * import { assertEquals } from "@std/assert";
 *
 * const file = byteSourceFromBytes(compressLz4(new Uint8Array(200_000).fill(3), { blockSize: 65536 }));
 * const archive = new Lz4Archive(file, await buildLz4Index(file, { spacing: 65536 }));
 * assertEquals(await archive.read(150_000, 3), new Uint8Array([3, 3, 3]));
 * ```
 */
export class Lz4Archive {
  readonly #index: Lz4Index;
  readonly #context: SegmentContext;
  readonly #cache = new Map<number, Uint8Array<ArrayBuffer>>();
  readonly #cacheSize: number;
  #cached = 0;

  /**
   * Joins a file and its index.
   *
   * @throws {TypeError} If the file is no source, or an option is not known.
   */
  constructor(source: ByteSource, index: Lz4Index, options: Lz4ArchiveOptions = {}) {
    checkByteSource(source);
    checkKeys(options, ARCHIVE_OPTIONS);
    this.#index = index;
    this.#cacheSize = checkInteger(
      "cacheSize",
      options.cacheSize ?? CACHE_SIZE_DEFAULT,
      0,
      Number.MAX_SAFE_INTEGER,
    );
    this.#context = newSegmentContext(source, options.dictionary, options.signal);
  }

  /**
   * Opens a file, wherever it is: bytes, a Blob, a URL, a path or a source. Its index is the one that is given, else the
   * one at its end, else one that is built by reading the whole file once.
   *
   * @throws {SluiceError} As `buildLz4Index`.
   */
  static async open(
    data: ByteSourceLike,
    options: Lz4ArchiveOptions & { readonly index?: Lz4Index | undefined } = {},
  ): Promise<Lz4Archive> {
    checkKeys(options, OPEN_OPTIONS);
    const { index, ...own } = options;
    checkKeys(own, ARCHIVE_OPTIONS);
    const { signal, dictionary } = own;
    const source = await openByteSource(data, { signal });
    const found = index ?? await Lz4Index.embedded(source) ??
      await buildLz4Index(source, { dictionary, signal });
    return new Lz4Archive(source, found, own);
  }

  /** Bytes of the content. */
  get size(): number {
    return this.#index.outputSize;
  }

  #rest(offset: number): number {
    return this.size - checkNumber("offset", offset);
  }

  /**
   * Reads exactly `length` bytes of content from `offset`; up to the end where no length is given.
   *
   * @throws {RangeError} If the range does not lie inside the content.
   * @throws {CorruptDataError} If the file and the index do not fit ("INDEX_ASSUMPTION"), or the file is corrupt.
   * @throws {ChecksumMismatchError} With code "SEGMENT_CHECKSUM" if the content is not what was indexed.
   */
  async read(offset: number, length: number = this.#rest(offset)): Promise<Uint8Array<ArrayBuffer>> {
    checkRange(offset, length, this.size);
    const output = new Uint8Array(length);
    if (length === 0) return output;
    const start = offset;
    const end = offset + length;
    const decoder = new SegmentDecoder(await rowsOf(this.#index.model, start, end), this.#context);
    const first = decoder.segmentAt(start);
    const last = decoder.segmentAt(end - 1);
    const missing = Array.from({ length: last - first + 1 }, (_, i) => first + i).filter((id) =>
      !this.#cache.has(decoder.keyOf(id))
    );
    const fresh = missing.length === 0
      ? new Map<number, Uint8Array<ArrayBuffer>>()
      : await decoder.decodeRange(missing[0]!, missing.at(-1)!);
    for (let id = first; id <= last; id++) {
      const bytes = fresh.get(id) ?? this.#cache.get(decoder.keyOf(id))!;
      const from = decoder.outOf(id);
      const part = bytes.subarray(Math.max(0, start - from), Math.min(bytes.length, end - from));
      output.set(part, Math.max(0, from - start));
    }
    for (const [id, bytes] of fresh) this.#keep(decoder.keyOf(id), bytes);
    return output;
  }

  /**
   * `length` bytes of content from `offset` on, in order, a part at a time, with the next parts decoded meanwhile.
   *
   * @throws {RangeError} If the range does not lie inside the content.
   */
  async *stream(
    offset = 0,
    length: number = this.#rest(offset),
    options: Lz4ArchiveStreamOptions = {},
  ): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
    checkKeys(options, STREAM_OPTIONS);
    const threads = checkInteger("threads", options.threads ?? 1, 1, 64);
    checkRange(offset, length, this.size);
    if (length === 0) return;
    for await (const part of partsOf(this.#index.model, offset, offset + length)) {
      yield* this.#streamPart(new SegmentDecoder(part.model, this.#context), part.start, part.end, threads);
    }
  }

  async *#streamPart(
    decoder: SegmentDecoder,
    start: number,
    end: number,
    threads: number,
  ): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
    const last = decoder.segmentAt(end - 1);
    const parts = threads === 1 ? 1 : threads + 1; // one more, so that no thread waits for the event loop
    const ahead: { readonly from: number; readonly content: Promise<Uint8Array<ArrayBuffer>> }[] = [];
    let next = decoder.segmentAt(start);
    const fill = (): void => {
      while (next <= last && ahead.length < parts) {
        const until = decoder.groupEnd(next, last);
        const content = decoder.decode(next, until, threads > 1);
        content.catch(() => {}); // it is reported when its turn comes
        ahead.push({ from: decoder.outOf(next), content });
        next = until + 1;
      }
    };
    try {
      fill();
      while (ahead.length > 0) {
        const { from, content } = ahead[0]!;
        const bytes = await content;
        ahead.shift();
        if (threads > 1) fill(); // what comes is decoded while the reader works
        const part = bytes.subarray(Math.max(0, start - from), Math.min(bytes.length, end - from));
        if (part.length > 0) yield part;
        fill();
      }
    } finally {
      await Promise.allSettled(ahead.map(({ content }) => content));
    }
  }

  /**
   * Lines of UTF-8 text in a range, without their line feeds. The first one is whole if a line starts at `offset`.
   *
   * @throws {RangeError} If the range does not lie inside the content.
   */
  async *lines(
    offset = 0,
    length: number = this.#rest(offset),
    options: Lz4ArchiveStreamOptions = {},
  ): AsyncGenerator<string, void, undefined> {
    const decoder = new TextDecoder();
    let rest = "";
    for await (const chunk of this.stream(offset, length, options)) {
      const parts = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = parts.pop()!;
      yield* parts;
    }
    rest += decoder.decode();
    if (rest.length > 0) yield rest;
  }

  /** Frees what the archive holds; it can be used again. */
  close(): void {
    this.#cache.clear();
    this.#cached = 0;
    this.#context.kernels.clear();
  }

  /** Frees what the archive holds. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** Keeps a decoded segment; the one that was kept first goes when there is no room. */
  #keep(key: number, bytes: Uint8Array<ArrayBuffer>): void {
    if (bytes.length > this.#cacheSize || this.#cache.has(key)) return;
    this.#cache.set(key, bytes);
    this.#cached += bytes.length;
    for (const [old, { length }] of this.#cache) {
      if (this.#cached <= this.#cacheSize) break;
      this.#cache.delete(old);
      this.#cached -= length;
    }
  }
}
