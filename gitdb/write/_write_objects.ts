/**
 * Objects of a pack into any store, one by one.
 */
import type { GitObjectWriter } from "../object/object.ts";
import type { PackStore } from "../pack/pack_store.ts";

/** Bodies up to this size are stored in one piece. */
const WHOLE_SIZE = 16 << 20;

/** Writes every object of a pack, in the order in which they are stored there; returns how many there were. */
export async function writeObjects(pack: PackStore, target: GitObjectWriter): Promise<number> {
  let count = 0;
  for await (const batch of pack.readBatches(pack.ids({ order: "storage" }))) {
    try {
      for (const result of batch) {
        if (!result.ok) throw result.error;
        const { type, id, size } = result.value;
        const body = size <= WHOLE_SIZE ? await result.value.bytes() : result.value.body;
        await target.write({ type, id, size, body, strict: false });
        count++;
      }
    } finally {
      batch[Symbol.dispose]();
    }
  }
  return count;
}
