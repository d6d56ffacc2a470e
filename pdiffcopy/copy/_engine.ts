/**
 * One copy from a source to a target, whatever they are: parts of the file side by side, each compared and sent in one
 * go, and tried again where that may help.
 */
import type { Table } from "../file/_block_file.ts";
import { failure } from "../file/_errors.ts";
import type { RateLimiter } from "../file/_rate_limit.ts";
import { retrying } from "../file/_retry.ts";
import type { RetryPolicy } from "../file/_retry.ts";
import type { CopySource, CopyTarget } from "./_sides.ts";

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
  let told = 0;
  await retrying(options.retry, options.signal, async () => {
    let next = start;
    const knownEnd = options.delta ? await target.digests(start, end, table) : start;
    for await (const frames of source.frames(start, end, knownEnd, table)) {
      signal.throwIfAborted();
      await options.limiter.take(source.remote || target.remote ? frames.length : 0, signal);
      const applied = await target.apply(next, end, table, frames);
      next = applied.next;
      options.retry.progress.reach(start, next);
      options.onStep(Math.max(0, next - start - told), applied.written);
      told = Math.max(told, next - start);
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
