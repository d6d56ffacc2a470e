import { AssertionError } from "./assertion_error.ts";
import { assertIsError } from "./is_error.ts";
import { sentence } from "./_message.ts";

// deno-lint-ignore no-explicit-any
type ErrorClass<E extends Error> = abstract new (...args: any[]) => E;

/** Asserts that the promise of a function rejects; resolves to the reason. A function that throws at once fails. */
export function assertRejects(fn: () => PromiseLike<unknown>, msg?: string): Promise<unknown>;
/** As above, and the error is of a class, its message includes a text. */
export function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  ErrorClass: ErrorClass<E>,
  msgIncludes?: string,
  msg?: string,
): Promise<E>;
export async function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  classOrMessage?: ErrorClass<E> | string,
  includedOrMessage?: string,
  msg?: string,
): Promise<unknown> {
  const wanted = typeof classOrMessage === "function" ? classOrMessage : undefined;
  const text = wanted === undefined
    ? (typeof classOrMessage === "string" ? classOrMessage : includedOrMessage ?? msg)
    : msg;
  let doesFail: boolean;
  let caught: unknown;
  let promise: PromiseLike<unknown>;
  try {
    promise = fn();
  } catch (error) {
    throw new AssertionError(sentence("Function throws when expected to reject", text), { cause: error });
  }
  if (promise === null || typeof promise !== "object" || typeof promise.then !== "function") {
    throw new AssertionError(sentence("Function throws when expected to reject", text));
  }
  try {
    await promise;
    doesFail = false;
    caught = undefined;
  } catch (error) {
    doesFail = true;
    caught = error;
  }
  if (!doesFail) throw new AssertionError(sentence("Expected function to reject", text));
  if (wanted !== undefined) {
    if (!(caught instanceof Error)) {
      throw new AssertionError(sentence("A non-Error object was rejected", text));
    }
    assertIsError(caught, wanted, includedOrMessage, msg);
  }
  return caught;
}
