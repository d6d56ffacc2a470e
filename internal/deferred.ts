/**
 * A promise that is settled from outside.
 *
 * @module
 */

/** A promise and what settles it: `Promise.withResolvers`, which Node has from 22 on. */
export interface Deferred<T> {
  /** Settles when `resolve` or `reject` is called. */
  readonly promise: Promise<T>;
  /** Fulfils the promise. */
  readonly resolve: (value: T) => void;
  /** Rejects the promise. */
  readonly reject: (reason: unknown) => void;
}

/**
 * Makes a promise that its caller settles.
 *
 * @example Usage
 * ```ts
 * import { deferred } from "@sluice/internal";
 * import { assertEquals } from "@std/assert";
 *
 * const { promise, resolve } = deferred<number>();
 * resolve(7);
 * assertEquals(await promise, 7);
 * ```
 */
export function deferred<T = void>(): Deferred<T> {
  let settle: Omit<Deferred<T>, "promise">;
  const promise = new Promise<T>((resolve, reject) => settle = { resolve, reject });
  return { promise, ...settle! };
}
