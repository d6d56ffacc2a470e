/**
 * What the configuration of a repository says of objects that another side has promised. Deno only.
 */
import { byteString } from "@sluice/internal";
import { OLD_EXTENSIONS } from "../database/_repository_format.ts";
import { parseConfig, withConfigValues } from "../object/_config.ts";
import { unsupported } from "../object/_errors.ts";
import { joinPath, readSmallFile, statPath } from "../object/_fs.ts";
import { GitLockFile } from "../write/_lock_file.ts";
import type { RemoteConfig } from "./_remote_config.ts";

/**
 * Makes a repository a partial clone of a remote, as `git fetch --filter` does: without that, git takes what is left out for
 * damage. A filter that the remote has already stays.
 *
 * @throws {UnsupportedFeatureError} If the repository has extensions that only the next format honours.
 */
export async function registerPromisor(
  commonFolder: string,
  { name, url, isPromisor, filter }: RemoteConfig,
  wanted: string,
): Promise<void> {
  if (isPromisor && filter !== undefined) return;
  const path = joinPath(commonFolder, "config");
  const mode = statPath(path)?.mode ?? undefined;
  const lock = await GitLockFile.acquire(path, {
    timeoutMs: 1000,
    ...mode === undefined ? {} : { mode: mode & 0o777 },
  });
  try {
    // Names in it need not be UTF-8.
    const text = byteString(await readSmallFile(path) ?? new Uint8Array());
    const remote = byteString(new TextEncoder().encode(name ?? url));
    const promised = withConfigValues(ofNextFormat(text), "remote", remote, [
      ["promisor", "true"],
      ["partialclonefilter", wanted],
    ]);
    lock.write(Uint8Array.from(promised, (byte) => byte.charCodeAt(0)));
    lock.commit();
  } finally {
    lock.rollback();
  }
}

/** A configuration whose extensions count. */
function ofNextFormat(text: string): string {
  const values = parseConfig(text);
  if (Number(values.get("core.repositoryformatversion") ?? "0") > 0) return text;
  for (const key of values.keys()) {
    const extension = /^extensions\.(.*)$/.exec(key)?.[1];
    if (extension !== undefined && !OLD_EXTENSIONS.has(extension)) {
      throw unsupported(
        "fetch a part",
        `the extension "${extension}" would count from now on, expected none`,
      );
    }
  }
  return withConfigValues(text, "core", undefined, [["repositoryformatversion", "1"]]);
}
