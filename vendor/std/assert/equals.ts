import { AssertionError } from "./assertion_error.ts";
import { equal } from "./equal.ts";
import { format, sentence } from "./_message.ts";

function marked(text: string, mark: string): string {
  return text.split("\n").map((line) => `${mark}   ${line}`).join("\n");
}

/** Asserts that two values have the same content. */
export function assertEquals<T>(actual: T, expected: T, msg?: string): void {
  if (equal(actual, expected)) return;
  throw new AssertionError(
    `${sentence("Values are not equal", msg)}\n\n\n    [Diff] Actual / Expected\n\n\n` +
      `${marked(format(actual), "-")}\n${marked(format(expected), "+")}\n`,
  );
}
