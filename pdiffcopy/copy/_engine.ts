/**
 * One copy from a source to a target, whatever they are: parts of the file side by side, each compared and sent in one
 * go, and tried again where that may help.
 */
import type { Table } from "../file/_block_file.ts";
import { failure } from "../file/_errors.ts";
import type { RateLimiter } from "../file/_rate_limit.ts";
import { retrying } from "../file/_retry.ts";
import type { RetryPolicy } from "../file/_retry.ts";
import type { CopySource, CopyTarget, Taken } from "./_sides.ts";

const PART_MIN = 32 << 20;
const PART_MAX = 4 * 2 ** 30;

/** A range of the file that is copied on its own. */
export interface Part {
  readonly start: number;
  readonly end: number;
}

/** How a copy runs. */
export interface EngineOptions {
  readonly concurrency: number;
  readonly delta: boolean;
  readonly retry: RetryPolicy;
  readonly limiter: RateLimiter;
  readonly signal: AbortSignal | undefined;
  /** Hears of each step: bytes that are done and bytes that were written. */
  readonly onStep: (done: number, written: number) => void;
}

/** The parts of a file: of whole blocks, a few for each worker. */
export function* partsOf(size: number, blockSize: number, concurrency: number): Generator<Part> {
  const wanted = Math.min(PART_MAX, Math.max(PART_MIN, size / (4 * concurrency)));
  const length = Math.max(1, Math.round(wanted / blockSize)) * blockSize;
  for (let start = 0; start < size; start += length) yield { start, end: Math.min(size, start + length) };
}

/** Copies one part: asks what is there, and takes frames for the rest. */
export async function copyPart(
  source: CopySource,
  target: CopyTarget,
  { start, end }: Part,
  table: Table,
  options: EngineOptions,
  signal: AbortSignal,
): Promise<void> {
  const { retry, onStep } = options;
  let told = 0;
  await retrying(retry, options.signal, async () => {
    let next = start;
    // What an attempt before has brought is not asked for again.
    const compared = options.delta ? end : start + told;
    const knownEnd = compared > start ? await target.digests(start, compared, table) : start;
    const sending = new SendWindow(source.lookahead, (reached, written) => {
      retry.progress.reach(start, reached);
      onStep(Math.max(0, reached - start - told), written);
      told = Math.max(told, reached - start);
    });
    try {
      for await (const frames of source.frames(start, end, knownEnd, table)) {
        signal.throwIfAborted();
        await options.limiter.take(source.remote || target.remote ? frames.length : 0, signal);
        const taken = await target.apply(next, end, table, frames);
        next = taken.next;
        await sending.add(taken);
      }
      await sending.settle();
    } finally {
      await sending.end();
    }
    if (next !== end) {
      throw failure(
        "TRUNCATED",
        `Cannot copy ${source.label}: the frames end at byte ${next}, expected ${end}`,
        {
          offset: next,
        },
      );
    }
  });
}

/** Frames on their way to the target: up to so many while the next are made. */
class SendWindow {
  readonly #waiting: Taken[] = [];
  readonly #size: number;
  readonly #onDone: (reached: number, written: number) => void;

  constructor(size: number, onDone: (reached: number, written: number) => void) {
    this.#size = size;
    this.#onDone = onDone;
  }

  /** Adds frames; waits for the first where there are too many. */
  async add(taken: Taken): Promise<void> {
    taken.done?.catch(() => {}); // thrown when it is waited for
    this.#waiting.push(taken);
    await this.settle(taken.done === undefined ? 0 : this.#size);
  }

  /** Waits until at most so many are on their way. */
  async settle(count = 0): Promise<void> {
    while (this.#waiting.length > count) {
      const { done, next, written } = this.#waiting[0]!;
      await done;
      this.#waiting.shift();
      this.#onDone(next, written);
    }
  }

  /** After a failure: nothing may still be on its way when the part is tried again. */
  async end(): Promise<void> {
    await Promise.allSettled(this.#waiting.map(({ done }) => done));
  }
}
