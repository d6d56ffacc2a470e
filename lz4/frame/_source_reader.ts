/**
 * Reads a source forward from an offset and opens it again after a failure, from the exact byte.
 */
import { toBytes } from "@sluice/internal";
import type { ByteSource, BytesSource, ChunkSource } from "@sluice/internal";

/** Where compressed bytes come from: random access, chunks in order, or a function that opens the input at an offset. */
export type Lz4SourceLike =
  | ByteSource
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

type ChunkIterator = Iterator<BytesSource> | AsyncIterator<BytesSource>;

/** One source, read forward. */
export class SourceReader {
  readonly #source: Lz4SourceLike;
  readonly #options: SourceReaderOptions;
  readonly #abort = new AbortController();
  #offset: number;
  #skip: number;
  #iterator: ChunkIterator | undefined;
  #failures = 0;
  reconnects = 0;

  /** Starts at `offset`; a source that only goes forward starts at `startsAt`. */
  constructor(source: Lz4SourceLike, offset: number, startsAt: number, options: SourceReaderOptions) {
    this.#source = source;
    this.#offset = offset;
    this.#skip = offset - startsAt;
    this.#options = options;
  }

  /**
   * The next bytes; undefined at the end. An end before `isComplete` is taken for a broken connection where the source
   * can be opened again.
   */
  async next(isComplete: () => boolean): Promise<BytesSource | undefined> {
    while (true) {
      this.#options.signal?.throwIfAborted();
      try {
        const chunk = await this.#read();
        if (chunk !== undefined) {
          this.#failures = 0;
          this.#offset += chunk.length;
          return chunk;
        }
        if (!this.#reopens || isComplete() || this.#failures >= this.#options.retries) return undefined;
      } catch (error) {
        const final = !this.#retries || this.#failures >= this.#options.retries ||
          this.#abort.signal.aborted ||
          this.#options.signal?.aborted || error instanceof RangeError ||
          error instanceof TypeError && !this.#reopens;
        if (final) throw error;
      }
      await this.#wait();
    }
  }

  /** Lets the source go. */
  close(): void {
    this.#abort.abort();
    const iterator = this.#iterator;
    this.#iterator = undefined;
    // The source may already have failed; nobody waits for its end.
    Promise.resolve(iterator?.return?.()).catch(() => {});
  }

  /** Whether the source is a function, which opens the input again. */
  get #reopens(): boolean {
    return typeof this.#source === "function";
  }

  /** Whether a failed read can be tried again. */
  get #retries(): boolean {
    return this.#reopens || isByteSource(this.#source);
  }

  async #wait(): Promise<void> {
    const delay = Math.min(this.#options.retryDelayMs * 2 ** this.#failures, DELAY_MS_MAX);
    this.#failures++;
    this.reconnects++;
    const iterator = this.#iterator;
    this.#iterator = undefined;
    Promise.resolve(iterator?.return?.()).catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, delay));
  }

  async #read(): Promise<Uint8Array | undefined> {
    const source = this.#source;
    if (isByteSource(source)) {
      const length = Math.min(READ_SIZE, source.size - this.#offset);
      return length <= 0
        ? undefined
        : await source.read(this.#offset, length, { signal: this.#abort.signal });
    }
    this.#iterator ??= iteratorOf(
      typeof source === "function" ? await source(this.#offset, this.#abort.signal) : source,
    );
    while (true) {
      const { value, done } = await this.#iterator.next();
      if (done === true) return undefined;
      const bytes = toBytes(value);
      const chunk = bytes.subarray(Math.min(this.#skip, bytes.length));
      this.#skip -= bytes.length - chunk.length;
      if (chunk.length > 0) return chunk;
    }
  }
}

function isByteSource(source: Lz4SourceLike): source is ByteSource {
  return typeof source === "object" && source !== null && "read" in source &&
    typeof source.read === "function";
}

function iteratorOf(source: ChunkSource): ChunkIterator {
  if (ArrayBuffer.isView(source) || source instanceof ArrayBuffer) return [source][Symbol.iterator]();
  if (Symbol.asyncIterator in source) return source[Symbol.asyncIterator]();
  if (Symbol.iterator in source) return source[Symbol.iterator]();
  throw new TypeError("Cannot read the source: it is no random access, no chunks and no function");
}
