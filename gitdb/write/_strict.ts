/**
 * Checking what a pack from outside holds before it is taken in.
 */
import { corrupt } from "../object/_errors.ts";
import type { GitObjectId } from "../object/_object_id.ts";
import { referencesOf } from "../object/_object_syntax.ts";
import { WHOLE_OBJECT_MAX } from "../object/_stored_object.ts";
import type { GitObject, GitObjectReader } from "../object/object.ts";

/** Checks one object. */
export type ObjectCheck = (object: GitObject, bytes: Uint8Array) => void;

/**
 * Checks every tree, commit and tag of a pack, and where there is a database, that what they refer to is in one of both.
 *
 * @throws {CorruptDataError} If something is wrong.
 */
export async function checkIncoming(
  ids: readonly GitObjectId[],
  incoming: GitObjectReader,
  existing: GitObjectReader | undefined,
  check: ObjectCheck,
): Promise<void> {
  const present = new Set(ids.map(String));
  const parsed: GitObjectId[] = [];
  for await (const group of incoming.infoBatches(ids)) {
    for (const result of group) {
      if (!result.ok) throw result.error;
      if (result.value.type !== "blob") parsed.push(result.value.id);
    }
  }
  for await (const batch of incoming.readBatches(parsed)) {
    for (const result of batch) {
      if (!result.ok) throw result.error;
      const object = result.value;
      const bytes = await object.bytes({ maxObjectSize: WHOLE_OBJECT_MAX });
      check(object, bytes);
      if (existing === undefined) continue;
      for (const { id } of referencesOf(object.type, bytes, object.id.algorithm)) {
        if (present.has(`${id}`)) continue;
        if (!await existing.has(id)) {
          throw corrupt(
            `object ${object.id} of the pack`,
            `it refers to ${id}, which is in neither place`,
            "BASE_MISSING",
          );
        }
        present.add(`${id}`);
      }
    }
    batch[Symbol.dispose]();
  }
}
