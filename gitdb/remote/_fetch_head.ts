/**
 * FETCH_HEAD: what the last fetch took, for a merge. Deno only.
 */
import { writeFault } from "@sluice/internal/file-source";
import { joinPath, readText } from "../object/_fs.ts";
import { GitLockFile } from "../write/_lock_file.ts";
import type { TakenRef } from "./_fetch_plan.ts";

const KINDS: readonly (readonly [prefix: string, word: string])[] = [
  ["refs/heads/", "branch "],
  ["refs/tags/", "tag "],
  ["refs/remotes/", "remote-tracking branch "],
];

/** A URL as FETCH_HEAD and git's messages have it: without credentials, and without what every one ends with. */
export function plainUrl(url: string): string {
  const parsed = new URL(url);
  const hasSecrets = parsed.username !== "" || parsed.password !== "";
  parsed.username = parsed.password = "";
  return (hasSecrets ? parsed.href : url).replace(/\/+$/, "").replace(/\.git$/, "");
}

/** Empties the file, so that nothing of an earlier fetch passes for what the next one took. */
export async function emptyFetchHead(gitFolder: string): Promise<void> {
  await replaceFile(joinPath(gitFolder, "FETCH_HEAD"), "");
}

/** Writes the file, or adds to it. */
export async function writeFetchHead(
  gitFolder: string,
  url: string,
  taken: readonly TakenRef[],
  append: boolean,
): Promise<void> {
  const place = plainUrl(url);
  const lines = taken.filter(({ head }) => head !== undefined).map(({ id, source, head }) => {
    const kind = KINDS.find(([prefix]) => source.startsWith(prefix));
    const name = source === "HEAD"
      ? ""
      : kind === undefined
      ? `'${source}' of `
      : `${kind[1]}'${source.slice(kind[0].length)}' of `;
    return `${id}\t${head === "merge" ? "" : "not-for-merge"}\t${name}${place}\n`;
  });
  const path = joinPath(gitFolder, "FETCH_HEAD");
  const before = append ? await readText(path) ?? "" : "";
  await replaceFile(path, before + lines.join(""));
}

async function replaceFile(path: string, text: string): Promise<void> {
  try {
    const lock = await GitLockFile.acquire(path, { timeoutMs: 1000 });
    try {
      lock.write(new TextEncoder().encode(text));
      lock.commit();
    } finally {
      lock.rollback();
    }
  } catch (error) {
    throw writeFault(path, error);
  }
}
