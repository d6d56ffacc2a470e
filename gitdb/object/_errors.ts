/**
 * The errors of this module: the family of all packages, with codes of git's own things.
 */
import type { SluiceErrorCode } from "@sluice/internal";
import { AmbiguousIdError, CorruptDataError, LimitExceededError, NotFoundError } from "@sluice/internal";
import { UnsupportedFeatureError } from "@sluice/internal";
import type { GitObjectId } from "./_object_id.ts";

const FORMAT = "git";

/** An object that is not there. */
export function objectNotFound(id: GitObjectId): NotFoundError {
  return new NotFoundError(`Cannot read object ${id}: it is not in the database`, {
    format: FORMAT,
    code: "OBJECT_NOT_FOUND",
  });
}

/** Something that breaks the rules of its format. */
export function corrupt(
  what: string,
  state: string,
  code: SluiceErrorCode,
  offset?: number,
): CorruptDataError {
  const place = offset === undefined ? "" : ` at byte ${offset}`;
  return new CorruptDataError(`Cannot read ${what}${place}: ${state}`, { format: FORMAT, code, offset });
}

/** A digest that is not the expected one. */
export function idMismatch(id: GitObjectId, actual: GitObjectId): CorruptDataError {
  return new CorruptDataError(`Cannot use object ${id}: its content hashes to ${actual}`, {
    format: FORMAT,
    code: "ID_MISMATCH",
  });
}

/** A prefix that fits nothing. */
export function prefixNotFound(prefix: string): NotFoundError {
  return new NotFoundError(`Cannot resolve "${prefix}": no object has an id that starts so`, {
    format: FORMAT,
    code: "OBJECT_NOT_FOUND",
  });
}

/** A prefix that fits more than one. */
export function prefixAmbiguous(prefix: string, candidates: readonly GitObjectId[]): AmbiguousIdError {
  return new AmbiguousIdError(`Cannot resolve "${prefix}": ${candidates.length} objects or more fit`, {
    format: FORMAT,
    code: "AMBIGUOUS_PREFIX",
    candidates: candidates.map(String),
  });
}

/** Something larger than a limit. */
export function tooLarge(what: string, actual: number, limit: number, remedy?: string): LimitExceededError {
  return overLimit(what, actual, limit, "bytes", remedy);
}

/** Something with more of a unit than a limit allows. */
export function overLimit(
  what: string,
  actual: number,
  limit: number,
  unit: "bytes" | "objects",
  remedy?: string,
): LimitExceededError {
  const end = remedy === undefined ? "" : ` (${remedy})`;
  return new LimitExceededError(`Cannot read ${what}: it has ${actual} ${unit}, more than ${limit}${end}`, {
    format: FORMAT,
    code: "OBJECT_TOO_LARGE",
    limit,
    actual,
    unit,
  });
}

/** Something that this store can't do. */
export function unsupported(action: string, state: string): UnsupportedFeatureError {
  return new UnsupportedFeatureError(`Cannot ${action}: ${state}`, { format: FORMAT, code: "UNSUPPORTED" });
}
