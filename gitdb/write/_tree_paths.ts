/**
 * The paths of objects, as the trees of a database name them.
 */
import type { GitDatabase } from "../database/git_database.ts";
import { GitObjectId } from "../object/_object_id.ts";

/** Names by which trees know objects: similar names make similar content likely. */
export async function pathsInTrees(
  database: GitDatabase,
  ids: readonly GitObjectId[],
): Promise<Map<string, string>> {
  const paths = new Map<string, string>();
  const hashSize = database.hashAlgorithm === "sha1" ? 20 : 32;
  const decoder = new TextDecoder();
  const trees: GitObjectId[] = [];
  for await (const group of database.infoBatches(ids)) {
    for (const result of group) if (result.ok && result.value.type === "tree") trees.push(result.value.id);
  }
  for await (const batch of database.readBatches(trees)) {
    try {
      for (const result of batch) {
        if (!result.ok) continue;
        const bytes = await result.value.bytes();
        for (let at = 0; at < bytes.length;) {
          const space = bytes.indexOf(0x20, at);
          const end = bytes.indexOf(0, space);
          if (space < 0 || end < 0 || end + hashSize >= bytes.length + 1) break;
          const id = `${GitObjectId.from(bytes.slice(end + 1, end + 1 + hashSize))}`;
          if (!paths.has(id)) paths.set(id, decoder.decode(bytes.subarray(space + 1, end)));
          at = end + 1 + hashSize;
        }
      }
    } finally {
      batch[Symbol.dispose]();
    }
  }
  return paths;
}
