/**
 * Paths as operands of commands: relative to where the command runs, as git takes them.
 */
import type { GitObjectId, GitRepository } from "@sluice/gitdb/repository";
import { UsageFailure } from "../shared/exit.ts";
import { fatal } from "./settings.ts";

/** In a work tree the folder where the command runs, as a path with a slash at its end; empty at the root. */
export async function folderHere(repository: GitRepository): Promise<string> {
  const root = repository.workTree;
  const here = await Deno.realPath(".");
  return root !== undefined && here.startsWith(`${root}/`) ? `${here.slice(root.length + 1)}/` : "";
}

/**
 * Operands as paths from the root of the tree; what ends with a slash is a folder. The root itself is the empty path.
 *
 * @throws {Failure} If one leads out of the repository.
 */
export function pathsFrom(here: string, operands: readonly string[], repository: GitRepository): string[] {
  const root = repository.workTree ?? repository.gitFolder;
  return operands.map((operand) => {
    if (operand === "") {
      throw fatal(
        "empty string is not a valid pathspec. please use . instead if you meant to match all paths",
      );
    }
    const isBelow = operand === root || operand.startsWith(`${root}/`);
    const path = isBelow ? operand.slice(root.length + 1) : operand.startsWith("/") ? ".." : here + operand;
    const parts: string[] = [];
    for (const part of path.split("/")) {
      if (part === "..") {
        if (parts.pop() === undefined) {
          throw fatal(`${operand}: '${operand}' is outside repository at '${root}'`);
        }
      } else if (part !== "" && part !== ".") parts.push(part);
    }
    const end = parts.length > 0 && /(?:^|\/)\.{0,2}$/.test(operand) ? "/" : "";
    return parts.join("/") + end;
  });
}

/** A colon outside of braces, and a path after it that starts from where the command runs. */
const RELATIVE = /^((?:[^:{]|\{[^}]*\})+):(\.\.?\/.*)$/s;

/**
 * A revision whose path starts from the root of its tree, of one whose path may start from where the command runs, as in
 * `HEAD:./x`.
 *
 * @throws {Failure} If there is no work tree to start from, or the path leads out of it.
 */
export async function fromRoot(repository: GitRepository, revision: string): Promise<string> {
  const [, name, path] = RELATIVE.exec(revision) ?? [];
  if (name === undefined || path === undefined) return revision;
  const here = `${await Deno.realPath(".")}/`;
  if (repository.isBare || here.startsWith(`${await Deno.realPath(repository.gitFolder)}/`)) {
    throw fatal("relative path syntax can't be used outside working tree");
  }
  return `${name}:${pathsFrom(await folderHere(repository), [path], repository)[0]}`;
}

/**
 * The id that a revision names; a path in it may start from where the command runs.
 *
 * @throws {SluiceError} As `GitRepository.find`.
 * @throws {Failure} As `fromRoot`.
 */
export async function findRevision(repository: GitRepository, revision: string): Promise<GitObjectId> {
  return await repository.find(await fromRoot(repository, revision));
}

/** What stands at a path of a revision, where a command names it so. */
export interface NamedFile {
  /** The path, or the whole name where it has none. */
  readonly path: string;
  /** Type and permissions, as the tree has them; undefined where no tree does. */
  readonly mode: number | undefined;
}

/** The file that a revision of the form `REVISION:PATH` names, or any other blob. */
export async function namedFile(repository: GitRepository, revision: string): Promise<NamedFile> {
  const [, name, path] = /^((?:[^:{]|\{[^}]*\})+):(.+)$/s.exec(await fromRoot(repository, revision)) ?? [];
  if (name === undefined || path === undefined) return { path: revision, mode: undefined };
  const [file] = await Array.fromAsync(repository.files(name, { path }));
  return { path, mode: file?.mode };
}

/** The paths that limit a history or a list of changes; those with patterns are refused. */
export async function limitingPaths(
  repository: GitRepository,
  operands: readonly string[],
): Promise<string[]> {
  for (const operand of operands) {
    if (operand.startsWith(":")) {
      throw new UsageFailure(
        `Path "${operand}" starts with a colon; pathspecs with magic are not known here`,
      );
    }
    if (/[*?[\\]/.test(operand)) {
      throw new UsageFailure(`Path "${operand}" has a wildcard; patterns of paths are not known here`);
    }
  }
  return pathsFrom(await folderHere(repository), operands, repository);
}

/** Whether there is a file of this name where the command runs. */
export async function isThere(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(() => true, () => false);
}
