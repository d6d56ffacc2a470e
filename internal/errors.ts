/**
 * The one family of errors that every sluice package throws for bad data, exceeded limits and failed transfers.
 *
 * Misuse of an API (a wrong type, a value out of range, a closed object) is a plain `TypeError` or `RangeError`.
 *
 * @module
 */

import type { SluiceErrorCode } from "./error_codes.ts";

/** Facts that every {@linkcode SluiceError} carries. */
export interface SluiceErrorOptions extends ErrorOptions {
  /** The format that was being worked on: "zstd", "lz4", "git", "zpaq", "pdiffcopy". */
  readonly format: string;
  /** A stable name of the failure, such as "BAD_MAGIC". */
  readonly code: SluiceErrorCode;
  /** Where in the input it happened, in bytes from its start, where that is known. */
  readonly offset?: number | undefined;
  /** The codec library's own error number, where one stands behind the failure. */
  readonly errno?: number | undefined;
}

/**
 * The base class of all failures that are not misuse.
 *
 * @example Telling kinds apart
 * ```ts
 * import { CorruptDataError, SluiceError } from "@sluice/internal";
 * import { assertEquals, assertInstanceOf } from "@std/assert";
 *
 * const error = new CorruptDataError("Cannot decompress zstd data at byte 9: block is corrupt", {
 *   format: "zstd",
 *   code: "CORRUPT",
 *   offset: 9,
 * });
 * assertInstanceOf(error, SluiceError);
 * assertEquals(error.code, "CORRUPT");
 * assertEquals(error.offset, 9);
 * ```
 */
export class SluiceError extends Error {
  /** The name of the class. */
  override name = "SluiceError";
  /** The format that was being worked on. */
  readonly format: string;
  /** A stable name of the failure. */
  readonly code: SluiceErrorCode;
  /** Where in the input it happened, in bytes from its start; undefined where that is not known. */
  readonly offset: number | undefined;
  /** The codec library's own error number; undefined where none stands behind the failure. */
  readonly errno: number | undefined;
  /** Which of several values failed, from 0; undefined where there was one. Set by calls that take many. */
  index: number | undefined;

  /** Makes an error with a message and its facts. */
  constructor(message: string, options: SluiceErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.format = options.format;
    this.code = options.code;
    this.offset = options.offset;
    this.errno = options.errno;
  }
}

/** The input breaks the rules of its format. */
export class CorruptDataError extends SluiceError {
  /** The name of the class. */
  override name = "CorruptDataError";
}

/** The input ends before the format says that it may. */
export class TruncatedDataError extends SluiceError {
  /** The name of the class. */
  override name = "TruncatedDataError";
}

/** The content was decoded, but its checksum is not the one that was stored with it. */
export class ChecksumMismatchError extends SluiceError {
  /** The name of the class. */
  override name = "ChecksumMismatchError";
}

/** A limit that the caller set, or a safe default, would have been passed. */
export class LimitExceededError extends SluiceError {
  /** The name of the class. */
  override name = "LimitExceededError";
  /** The limit, in `unit`. */
  readonly limit: number;
  /** What the input asked for, where that is known. */
  readonly actual: number | undefined;
  /** What both numbers count, such as "bytes". */
  readonly unit: string;

  /** Makes an error with a message, its facts and the limit. */
  constructor(
    message: string,
    options: SluiceErrorOptions & { limit: number; actual?: number | undefined; unit: string },
  ) {
    super(message, options);
    this.limit = options.limit;
    this.actual = options.actual;
    this.unit = options.unit;
  }
}

/** The input is well formed but asks for something that this build or backend does not have. */
export class UnsupportedFeatureError extends SluiceError {
  /** The name of the class. */
  override name = "UnsupportedFeatureError";
}

/** The input needs a dictionary that was not given, or another one than was given. */
export class DictionaryMismatchError extends SluiceError {
  /** The name of the class. */
  override name = "DictionaryMismatchError";
  /** The id that the input names; undefined where it names none. */
  readonly expectedId: number | undefined;

  /** Makes an error with a message, its facts and the id. */
  constructor(message: string, options: SluiceErrorOptions & { expectedId?: number | undefined }) {
    super(message, options);
    this.expectedId = options.expectedId;
  }
}

/** What was asked for by name does not exist. */
export class NotFoundError extends SluiceError {
  /** The name of the class. */
  override name = "NotFoundError";
}

/** An abbreviated id fits more than one object. */
export class AmbiguousIdError extends SluiceError {
  /** The name of the class. */
  override name = "AmbiguousIdError";
  /** Full ids that it fits, in order; not more than a few where there are many. */
  readonly candidates: readonly string[];

  /** Makes an error with a message, its facts and the ids. */
  constructor(message: string, options: SluiceErrorOptions & { candidates: readonly string[] }) {
    super(message, options);
    this.candidates = options.candidates;
  }
}

/** A peer or a network failed while data was under way. */
export class TransferError extends SluiceError {
  /** The name of the class. */
  override name = "TransferError";
}

/** The backend that was asked for can't be used here, or it failed in a way that no input should cause. */
export class BackendUnavailableError extends SluiceError {
  /** The name of the class. */
  override name = "BackendUnavailableError";
}
