import { AssertionError } from "./assertion_error.ts";
import { sentence } from "./_message.ts";

/** Asserts that a string matches a pattern. */
export function assertMatch(actual: string, expected: RegExp, msg?: string): void {
  if (expected.test(actual)) return;
  throw new AssertionError(sentence(`Expected actual: "${actual}" to match: "${expected}"`, msg));
}
