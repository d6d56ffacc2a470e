import { AssertionError } from "./assertion_error.ts";
import { sentence } from "./_message.ts";

/** Asserts that a value is neither null nor undefined. */
export function assertExists<T>(actual: T, msg?: string): asserts actual is NonNullable<T> {
  if (actual !== undefined && actual !== null) return;
  throw new AssertionError(sentence(`Expected actual: "${actual}" to not be null or undefined`, msg));
}
