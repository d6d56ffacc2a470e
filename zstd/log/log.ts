/**
 * Logs: records appended to a seekable file.
 *
 * @module
 */
import {
  checkArgument,
  checkBoolean,
  checkInteger,
  checkKeys,
  concatBytes,
  pathOfFileUrl,
  toBytes,
} from "@sluice/internal";
import type { BytesSource } from "@sluice/internal";
import { requireDeno } from "@sluice/internal/file-source";
import { compressZstdAsync } from "../codec/compress.ts";
import { resolveCompressOptions } from "../options/_compress_options.ts";
import type { ZstdCompressOptions } from "../options/compress_options.ts";
import { ZstdSeekIndex } from "../seekable/seek_index.ts";
import { countLines, linesOf } from "./_lines.ts";
import { LogFile } from "./_log_file.ts";

/** How a log is written. */
export interface ZstdLogOptions extends Pick<ZstdCompressOptions, "level" | "backend"> {
  /** Write a frame after this many records: what came since the last one is lost with the process. @default {1000} */
  readonly flushEvery?: number | undefined;
  /** Write a frame after this many bytes of records, if they come sooner. @default {1048576} */
  readonly frameSize?: number | undefined;
  /** Wait with each frame until the disk has it, so that it outlives the machine's power as well. @default {false} */
  readonly durable?: boolean | undefined;
}

/** Which lines are read. */
export interface ZstdLogLines {
  /** The first line, from 0. @default {0} */
  readonly from?: number | undefined;
  /** The line after the last one. @default {Infinity} */
  readonly to?: number | undefined;
}

const KEYS: ReadonlySet<string> = new Set<keyof ZstdLogOptions>([
  "level",
  "backend",
  "flushEvery",
  "frameSize",
  "durable",
]);
const LINE_KEYS: ReadonlySet<string> = new Set<keyof ZstdLogLines>(["from", "to"]);
const FLUSH_EVERY_DEFAULT = 1000;
const FRAME_SIZE_DEFAULT = 1 << 20;
const FRAME_SIZE_MAX = 1 << 28;
const NEWLINE = 10;

/**
 * A file that records are appended to, one line each or more. Every flush ends a frame, so that what was flushed is read
 * by any zstd decoder at any time, while the log is open and after a crash. `close` adds a seek table: the file is then a
 * seekable one, which `ZstdSeekableReader` reads anywhere. Opening it again appends to it; what a writer that was stopped
 * left of its last frame is cut off.
 *
 * Frames of few records compress worse: `flushEvery` is how much may be lost, and what a frame holds. One log at a time
 * may have a file open. Deno only; needs `--allow-read` and `--allow-write` for the file.
 *
 * @example Append, read, close
 * ```ts
 * import { ZstdLog } from "@sluice/zstd/log";
 * import { assertEquals } from "@std/assert";
 *
 * const path = await Deno.makeTempFile({ suffix: ".zst" });
 * const log = await ZstdLog.open(path, { flushEvery: 2 });
 * for (const record of ["one", "two", "three"]) await log.append(record);
 * assertEquals(await Array.fromAsync(log.lines({ from: 1 })), ["two", "three"]);
 * await log.close();
 * await Deno.remove(path);
 * ```
 */
export class ZstdLog implements AsyncDisposable {
  readonly #file: LogFile;
  readonly #codecOptions: ZstdCompressOptions;
  readonly #flushEvery: number;
  readonly #frameSize: number;
  readonly #durable: boolean;
  /** Records that are in no frame yet. */
  #pending: Uint8Array<ArrayBuffer>[] = [];
  #pendingSize = 0;
  #pendingRecords = 0;
  /** Newlines of each frame; undefined for those that were there and have not been read. */
  readonly #newlines: (number | undefined)[];
  /** The last frame with content that was there before: the only one that may end within a line. */
  readonly #lastFound: number;
  /** How many frames were there before. */
  readonly #foundCount: number;
  /** Whether that frame, once it was read, ended within a line. */
  #endsWithinLine = false;
  /** Flushes are made one after the other. */
  #flushing: Promise<void> = Promise.resolve();
  #closed = false;

