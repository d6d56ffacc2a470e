/**
 * The file `shallow` of a repository: the commits whose parents are left out. Deno only.
 */
import { shallowIds } from "../database/_root_ids.ts";
import { joinPath } from "../object/_fs.ts";
import { writeFault } from "@sluice/internal/file-source";
import type { GitObjectId } from "../object/_object_id.ts";
import { GitLockFile } from "../write/_lock_file.ts";

/** What an answer says of where the history ends. */
export interface Borders {
  readonly shallow: readonly GitObjectId[];
  readonly unshallow: readonly GitObjectId[];
}

/** Changes the file under its lock; without a commit in it, it goes away. */
export async function updateShallow(commonFolder: string, { shallow, unshallow }: Borders): Promise<void> {
  if (shallow.length === 0 && unshallow.length === 0) return;
  const path = joinPath(commonFolder, "shallow");
  const lock = await GitLockFile.acquire(path, { timeoutMs: 1000 });
  try {
    const ids = await shallowIds(commonFolder);
    for (const id of shallow) ids.add(`${id}`);
    for (const id of unshallow) ids.delete(`${id}`);
    if (ids.size === 0) {
      await Deno.remove(path).catch((error) => {
        if (!(error instanceof Deno.errors.NotFound)) throw writeFault(path, error);
      });
      return;
    }
    lock.write(new TextEncoder().encode([...ids].sort().map((id) => `${id}\n`).join("")));
    lock.commit();
  } finally {
    lock.rollback();
  }
}
