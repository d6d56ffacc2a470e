/**
 * Chunks of bytes that come one after another, wherever they come from.
 *
 * @module
 */
import { untilAborted } from "./abort.ts";
import { describe, toBytes } from "./bytes.ts";
import type { BytesSource } from "./bytes.ts";

/** What an iterable API reads from: chunks that come one after another, or one value with all bytes. */
export type ChunkSource = BytesSource | Iterable<BytesSource> | AsyncIterable<BytesSource>;

/**
 * The chunks of a source, one by one.
 *
 * @throws {TypeError} If the source is neither bytes nor iterable.
 *
 * @example A single value
 * ```ts
 * import { chunksOf } from "@sluice/internal";
 * import { assertEquals } from "@std/assert";
 *
 * const sizes: number[] = [];
 * for await (const chunk of chunksOf(new Uint8Array(3))) sizes.push(chunk.byteLength);
 * assertEquals(sizes, [3]);
 * ```
 */
export function chunksOf(source: ChunkSource): Iterable<BytesSource> | AsyncIterable<BytesSource> {
  if (ArrayBuffer.isView(source) || source instanceof ArrayBuffer) return [source];
  if (
    typeof source === "object" && source !== null &&
    (Symbol.asyncIterator in source || Symbol.iterator in source)
  ) {
    return source;
  }
  throw new TypeError(`Cannot iterate over the source: it is ${describe(source)}, expected chunks of bytes`);
}

/**
 * Reads a source chunk by chunk, where a signal ends even a read that is pending.
 *
 * @example A source that stalls
 * ```ts
 * import { ChunkReader } from "@sluice/internal";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * const controller = new AbortController();
 * const stalling = new ReadableStream<Uint8Array>({ start: (stream) => stream.enqueue(new Uint8Array(3)) });
 * const reader = new ChunkReader(stalling, controller.signal);
 * assertEquals((await reader.next())?.length, 3);
 * const pending = reader.next();
 * controller.abort(new Error("enough"));
 * await assertRejects(() => pending, Error, "enough");
 * await reader.close();
 * ```
 */
export class ChunkReader {
  readonly #iterator: Iterator<BytesSource> | AsyncIterator<BytesSource>;
  readonly #signal: AbortSignal | undefined;
  #over = false;

  /**
   * Opens the source; nothing is read before the first `next`.
   *
   * @throws {TypeError} If the source is neither bytes nor iterable.
   */
  constructor(source: ChunkSource, signal?: AbortSignal) {
    this.#iterator = iteratorOf(source);
    this.#signal = signal;
  }

  /**
   * The next chunk that has bytes; undefined at the end. Errors of the source pass through unchanged.
   *
   * @throws {TypeError} If a chunk holds no bytes.
   * @throws {unknown} The reason of the signal, as soon as it aborts.
   */
  async next(): Promise<Uint8Array | undefined> {
    while (!this.#over) {
      this.#signal?.throwIfAborted();
      let result: IteratorResult<BytesSource>;
      try {
        const step = this.#iterator.next();
        result = this.#signal === undefined
          ? await step
          : await untilAborted(Promise.resolve(step), this.#signal);
      } catch (error) {
        // An iterator that has thrown is over; one that still waits has to be told.
        this.#over = this.#signal?.aborted !== true;
        throw error;
      }
      if (result.done === true) {
        this.#over = true;
        break;
      }
      const bytes = toBytes(await result.value);
      if (bytes.length > 0) return bytes;
    }
    return undefined;
  }

  /** Ends the source, unless it has ended; after an abort nobody waits for it. */
  async close(): Promise<void> {
    if (this.#over) return;
    this.#over = true;
    const closing = Promise.resolve(this.#iterator.return?.());
    if (this.#signal?.aborted) closing.catch(() => {});
    else await closing;
  }
}

/**
 * The chunks of a source as bytes, where a signal ends even a read that is pending. Leaving the loop ends the source.
 *
 * @throws {TypeError} If the source is neither bytes nor iterable, or a chunk holds no bytes.
 *
 * @example Usage
 * ```ts
 * import { readChunks } from "@sluice/internal";
 * import { assertEquals } from "@std/assert";
 *
 * const sizes: number[] = [];
 * for await (const chunk of readChunks([new Uint8Array(3), new Uint8Array()])) sizes.push(chunk.length);
 * assertEquals(sizes, [3]);
 * ```
 */
export async function* readChunks(
  source: ChunkSource,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = new ChunkReader(source, signal);
  try {
    let chunk: Uint8Array | undefined;
    while ((chunk = await reader.next()) !== undefined) yield chunk;
  } finally {
    await reader.close();
  }
}

function iteratorOf(source: ChunkSource): Iterator<BytesSource> | AsyncIterator<BytesSource> {
  if (source instanceof ReadableStream) return streamIterator(source as ReadableStream<BytesSource>);
  const chunks = chunksOf(source);
  return Symbol.asyncIterator in chunks ? chunks[Symbol.asyncIterator]() : chunks[Symbol.iterator]();
}

/** The own iterator of a stream waits for a pending read before it cancels; a reader cancels at once. */
function streamIterator(stream: ReadableStream<BytesSource>): AsyncIterator<BytesSource> {
  const reader = stream.getReader();
  return {
    async next(): Promise<IteratorResult<BytesSource>> {
      const { value, done } = await reader.read();
      return done ? { value: undefined, done: true } : { value, done: false };
    },
    async return(): Promise<IteratorResult<BytesSource>> {
      await reader.cancel();
      reader.releaseLock();
      return { value: undefined, done: true };
    },
  };
}
