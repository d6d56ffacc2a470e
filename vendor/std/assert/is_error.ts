import { AssertionError } from "./assertion_error.ts";
import { sentence } from "./_message.ts";

/** Asserts that a value is an Error, of a class where one is given, with a message that includes or matches a text. */
export function assertIsError<E extends Error = Error>(
  error: unknown,
  // deno-lint-ignore no-explicit-any
  ErrorClass?: abstract new (...args: any[]) => E,
  msgMatches?: string | RegExp,
  msg?: string,
): asserts error is E {
  if (!(error instanceof Error)) {
    throw new AssertionError(sentence(`Expected "error" to be an Error object`, msg));
  }
  if (ErrorClass && !(error instanceof ErrorClass)) {
    throw new AssertionError(
      sentence(
        `Expected error to be instance of "${ErrorClass.name}", but was "${error.constructor.name}"`,
        msg,
      ),
    );
  }
  const fits = msgMatches === undefined || msgMatches === "" ||
    (typeof msgMatches === "string" ? error.message.includes(msgMatches) : msgMatches.test(error.message));
  if (!fits) {
    const wanted = typeof msgMatches === "string"
      ? `include ${JSON.stringify(msgMatches)}`
      : `match ${msgMatches}`;
    throw new AssertionError(
      sentence(`Expected error message to ${wanted}, but got ${JSON.stringify(error.message)}`, msg),
    );
  }
}
