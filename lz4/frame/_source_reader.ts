/**
 * Reads a source forward from an offset and opens it again after a failure, from the exact byte.
 */
import {
  checkByteSource,
  ChunkReader,
  delay,
  isLasting,
  openByteSource,
  untilAborted,
} from "@sluice/internal";
import type { ByteSource, ChunkSource } from "@sluice/internal";

/**
 * Where compressed bytes come from: random access, a Blob, a URL, a path, chunks in order, or a function that opens the
 * input at an offset.
 */
export type Lz4SourceLike =
  | ByteSource
  | Blob
  | URL
  | string
  | ChunkSource
  | ((offset: number, signal: AbortSignal) => ChunkSource | Promise<ChunkSource>);

/** How failures are dealt with. */
export interface SourceReaderOptions {
  readonly retries: number;
  readonly retryDelayMs: number;
  readonly signal: AbortSignal | undefined;
}

/** Bytes of one read of a random access source. */
const READ_SIZE = 1 << 20;
const DELAY_MS_MAX = 10_000;

/** One source, read forward. */
export class SourceReader {
  readonly #source: Exclude<Lz4SourceLike, Blob | URL | string> | Promise<ByteSource>;
  readonly #options: SourceReaderOptions;
  readonly #closing = new AbortController();
  /** Aborts with the caller's signal and when the reader is closed. */
  readonly #signal: AbortSignal;
  #offset: number;
  #skip: number;
  #chunks: ChunkReader | undefined;
  #failures = 0;
  /** The source with random access, once it is open. */
  #opened: ByteSource | undefined;
  /** Whether the last failure was of the call, not of the source. */
  #misused = false;
  reconnects = 0;

  /** Starts at `offset`; a source that only goes forward starts at `startsAt`. */
  constructor(source: Lz4SourceLike, offset: number, startsAt: number, options: SourceReaderOptions) {
    const opens = typeof source === "string" || source instanceof URL || source instanceof Blob;
    this.#source = opens
      ? openByteSource(source, options.signal === undefined ? {} : { signal: options.signal })
      : source;
    if (this.#source instanceof Promise) this.#source.catch(() => {}); // thrown by the first read
    this.#offset = offset;
    this.#skip = offset - startsAt;
    this.#options = options;
    const { signal } = this.#closing;
    this.#signal = options.signal === undefined ? signal : AbortSignal.any([options.signal, signal]);
  }

  /**
   * The next bytes; undefined at the end. An end before `isComplete` is taken for a broken connection where the source
   * can be opened again.
   *
   * @throws {unknown} The reason of the signal, as soon as it aborts.
   */
  async next(isComplete: () => boolean): Promise<Uint8Array | undefined> {
    while (true) {
      this.#signal.throwIfAborted();
      try {
        const chunk = await untilAborted(this.#read(), this.#signal);
        if (chunk !== undefined) {
          this.#failures = 0;
          this.#offset += chunk.length;
          return chunk;
        }
        if (!this.#reopens || isComplete() || this.#failures >= this.#options.retries) return undefined;
      } catch (error) {
        // What fetch throws when a connection fails is a TypeError, so that of an opener may pass.
        const final = !this.#retries || this.#failures >= this.#options.retries || this.#signal.aborted ||
          this.#misused || isLasting(error) || error instanceof TypeError && !this.#reopens;
        if (final) throw error;
      }
      await this.#wait();
    }
  }

  /** Ends the source; a read that is pending fails. */
  close(): void {
    this.#closing.abort(new TypeError("Cannot read on: the source is closed"));
    this.#endChunks();
  }

  /** Whether the source is a function, which opens the input again. */
  get #reopens(): boolean {
    return typeof this.#source === "function";
  }

  /** Whether a failed read can be tried again. */
  get #retries(): boolean {
    return this.#reopens || this.#opened !== undefined;
  }

  /** The source may already have failed; nobody waits for its end. */
  #endChunks(): void {
    this.#chunks?.close().catch(() => {});
    this.#chunks = undefined;
  }

  async #wait(): Promise<void> {
    const milliseconds = Math.min(this.#options.retryDelayMs * 2 ** this.#failures, DELAY_MS_MAX);
    this.#failures++;
    this.reconnects++;
    this.#endChunks();
    await delay(milliseconds, this.#signal);
  }

  async #read(): Promise<Uint8Array | undefined> {
    const source = this.#source instanceof Promise ? await this.#source : this.#source;
    const signal = this.#signal;
    if (isByteSource(source)) {
      this.#opened = checkByteSource(source);
      const length = Math.min(READ_SIZE, source.size - this.#offset);
      return length <= 0 ? undefined : await source.read(this.#offset, length, { signal });
    }
    if (this.#chunks === undefined) {
      const chunks = typeof source === "function" ? await source(this.#offset, signal) : source;
      this.#misused = true;
      this.#chunks = new ChunkReader(chunks, signal);
      this.#misused = false;
    }
    while (true) {
      const bytes = await this.#chunks.next();
      if (bytes === undefined) return undefined;
      const chunk = bytes.subarray(Math.min(this.#skip, bytes.length));
      this.#skip -= bytes.length - chunk.length;
      if (chunk.length > 0) return chunk;
    }
  }
}

function isByteSource(source: unknown): source is ByteSource {
  return typeof source === "object" && source !== null && "read" in source &&
    typeof source.read === "function";
}
