/**
 * One ending for work that may be synchronous or not.
 *
 * @module
 */

/**
 * Runs `work` and then `done`, at once or when the promise that it returned settles. `done` hears whether it failed.
 *
 * @example The same for both kinds of work
 * ```ts
 * import { afterwards } from "@sluice/internal";
 * import { assertEquals } from "@std/assert";
 *
 * const endings: boolean[] = [];
 * assertEquals(afterwards(() => 7, (failed) => endings.push(failed)), 7);
 * await afterwards(() => Promise.reject(new Error("no")), (failed) => endings.push(failed)).catch(() => {});
 * assertEquals(endings, [false, true]);
 * ```
 */
export function afterwards<T>(work: () => T, done: (failed: boolean) => void): T {
  let result: T;
  try {
    result = work();
  } catch (error) {
    done(true);
    throw error;
  }
  if (!(result instanceof Promise)) {
    done(false);
    return result;
  }
  return result.then(
    (value) => {
      done(false);
      return value;
    },
    (error) => {
      done(true);
      throw error;
    },
  ) as T;
}
