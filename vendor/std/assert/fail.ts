import { AssertionError } from "./assertion_error.ts";
import { sentence } from "./_message.ts";

/** Fails. */
export function fail(msg?: string): never {
  throw new AssertionError(sentence("Failed assertion", msg));
}
