/**
 * Turns of the event loop for work that would keep it: promises that resolve one after the other never let timers and
 * sockets have a turn, however long that lasts. Work is counted over everything that runs, and after a slice of it the
 * next step waits for a turn.
 *
 * @module
 */

/** Milliseconds of work after which others have a turn. */
const SLICE_MS = 32;

/** Milliseconds of work since the last turn. */
let worked = 0;

const waiting: (() => void)[] = [];
let channel: MessageChannel | undefined;

/**
 * Calls back from a task of its own. Deno looks after sockets while it waits for something, which tasks that are ready
 * keep it from: a timer takes it a millisecond or two, elsewhere a task is enough.
 */
function queueTask(run: () => void): void {
  const { setImmediate, Deno: isDeno } = globalThis as {
    readonly setImmediate?: (run: () => void) => unknown;
    readonly Deno?: unknown;
  };
  if (isDeno !== undefined) setTimeout(run, 0);
  else if (setImmediate !== undefined) setImmediate(run);
  else if (typeof MessageChannel === "undefined") setTimeout(run, 0);
  else {
    if (channel === undefined) {
      channel = new MessageChannel();
      channel.port1.onmessage = () => waiting.shift()!();
    }
    waiting.push(run);
    channel.port2.postMessage(undefined);
  }
}

/**
 * Resolves when everything that waits for the event loop has had its turn.
 *
 * @example A timer that is due comes first
 * ```ts
 * import { nextTurn } from "@sluice/internal";
 * import { assert } from "@std/assert";
 *
 * let rang = false;
 * setTimeout(() => rang = true, 0);
 * for (let i = 0; i < 1000 && !rang; i++) await nextTurn();
 * assert(rang);
 * ```
 */
export function nextTurn(): Promise<void> {
  startSlice();
  return new Promise(queueTask);
}

/**
 * Says that the event loop has just had its turn: something that runs on another thread was awaited.
 *
 * @example Nothing is due after it
 * ```ts
 * import { countWork, isTurnDue, startSlice } from "@sluice/internal";
 * import { assertEquals } from "@std/assert";
 *
 * countWork(performance.now() - 500);
 * startSlice();
 * assertEquals(isTurnDue(), false);
 * ```
 */
export function startSlice(): void {
  worked = 0;
}

/**
 * Counts the work that began at `started`, by `performance.now()`.
 *
 * @example Work of half a second is a slice
 * ```ts
 * import { countWork, isTurnDue, nextTurn } from "@sluice/internal";
 * import { assert } from "@std/assert";
 *
 * countWork(performance.now() - 500);
 * assert(isTurnDue());
 * await nextTurn();
 * assert(!isTurnDue());
 * ```
 */
export function countWork(started: number): void {
  worked += performance.now() - started;
}

/**
 * Whether the work so far is a slice; then the next step of an asynchronous task waits for `nextTurn()`.
 *
 * @example Nothing was done yet
 * ```ts
 * import { isTurnDue, nextTurn } from "@sluice/internal";
 * import { assertEquals } from "@std/assert";
 *
 * await nextTurn();
 * assertEquals(isTurnDue(), false);
 * ```
 */
export function isTurnDue(): boolean {
  return worked >= SLICE_MS;
}

/**
 * Runs a step of an asynchronous task on the event loop, after a turn where one is due.
 *
 * @example A sum
 * ```ts
 * import { inTurn } from "@sluice/internal";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(await inTurn(() => 1 + 1), 2);
 * ```
 */
export async function inTurn<Result>(run: () => Result): Promise<Result> {
  if (isTurnDue()) await nextTurn();
  const started = performance.now();
  try {
    return run();
  } finally {
    countWork(started);
  }
}