  private constructor(file: LogFile, options: ZstdLogOptions) {
    this.#file = file;
    this.#newlines = new Array(file.sizes.length).fill(undefined);
    this.#lastFound = file.sizes.findLastIndex((size) => size > 0);
    this.#foundCount = file.sizes.length;
    const { level, backend } = options;
    this.#codecOptions = { level, backend, contentChecksum: true };
    this.#flushEvery = options.flushEvery ?? FLUSH_EVERY_DEFAULT;
    this.#frameSize = options.frameSize ?? FRAME_SIZE_DEFAULT;
    this.#durable = options.durable ?? false;
  }

  /**
   * Opens the log in a file, which is made where there is none. A file without a seek table, as a crash leaves it, is read
   * once from start to end.
   *
   * @throws {TypeError} If an option has the wrong type or is not known.
   * @throws {RangeError} If an option is out of range.
   * @throws {SluiceError} With code "LOCKED" if another log has the file open.
   * @throws {CorruptDataError} If the file holds something other than zstd frames, and if it has no whole frame and does not
   *   start as the first frame of a log does, as a file of zeros. It is left as it was.
   */
  static async open(path: string | URL, options: ZstdLogOptions = {}): Promise<ZstdLog> {
    checkKeys(options, KEYS);
    checkArgument(
      typeof path === "string" || path instanceof URL,
      "open a log",
      path,
      "a path or a file URL",
    );
    checkInteger("flushEvery", options.flushEvery ?? FLUSH_EVERY_DEFAULT, 1, Number.MAX_SAFE_INTEGER);
    checkInteger("frameSize", options.frameSize ?? FRAME_SIZE_DEFAULT, 1, FRAME_SIZE_MAX);
    checkBoolean("durable", options.durable ?? false);
    const { level, backend } = options;
    resolveCompressOptions({ level, backend });
    requireDeno("open a log");
    const name = path instanceof URL ? pathOfFileUrl(path, "open a log") : path;
    return new ZstdLog(await LogFile.open(name, { backend }), options);
  }

  /** What was cut off the file when it was opened, in bytes: the part of a frame that a writer left. Undefined if nothing. */
  get cutTail(): { readonly offset: number; readonly length: number } | undefined {
    return this.#file.cutTail;
  }

  /** Where the frames that are written lie: enough to read the file with `ZstdSeekableReader` while it is open. */
  get index(): ZstdSeekIndex {
    return new ZstdSeekIndex(this.#file.entries);
  }

  /**
   * Adds a record: a line, or several with newlines between them, which `lines` and `lineCount` count one by one. A newline
   * is added unless it ends with one. Settles when the record is held, or written when it is the last of a frame.
   *
   * @throws {TypeError} If the log is closed, or the record is neither text nor bytes.
   * @throws {RangeError} If a text has a lone surrogate, which UTF-8 has no bytes for.
   * @throws {Error} What the system says when a frame can not be written. Its records stay and go with the next flush.
   */
  async append(record: string | BytesSource): Promise<void> {
    this.#checkOpen();
    if (typeof record === "string" && !record.isWellFormed()) {
      throw new RangeError(
        "Cannot append to the log: the record has a lone surrogate, give its bytes instead",
      );
    }
    const bytes = typeof record === "string" ? new TextEncoder().encode(record) : toBytes(record).slice();
    this.#hold(bytes);
    if (bytes.at(-1) !== NEWLINE) this.#hold(Uint8Array.of(NEWLINE));
    this.#pendingRecords++;
    if (this.#pendingRecords >= this.#flushEvery || this.#pendingSize >= this.#frameSize) await this.flush();
  }

  #hold(bytes: Uint8Array<ArrayBuffer>): void {
    this.#pending.push(bytes);
    this.#pendingSize += bytes.length;
  }

  /**
   * Writes the records so far as a frame; without any does nothing.
   *
   * @throws {TypeError} If the log is closed.
   */
  async flush(): Promise<void> {
    this.#checkOpen();
    await this.#flush();
  }

  async #flush(): Promise<void> {
    const turn = this.#flushing.then(() => this.#writeFrame());
    this.#flushing = turn.catch(() => {});
    await turn;
  }

