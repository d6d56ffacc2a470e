/**
 * What a partial clone was promised: the objects that its packs refer to. Deno only.
 */
import { joinPath, statPath } from "../object/_fs.ts";
import { referencesOf } from "../object/_object_syntax.ts";
import { WHOLE_OBJECT_MAX } from "../object/_stored_object.ts";
import type { GitObjectId } from "../object/_object_id.ts";
import type { GitObjectReader } from "../object/object.ts";
import type { GitPack } from "../pack/pack.ts";

/** Objects that are looked at together. */
const WINDOW = 65536;

/** By hex id, what the packs of a partial clone refer to: the other side has it. */
export async function promisedIds(
  database: GitObjectReader,
  packs: readonly GitPack[],
  root: string,
): Promise<Set<string>> {
  const promised = new Set<string>();
  for (const pack of packs) {
    if (statPath(joinPath(root, "pack", `${pack.name}.promisor`)) === undefined) continue;
    let window: GitObjectId[] = [];
    for await (const { id } of pack.entries()) {
      window.push(id);
      if (window.length < WINDOW) continue;
      await addReferences(database, window, promised);
      window = [];
    }
    await addReferences(database, window, promised);
  }
  return promised;
}

async function addReferences(
  database: GitObjectReader,
  ids: readonly GitObjectId[],
  promised: Set<string>,
): Promise<void> {
  const parsed: GitObjectId[] = [];
  for await (const group of database.infoBatches(ids, { promised: false })) {
    for (const result of group) if (result.ok && result.value.type !== "blob") parsed.push(result.value.id);
  }
  for await (const batch of database.readBatches(parsed, { promised: false })) {
    try {
      for (const result of batch) {
        if (!result.ok) throw result.error;
        const { type, id } = result.value;
        const bytes = await result.value.bytes({ maxObjectSize: WHOLE_OBJECT_MAX });
        for (const reference of referencesOf(type, bytes, id.algorithm)) promised.add(`${reference.id}`);
      }
    } finally {
      batch[Symbol.dispose]();
    }
  }
}
