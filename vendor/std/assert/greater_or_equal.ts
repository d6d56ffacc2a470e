import { AssertionError } from "./assertion_error.ts";
import { format, sentence } from "./_message.ts";

/** Asserts that `actual >= expected`. */
export function assertGreaterOrEqual<T>(actual: T, expected: T, msg?: string): void {
  if (actual >= expected) return;
  throw new AssertionError(sentence(`Expect ${format(actual)} >= ${format(expected)}`, msg));
}
