/**
 * Which failures of a source may be over a moment later.
 *
 * @module
 */
import type { SluiceErrorCode } from "./error_codes.ts";
import { SluiceError } from "./errors.ts";

const PASSING_CODES: ReadonlySet<SluiceErrorCode> = new Set([
  "NETWORK",
  "SERVER_BUSY",
  "TIMEOUT",
  "TRUNCATED",
]);

/**
 * Whether a failure is one of the connection or of a busy server.
 *
 * @example A server that is busy, and an object that is not there
 * ```ts
 * import { mayPass, NotFoundError, TransferError } from "@sluice/internal";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(mayPass(new TransferError("busy", { format: "http", code: "SERVER_BUSY" })), true);
 * assertEquals(mayPass(new NotFoundError("missing", { format: "http", code: "NOT_FOUND" })), false);
 * ```
 */
export function mayPass(error: unknown): boolean {
  return error instanceof SluiceError && error.format === "http" && PASSING_CODES.has(error.code);
}

/** What Deno calls errors of a path: asking again changes nothing. */
const LASTING_NAMES: ReadonlySet<string> = new Set([
  "NotFound",
  "PermissionDenied",
  "NotCapable",
  "IsADirectory",
  "NotADirectory",
  "FilesystemLoop",
]);

/**
 * Whether a failure is known to last: a wrong call, a file that is not there or may not be read, an object that is
 * another one. Failures that nothing is known about may pass.
 *
 * @example A file that is not there, and a socket that broke
 * ```ts
 * import { isLasting } from "@sluice/internal";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(isLasting(new Deno.errors.NotFound("no such file")), true);
 * assertEquals(isLasting(new Deno.errors.ConnectionReset("reset")), false);
 * ```
 */
export function isLasting(error: unknown): boolean {
  if (error instanceof SluiceError) return !mayPass(error);
  return error instanceof RangeError || error instanceof Error && LASTING_NAMES.has(error.name);
}
