/**
 * Work on many items, several at a time.
 *
 * @module
 */
import { checkInteger, checkKeys } from "@sluice/internal";

const POOL_OPTIONS: ReadonlySet<string> = new Set(["concurrency", "items", "work", "signal"]);

/** What a pool works on. */
export interface PdiffWorkerPoolOptions<Item, Result> {
  /** How many items are worked on at a time. */
  readonly concurrency: number;
  /** The items; taken one by one as there is room. */
  readonly items: Iterable<Item> | AsyncIterable<Item>;
  /** What is done to each. Abort of the signal says that nobody waits for the result any more. */
  readonly work: (item: Item, signal: AbortSignal) => Promise<Result>;
  /** Gives everything up. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs work on items, at most `concurrency` at a time, and yields the results as they come. The first failure ends it: what
 * runs is told so and waited for. At most `concurrency` results wait for the consumer.
 *
 * @example Squares
 * ```ts
 * import { PdiffWorkerPool } from "@sluice/pdiffcopy";
 * import { assertEquals } from "@std/assert";
 *
 * const pool = new PdiffWorkerPool({ concurrency: 2, items: [1, 2, 3], work: (item) => Promise.resolve(item * item) });
 * assertEquals((await Array.fromAsync(pool)).sort(), [1, 4, 9]);
 * ```
 */
export class PdiffWorkerPool<Item, Result> implements AsyncIterable<Result> {
  readonly #options: PdiffWorkerPoolOptions<Item, Result>;

  /**
   * Prepares a pool; nothing runs before it is iterated over.
   *
   * @throws {RangeError} If `concurrency` is no integer from 1 to 1024.
   */
  constructor(options: PdiffWorkerPoolOptions<Item, Result>) {
    checkKeys(options, POOL_OPTIONS);
    checkInteger("concurrency", options.concurrency, 1, 1024);
    this.#options = options;
  }

  /** Starts the work. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Result, void, undefined> {
    const { concurrency, items, work, signal } = this.#options;
    const stop = new AbortController();
    const forward = (): void => stop.abort(signal!.reason);
    if (signal?.aborted) forward();
    signal?.addEventListener("abort", forward, { once: true });
    const iterator = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
    const running = new Map<number, Promise<{ key: number; value: Result }>>();
    let count = 0;
    let exhausted = false;
    try {
      while (true) {
        while (!exhausted && running.size < concurrency) {
          stop.signal.throwIfAborted();
          const { value, done } = await iterator.next();
          if (done) {
            exhausted = true;
          } else {
            const key = count++;
            running.set(key, work(value, stop.signal).then((result) => ({ key, value: result })));
          }
        }
        if (running.size === 0) return;
        const { key, value } = await Promise.race(running.values());
        running.delete(key);
        yield value;
      }
    } catch (error) {
      stop.abort(error);
      throw error;
    } finally {
      stop.abort();
      signal?.removeEventListener("abort", forward);
      await Promise.allSettled(running.values());
      await iterator.return?.();
    }
  }
}
