import { AssertionError } from "./assertion_error.ts";
import { assertIsError } from "./is_error.ts";
import { sentence } from "./_message.ts";

// deno-lint-ignore no-explicit-any
type ErrorClass<E extends Error> = abstract new (...args: any[]) => E;

/** Asserts that a function throws; returns what it threw. */
export function assertThrows(fn: () => unknown, msg?: string): unknown;
/** As above, and the error is of a class, its message includes a text. */
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  ErrorClass: ErrorClass<E>,
  msgIncludes?: string,
  msg?: string,
): E;
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  classOrMessage?: ErrorClass<E> | string,
  includedOrMessage?: string,
  msg?: string,
): unknown {
  const wanted = typeof classOrMessage === "function" ? classOrMessage : undefined;
  const text = wanted === undefined
    ? (typeof classOrMessage === "string" ? classOrMessage : includedOrMessage ?? msg)
    : msg;
  let doesFail: boolean;
  let caught: unknown;
  try {
    fn();
    doesFail = false;
    caught = undefined;
  } catch (error) {
    doesFail = true;
    caught = error;
  }
  if (!doesFail) throw new AssertionError(sentence("Expected function to throw", text));
  if (wanted !== undefined) {
    if (!(caught instanceof Error)) {
      throw new AssertionError(sentence("A non-Error object was thrown", text));
    }
    assertIsError(caught, wanted, includedOrMessage, msg);
  }
  return caught;
}
