import { AssertionError } from "./assertion_error.ts";
import { sentence } from "./_message.ts";

/** Asserts that a string contains another. */
export function assertStringIncludes(actual: string, expected: string, msg?: string): void {
  if (actual.includes(expected)) return;
  throw new AssertionError(sentence(`Expected actual: "${actual}" to contain: "${expected}"`, msg));
}
