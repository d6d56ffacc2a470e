import { AssertionError } from "./assertion_error.ts";
import { equal } from "./equal.ts";
import { format, sentence } from "./_message.ts";

/** Asserts that two values do not have the same content. */
export function assertNotEquals<T>(actual: T, expected: T, msg?: string): void {
  if (!equal(actual, expected)) return;
  throw new AssertionError(
    sentence(`Expected actual: ${format(actual)} not to be: ${format(expected)}`, msg),
  );
}
