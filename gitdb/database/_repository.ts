/**
 * Finding the objects of a repository and the hash that it uses. Deno only.
 */
import type { GitHashAlgorithm } from "../object/_object_id.ts";
import { parseConfig } from "../object/_config.ts";
import { joinPath, readText, statPath } from "../object/_fs.ts";
import { NotFoundError, UnsupportedFeatureError } from "@sluice/internal";

/** Where a database lies. */
export interface Repository {
  /** The `objects` folder. */
  readonly objects: string;
  /** The folder around it that has the configuration; undefined for an `objects` folder alone. */
  readonly gitFolder: string | undefined;
  readonly algorithm: GitHashAlgorithm;
}

function isFolder(path: string): boolean {
  return statPath(path)?.isDirectory === true;
}

/** Follows `.git` files and `commondir`. */
async function gitFolderOf(path: string): Promise<string | undefined> {
  const dotGit = joinPath(path, ".git");
  const info = statPath(dotGit);
  if (info?.isDirectory) return dotGit;
  if (info?.isFile) {
    const target = /^gitdir: (.+)$/m.exec(await readText(dotGit) ?? "")?.[1]?.trim();
    if (target !== undefined) return target.startsWith("/") ? target : joinPath(path, target);
  }
  return undefined;
}

async function commonFolder(gitFolder: string): Promise<string> {
  const target = (await readText(joinPath(gitFolder, "commondir")))?.trim();
  if (target === undefined || target === "") return gitFolder;
  return target.startsWith("/") ? target : joinPath(gitFolder, target);
}

/** The two keys of a configuration that say how objects are named. */
export function hashOfConfig(text: string): GitHashAlgorithm {
  const values = parseConfig(text);
  const version = Number(values.get("core.repositoryformatversion") ?? 0);
  const format = (values.get("extensions.objectformat") ?? "sha1").toLowerCase();
  if (version < 1 || format === "sha1") return "sha1";
  if (format === "sha256") return "sha256";
  throw new UnsupportedFeatureError(`Cannot open the repository: its object format is "${format}"`, {
    format: "git",
    code: "UNSUPPORTED_OBJECT_FORMAT",
  });
}

/**
 * The database of a work tree, a git folder or an `objects` folder.
 *
 * @throws {NotFoundError} If there is none.
 */
export async function findRepository(path: string): Promise<Repository> {
  const around = await gitFolderOf(path);
  const gitFolder = around ?? (isFolder(joinPath(path, "objects")) ? path : undefined);
  if (gitFolder !== undefined) {
    const common = await commonFolder(gitFolder);
    const objects = joinPath(common, "objects");
    if (isFolder(objects)) {
      return {
        objects,
        gitFolder: common,
        algorithm: hashOfConfig(await readText(joinPath(common, "config")) ?? ""),
      };
    }
  }
  const looksRight = /(?:^|\/)objects\/?$/.test(path) || isFolder(joinPath(path, "pack")) ||
    isFolder(joinPath(path, "info"));
  if (looksRight && isFolder(path)) {
    const config = await readText(joinPath(path, "../config"));
    return { objects: path, gitFolder: undefined, algorithm: hashOfConfig(config ?? "") };
  }
  throw new NotFoundError(`Cannot open "${path}": it is no repository and no folder of objects`, {
    format: "git",
    code: "INVALID_DATABASE",
  });
}
