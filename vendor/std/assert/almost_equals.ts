import { AssertionError } from "./assertion_error.ts";
import { sentence } from "./_message.ts";

/** Asserts that two numbers differ by no more than a tolerance; by default a 10 millionth of the expected one. */
export function assertAlmostEquals(
  actual: number,
  expected: number,
  tolerance?: number,
  msg?: string,
): void {
  if (Object.is(actual, expected)) return;
  const limit = tolerance ?? (Number.isFinite(expected) ? Math.abs(expected * 1e-7) : 1e-7);
  const delta = Math.abs(expected - actual);
  if (delta <= limit) return;
  const show = (value: number): string => Number.isInteger(value) ? `${value}` : value.toExponential();
  throw new AssertionError(
    sentence(
      `Expected actual: "${show(actual)}" to be close to "${show(expected)}": ` +
        `delta "${show(delta)}" is greater than "${show(limit)}"`,
      msg,
    ),
  );
}
