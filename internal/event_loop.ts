/**
 * Turns of the event loop for work that would keep it: promises that resolve one after the other never let timers and
 * sockets have a turn, however long that lasts. Work is counted over everything that runs, and after a slice of it the
 * next step waits for a turn.
 *
 * @module
 */

/** Milliseconds of work after which others have a turn. */
const SLICE_MS = 16;

/** Milliseconds of work since the last turn. */
let worked = 0;

const NOTHING = new Uint8Array();
const waiting: (() => void)[] = [];
let channel: MessageChannel | undefined;

/** Calls back from a task of its own, at once: `setTimeout` waits for a millisecond or more. */
function queueTask(run: () => void): void {
  const { setImmediate } = globalThis as { readonly setImmediate?: (run: () => void) => unknown };
  if (setImmediate !== undefined) setImmediate(run);
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
export async function nextTurn(): Promise<void> {
  worked = 0;
  // Deno looks after sockets when it waits for something: here, for the thread that hashes. Tasks alone keep it awake.
  if ("Deno" in globalThis) await crypto.subtle.digest("SHA-1", NOTHING);
  await new Promise<void>(queueTask);
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
