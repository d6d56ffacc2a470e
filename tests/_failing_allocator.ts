/**
 * Fails the first, the second, the third … allocation of the library while a job runs, until one run needs no more than
 * that. Every run must end in the right result or in an error that says there is no memory, and give back all it took.
 */
import { configureBackend, liveHandleCount } from "@sluice/ffi";
import type { Library } from "@sluice/ffi";
import { SluiceError } from "@sluice/internal";
import { assert, assertEquals } from "@std/assert";
import type { Exercise } from "./_exercises.ts";

/** What was tried and how it ended. */
export interface FailureCounts {
  /** Runs with a planted failure. */
  runs: number;
  /** Runs that ended in an error. */
  errors: number;
  /** Runs that came to the right result all the same. */
  results: number;
}

/** Codes of errors that follow from a refused allocation. */
const CODES: ReadonlySet<string> = new Set(["OUT_OF_MEMORY", "MEMORY_LIMIT"]);

/** Blocks of each module, and handles. */
function liveNow(exercise: Exercise, backend: "native" | "wasm"): number[] {
  return [...exercise.modules.map((module) => module.open(backend).liveBlocks), liveHandleCount()];
}

/** One run with its `n`-th allocation in a module failing; returns whether it needed that many. */
async function failOne(
  exercise: Exercise,
  library: Library<object>,
  n: number,
  expected: Uint8Array,
  counts: FailureCounts,
): Promise<boolean> {
  library.failAllocation(n);
  let failure: unknown;
  let actual: Uint8Array | undefined;
  try {
    actual = await exercise.run();
  } catch (error) {
    failure = error;
  }
  const left = library.failAllocation(0);
  const place = `${exercise.name} on ${library.kind}, allocation ${n}`;
  counts.runs++;
  if (failure === undefined) {
    assertEquals(actual, expected, place);
    counts.results++;
  } else {
    const isTyped = failure instanceof SluiceError && CODES.has(failure.code);
    assert(isTyped, `${place}: ${failure instanceof Error ? failure.stack : failure}`);
    counts.errors++;
  }
  return left === 0;
}

/**
 * Runs a job on a backend with each of its allocations failing in turn, every `stride`-th of them. A first round fills
 * what is kept between runs, such as idle contexts; in the second nothing may be added.
 */
export async function failEachAllocation(
  exercise: Exercise,
  backend: "native" | "wasm",
  stride: number,
  counts: FailureCounts,
): Promise<void> {
  configureBackend(backend);
  try {
    const expected = await exercise.run();
    let most = liveNow(exercise, backend);
    for (const round of [1, 2]) {
      for (const module of exercise.modules) {
        const library = module.open(backend);
        for (let n = 1; await failOne(exercise, library, n, expected, counts); n += stride) {
          const live = liveNow(exercise, backend);
          if (round === 1) most = most.map((count, i) => Math.max(count, live[i]!));
          assert(
            live.every((count, i) => count <= most[i]!),
            `${exercise.name} on ${backend}, allocation ${n}: ${live} blocks and handles, at most ${most} before`,
          );
        }
      }
    }
  } finally {
    configureBackend("auto");
  }
}
