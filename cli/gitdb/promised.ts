/**
 * What a partial clone left out. Few calls need it, and loading what fetches takes longer than most of them.
 */
import { promisedGitObjects } from "@sluice/gitdb";
import type { GitAbsentHook } from "@sluice/gitdb";

/** Fetches objects that remotes of a repository have promised; none where no remote has. */
export async function promisedObjects(commonFolder: string): Promise<GitAbsentHook> {
  return await promisedGitObjects(commonFolder) ?? (() => Promise.resolve(false));
}
