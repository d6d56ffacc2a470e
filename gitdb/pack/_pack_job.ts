/**
 * Jobs of the kernel: the flags that they are given, and the records that they write.
 */
import type { OutsideOptions } from "../object/_codec.ts";
import { corrupt, objectNotFound } from "../object/_errors.ts";
import { TYPE_OF_KIND } from "../object/_object_kind.ts";
import type { GitObjectId } from "../object/_object_id.ts";
import type { Facts } from "../object/_stored_object.ts";
import type { GitObjectInfo, GitReadOptions, PackedPlace } from "../object/object.ts";
import { GIT_JOB_FLAG, GIT_RECORD, RESULT } from "./_pack_engine.ts";
import type { PackEngine } from "./_pack_engine.ts";

/** Bits for a job that hashes what it reads where that is wanted. */
export function verifyFlags(options: GitReadOptions): number {
  if (options.verifyChecksums !== true) return 0;
  return GIT_JOB_FLAG.VERIFY | outsideFlag(options);
}

/** The bit for a job whose objects come from outside, so that collisions are looked for. */
export function outsideFlag(options: OutsideOptions): number {
  return options.collisionDetection === false ? 0 : GIT_JOB_FLAG.OUTSIDE;
}

/** The size of the object of a record. */
export function sizeOf(records: Uint32Array, at: number): number {
  return records[at + GIT_RECORD.SIZE_LOW]! + records[at + GIT_RECORD.SIZE_HIGH]! * 2 ** 32;
}

function placeOf(records: Uint32Array, at: number): PackedPlace {
  return {
    depth: records[at + GIT_RECORD.DEPTH]!,
    pack: records[at + GIT_RECORD.PACK]!,
    offset: records[at + GIT_RECORD.OFFSET_LOW]! + records[at + GIT_RECORD.OFFSET_HIGH]! * 2 ** 32,
  };
}

/** Facts of a record. */
export function factsOf(records: Uint32Array, at: number, id: GitObjectId): Facts {
  return {
    id,
    kind: records[at + GIT_RECORD.KIND]!,
    size: sizeOf(records, at),
    storage: "packed",
    packed: placeOf(records, at),
  };
}

/** As `infoOf(factsOf(…))`, without the object between: there may be a million of them. */
export function recordInfo(records: Uint32Array, at: number, id: GitObjectId): GitObjectInfo {
  return {
    id,
    type: TYPE_OF_KIND[records[at + GIT_RECORD.KIND]!]!,
    size: sizeOf(records, at),
    storage: "packed",
    packed: placeOf(records, at),
  };
}

/** The failure that a record tells of. */
export function recordError(
  engine: PackEngine,
  result: number,
  id: GitObjectId,
  record: Uint32Array,
  at: number,
): Error {
  if (result === RESULT.NOT_FOUND) return objectNotFound(id);
  const { offset } = factsOf(record, at, id).packed!;
  if (result === RESULT.CHECKSUM_MISMATCH) {
    return corrupt(`object ${id}`, "its content does not hash to its id", "ID_MISMATCH", offset);
  }
  return engine.kernel.error(result, `read object ${id}`, offset);
}
