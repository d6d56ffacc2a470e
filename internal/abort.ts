/**
 * Waiting that an abort signal ends at once.
 *
 * @module
 */

/**
 * What a promise settles with, or the reason of the signal as soon as that aborts, whatever the promise does then.
 *
 * @example A read that never ends
 * ```ts
 * import { untilAborted } from "@sluice/internal";
 * import { assertRejects } from "@std/assert";
 *
 * const stalled = new Promise<Uint8Array>(() => {});
 * const controller = new AbortController();
 * const read = untilAborted(stalled, controller.signal);
 * controller.abort(new Error("too slow"));
 * await assertRejects(() => read, Error, "too slow");
 * ```
 */
export function untilAborted<T>(promise: PromiseLike<T>, signal: AbortSignal | undefined): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      Promise.resolve(promise).catch(() => {}); // nobody waits for it
      return reject(signal.reason);
    }
    const onAbort = (): void => reject(signal!.reason);
    signal?.addEventListener("abort", onAbort, { once: true });
    promise.then(
      (value) => {
        signal?.removeEventListener("abort", onAbort);
        resolve(value);
      },
      (error) => {
        signal?.removeEventListener("abort", onAbort);
        reject(error);
      },
    );
  });
}

/**
 * Waits some milliseconds, or until the signal aborts.
 *
 * @throws {unknown} The reason of the signal.
 *
 * @example Usage
 * ```ts
 * import { delay } from "@sluice/internal";
 * import { assertRejects } from "@std/assert";
 *
 * await delay(1, undefined);
 * await assertRejects(() => delay(60_000, AbortSignal.abort(new Error("enough"))), Error, "enough");
 * ```
 */
export function delay(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal!.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, milliseconds);
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}
