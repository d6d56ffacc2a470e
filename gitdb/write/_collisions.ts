/**
 * Comparing a pack from outside with the objects that a database has under the same ids.
 */
import { isRescuable } from "../pack/_rescue.ts";
import { corrupt } from "../object/_errors.ts";
import { WHOLE_OBJECT_MAX } from "../object/_stored_object.ts";
import type { GitObjectId } from "../object/_object_id.ts";
import type { GitObject, GitObjectReader } from "../object/object.ts";

/** Objects that are compared together. */
const GROUP = 256;
/** Ids that are looked up together: a pack may have millions, which are not all held. */
const LOOKED_UP = 8192;

/** The objects of a pack that a database has, too. */
export async function sharedIds(
  ids: Iterable<GitObjectId>,
  existing: GitObjectReader,
): Promise<GitObjectId[]> {
  const shared: GitObjectId[] = [];
  // Most objects of a pack are new: nothing is told of those.
  for await (
    const group of existing.infoBatches(ids, { onMissing: () => {}, promised: false, window: LOOKED_UP })
  ) {
    for (const result of group) {
      if (result.ok) shared.push(result.value.id);
      else if (isRescuable(result.error)) throw result.error;
    }
  }
  return shared;
}

/**
 * Compares objects that are in both places.
 *
 * @throws {CorruptDataError} If one has other content there.
 */
export async function refuseCollisions(
  shared: readonly GitObjectId[],
  incoming: GitObjectReader,
  existing: GitObjectReader,
): Promise<void> {
  for (let at = 0; at < shared.length; at += GROUP) {
    const ids = shared.slice(at, at + GROUP);
    let next = 0;
    for await (const batch of incoming.readBatches(ids, { ordered: true })) {
      for (const result of batch) {
        if (!result.ok) throw result.error;
        await compare(result.value, await existing.read(ids[next++]!));
      }
      batch[Symbol.dispose]();
    }
  }
}

async function compare(incoming: GitObject, present: GitObject): Promise<void> {
  const whole = { maxObjectSize: WHOLE_OBJECT_MAX };
  const same = incoming.type === present.type && incoming.size === present.size &&
    equal(await incoming.bytes(whole), await present.bytes(whole));
  if (same) return;
  throw corrupt(
    `object ${incoming.id} of the pack`,
    "the database has other content under this id",
    "SHA1_COLLISION",
  );
}

function equal(left: Uint8Array, right: Uint8Array): boolean {
  return left.every((byte, i) => byte === right[i]);
}
