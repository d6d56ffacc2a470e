/**
 * Turns of the event loop for work that would keep it: promises that resolve one after the other never let timers and
 * sockets have a turn, however long that lasts. Work is counted over everything that runs, and after a slice of it the
 * next step waits for a turn.
 *
 * @module
 */

/** Milliseconds of work after which others have a turn. */
const SLICE_MS = 8;

/** Milliseconds of work since the last turn. */
let worked = 0;

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

/** Counts the work that began at `started`, by `performance.now()`. */
export function countWork(started: number): void {
  worked += performance.now() - started;
}

/** Whether the work so far is a slice; then the next step of an asynchronous task waits for `nextTurn()`. */
export function isTurnDue(): boolean {
  return worked >= SLICE_MS;
}

/** Resolves when everything that waits for the event loop has had its turn. */
export function nextTurn(): Promise<void> {
  worked = 0;
  return new Promise(queueTask);
}
