/**
 * Finding the objects of a repository and the hash that it uses. Deno only.
 */
import type { GitHashAlgorithm } from "../object/_object_id.ts";
import { isOn, parseConfig } from "../object/_config.ts";
import { joinPath, readText, realPath, statPath } from "../object/_fs.ts";
import { repositoryFormat } from "./_repository_format.ts";
import { NotFoundError } from "@sluice/internal";

/** Where a database lies. */
export interface Repository {
  /** The `objects` folder. */
  readonly objects: string;
  /** The folder around it that has configuration and references; undefined for an `objects` folder alone. */
  readonly commonFolder: string | undefined;
  /** The folder with HEAD: of a linked work tree its own, else the common one. */
  readonly gitFolder: string | undefined;
  /** The folder of the files; undefined where the path is no work tree. */
  readonly workTree: string | undefined;
  readonly algorithm: GitHashAlgorithm;
  /** Whether it is made to have no files of its own beside its folder. */
  readonly bare: boolean;
}

function isFolder(path: string): boolean {
  return statPath(path)?.isDirectory === true;
}

/** The folder that a `.git` file names; undefined where it is none. */
async function namedFolder(file: string): Promise<string | undefined> {
  const target = /^gitdir: (.+)$/m.exec(await readText(file) ?? "")?.[1]?.trim();
  return target === undefined ? undefined : placeOf(target, file.slice(0, file.lastIndexOf("/") + 1) || ".");
}

/** A path that may start from a folder. */
function placeOf(path: string, folder: string): string {
  return path.startsWith("/") ? path : joinPath(folder, path);
}

/** The git folder of a work tree; undefined where a folder is none. */
async function gitFolderOf(path: string): Promise<string | undefined> {
  const dotGit = joinPath(path, ".git");
  return statPath(dotGit)?.isDirectory === true ? dotGit : await namedFolder(dotGit);
}

/** Whether a folder is that of a repository, or of a linked work tree, which has its objects elsewhere. */
function isGitFolder(path: string): boolean {
  return isFolder(joinPath(path, "objects")) ||
    statPath(joinPath(path, "HEAD"))?.isFile === true &&
      statPath(joinPath(path, "commondir"))?.isFile === true;
}

async function commonFolder(gitFolder: string): Promise<string> {
  const target = (await readText(joinPath(gitFolder, "commondir")))?.trim();
  if (target === undefined || target === "") return gitFolder;
  return target.startsWith("/") ? target : joinPath(gitFolder, target);
}

/**
 * The database of a work tree, a git folder or an `objects` folder.
 *
 * @throws {NotFoundError} If there is none.
 * @throws {UnsupportedFeatureError} If its format is not known.
 */
export async function findRepository(path: string): Promise<Repository> {
  const around = await gitFolderOf(path);
  const gitFolder = around ?? await namedFolder(path) ?? (isGitFolder(path) ? path : undefined);
  if (gitFolder !== undefined) {
    const common = realPath(await commonFolder(gitFolder)) ?? gitFolder;
    const objects = joinPath(common, "objects");
    if (isFolder(objects)) {
      const config = await readText(joinPath(common, "config")) ?? "";
      const { algorithm } = repositoryFormat(config);
      const own = await ownConfig(config, gitFolder, common);
      const bare = own.get("core.bare");
      const isBare = bare !== undefined
        ? isOn(bare)
        : around === undefined && common === gitFolder && !/(?:^|\/)\.git$/.test(common);
      const tree = own.get("core.worktree");
      const configured = tree === undefined ? undefined : placeOf(tree, gitFolder);
      const workTree = configured === undefined ? around && path : realPath(configured) ?? configured;
      return {
        objects,
        commonFolder: common,
        gitFolder,
        workTree: isBare ? undefined : workTree,
        algorithm,
        bare: isBare,
      };
    }
  }
  const looksRight = /(?:^|\/)objects\/?$/.test(path) || isFolder(joinPath(path, "pack")) ||
    isFolder(joinPath(path, "info"));
  if (looksRight && isFolder(path)) {
    const config = await readText(joinPath(path, "../config"));
    return {
      objects: path,
      commonFolder: undefined,
      gitFolder: undefined,
      workTree: undefined,
      algorithm: repositoryFormat(config ?? "").algorithm,
      bare: true,
    };
  }
  throw notFound(path);
}

/**
 * What is configured for one work tree. Linked ones have configurations of their own where the common one says so; it does
 * not say for them where their files are.
 */
async function ownConfig(
  config: string,
  gitFolder: string,
  common: string,
): Promise<ReadonlyMap<string, string>> {
  const shared = parseConfig(config);
  if (isOn(shared.get("extensions.worktreeconfig"))) {
    const own = parseConfig(await readText(joinPath(gitFolder, "config.worktree")) ?? "");
    return new Map([...shared, ...own]);
  }
  return realPath(gitFolder) === realPath(common) ? shared : new Map();
}

function notFound(path: string): NotFoundError {
  return new NotFoundError(`Cannot open "${path}": it is no repository and no folder of objects`, {
    format: "git",
    code: "INVALID_DATABASE",
  });
}

/**
 * The repository that a folder is or lies in.
 *
 * @throws {NotFoundError} If there is none up to the root.
 */
export async function discoverRepository(path: string): Promise<Repository> {
  for (let at = realPath(path) ?? path;;) {
    try {
      return await findRepository(at);
    } catch (error) {
      const above = at.slice(0, at.lastIndexOf("/")) || "/";
      if (!(error instanceof NotFoundError)) throw error;
      if (above === at) throw notFound(path);
      at = above;
    }
  }
}