  async #writeFrame(): Promise<void> {
    const { length } = this.#pending;
    if (length === 0) return;
    const records = this.#pendingRecords;
    const content = concatBytes(this.#pending);
    const frame = await compressZstdAsync(content, this.#codecOptions);
    await this.#file.append(frame, content.length, this.#durable);
    // Records that came meanwhile are in the next frame.
    this.#pending.splice(0, length);
    this.#pendingSize -= content.length;
    this.#pendingRecords -= records;
    this.#newlines.push(countLines(content));
  }

  /**
   * How many lines there are: as many as `lines` gives, those that are in no frame yet included. What follows the last
   * newline of a file that another program made is a line, and the next record goes on in it. Reads each frame that was
   * there before, once.
   */
  async lineCount(): Promise<number> {
    this.#checkOpen();
    await this.#flushing;
    const frameCount = this.#newlines.length;
    const isAppended = this.#pending.length > 0 || frameCount > this.#foundCount;
    let count = countLines(concatBytes(this.#pending));
    for (let index = 0; index < frameCount; index++) {
      if (this.#newlines[index] === undefined) await this.#readFrame(index);
      count += this.#newlines[index]!;
    }
    return isAppended || !this.#endsWithinLine ? count : count + 1;
  }

  /**
   * Lines from `from` up to, not including, `to`, without their newlines: of the frames that are written and of the records
   * that are not. What follows the last newline is a line unless it is empty. Frames of known lines are skipped. Bytes that are not UTF-8 come as U+FFFD.
   *
   * @throws {RangeError} If a bound is negative or no integer.
   * @throws {SluiceError} If a frame is damaged.
   */
  async *lines(range: ZstdLogLines = {}): AsyncGenerator<string, void, undefined> {
    this.#checkOpen();
    checkKeys(range, LINE_KEYS);
    const from = checkInteger("from", range.from ?? 0, 0, Number.MAX_SAFE_INTEGER);
    const to = range.to === Infinity
      ? Infinity
      : checkInteger("to", range.to ?? Number.MAX_SAFE_INTEGER, 0, Number.MAX_SAFE_INTEGER);
    await this.#flushing;
    const frameCount = this.#newlines.length;
    const tail = concatBytes(this.#pending);
    yield* linesOf(this.#contents(frameCount, tail), this.#newlines, from, to);
  }

  /** The content of each frame and of what is in none, each read when it is asked for. */
  *#contents(frameCount: number, tail: Uint8Array): Generator<() => Promise<Uint8Array>, void, undefined> {
    for (let index = 0; index < frameCount; index++) {
      yield () => this.#readFrame(index);
    }
    yield () => Promise.resolve(tail);
  }

  /** The content of a frame, whose lines are known from then on. */
  async #readFrame(index: number): Promise<Uint8Array> {
    this.#checkOpen();
    const content = await this.#file.readFrame(index);
    this.#newlines[index] ??= countLines(content);
    if (index === this.#lastFound) this.#endsWithinLine = content.at(-1) !== NEWLINE;
    return content;
  }

  #checkOpen(): void {
    if (this.#closed) throw new TypeError("Cannot use the log: it is closed");
  }

  /**
   * Writes what is held and the seek table, and closes the file. Calling it again does nothing.
   *
   * @throws {Error} What the system says when something can not be written. The log is closed all the same; what was
   *   flushed before stays readable.
   */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    try {
      await this.#flush();
    } finally {
      await this.#file.close();
    }
  }

  /** As `close`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
