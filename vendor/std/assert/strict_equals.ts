import { AssertionError } from "./assertion_error.ts";
import { format, sentence } from "./_message.ts";

/** Asserts that two values are one and the same, by `Object.is`. */
export function assertStrictEquals<T>(actual: unknown, expected: T, msg?: string): asserts actual is T {
  if (Object.is(actual, expected)) return;
  const [left, right] = [format(actual), format(expected)];
  throw new AssertionError(
    left === right
      ? `${sentence("Values have the same structure but are not reference-equal", msg)}\n\n    ${left}\n`
      : `${sentence("Values are not strictly equal", msg)}\n\n-   ${left}\n+   ${right}\n`,
  );
}
