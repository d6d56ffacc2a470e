/**
 * The ids that the references of a repository name: HEAD, loose references and packed ones. Deno only.
 */
import { unsupported } from "../object/_errors.ts";
import { joinPath, listFolder, readText, statPath } from "../object/_fs.ts";
import { readPackedReferences } from "./_packed_references.ts";
import { hasReftables, Reftables } from "./_reftable.ts";
import { GitObjectId, HASH_SIZE } from "../object/_object_id.ts";
import type { GitHashAlgorithm } from "../object/_object_id.ts";

/** All of them, each once. */
export async function rootIds(gitFolder: string, algorithm: GitHashAlgorithm): Promise<GitObjectId[]> {
  const ids = new Map<string, GitObjectId>();
  const isId = new RegExp(`^[0-9a-f]{${2 * HASH_SIZE[algorithm]}}$`);
  const add = (text: string | undefined): void => {
    const hex = text?.trimEnd() ?? "";
    if (isId.test(hex)) ids.set(hex, GitObjectId.from(hex));
  };
  if (hasReftables(gitFolder)) {
    for (const value of (await new Reftables(gitFolder, algorithm).references()).values()) {
      if ("id" in value) ids.set(`${value.id}`, value.id);
    }
    return [...ids.values()];
  }
  add(await readText(joinPath(gitFolder, "HEAD")));
  for await (const path of filesBelow(joinPath(gitFolder, "refs"))) {
    if (!path.endsWith(".lock")) add(await readText(path));
  }
  // After the loose ones: one that is packed meanwhile would be in neither otherwise.
  for (const { hex } of await readPackedReferences(gitFolder, algorithm)) add(hex);
  return [...ids.values()];
}

/**
 * The files below a folder.
 *
 * @throws {UnsupportedFeatureError} If the name of one is not UTF-8: Deno can't open it, and what it names would pass for
 *   unreachable.
 */
async function* filesBelow(root: string): AsyncIterableIterator<string> {
  const folders = [root];
  for (const folder of folders) {
    for (const { name, isDirectory } of await listFolder(folder) ?? []) {
      const path = joinPath(folder, name);
      if (name.includes("\ufffd") && statPath(path) === undefined) {
        throw unsupported("read references", `the name of "${path}" is not UTF-8`);
      }
      if (isDirectory) folders.push(path);
      else yield path;
    }
  }
}

/** The folder of a repository, and those of its linked work trees. */
export async function workTreeFolders(gitFolder: string): Promise<string[]> {
  const linked = joinPath(gitFolder, "worktrees");
  return [gitFolder, ...(await listFolder(linked) ?? []).map(({ name }) => joinPath(linked, name))];
}

/** The ids that logs of references have, before and after each change. */
export async function loggedIds(gitFolder: string, algorithm: GitHashAlgorithm): Promise<GitObjectId[]> {
  if (hasReftables(gitFolder)) {
    throw unsupported("read logs of references", 'references are stored as "reftable", expected "files"');
  }
  const ids = new Map<string, GitObjectId>();
  const isId = new RegExp(`^[0-9a-f]{${2 * HASH_SIZE[algorithm]}}$`);
  for await (const path of filesBelow(joinPath(gitFolder, "logs"))) {
    for (const line of (await readText(path) ?? "").split("\n")) {
      for (const hex of line.split(" ", 2)) if (isId.test(hex)) ids.set(hex, GitObjectId.from(hex));
    }
  }
  return [...ids.values()];
}

/** The commits of a shallow clone whose parents were left out. */
export async function shallowIds(gitFolder: string): Promise<Set<string>> {
  return new Set(
    (await readText(joinPath(gitFolder, "shallow")) ?? "").split("\n").filter((line) => line !== ""),
  );
}

const REPLACE = "refs/replace/";

/** By hex id, the object that is read instead (git-replace). */
export async function replacedIds(
  gitFolder: string,
  algorithm: GitHashAlgorithm,
): Promise<Map<string, GitObjectId>> {
  const isId = new RegExp(`^[0-9a-f]{${2 * HASH_SIZE[algorithm]}}$`);
  const replaced = new Map<string, GitObjectId>();
  const add = (from: string, to: string): void => {
    if (isId.test(from) && isId.test(to)) replaced.set(from, GitObjectId.from(to));
  };
  if (hasReftables(gitFolder)) {
    for (const [name, value] of await new Reftables(gitFolder, algorithm).references()) {
      if (name.startsWith(REPLACE) && "id" in value) add(name.slice(REPLACE.length), `${value.id}`);
    }
  }
  // Read before the packed ones, so that one that is packed meanwhile is in one of both; it is newer than a packed one.
  for (const { name } of await listFolder(joinPath(gitFolder, REPLACE)) ?? []) {
    add(name, (await readText(joinPath(gitFolder, REPLACE, name)) ?? "").trimEnd());
  }
  for (const { name, hex } of await readPackedReferences(gitFolder, algorithm)) {
    const from = name.startsWith(REPLACE) ? name.slice(REPLACE.length) : undefined;
    if (from !== undefined && !replaced.has(from)) add(from, hex);
  }
  return replaced;
}

/** By hex id, the parents that a commit is given (`info/grafts`), which git reads still. */
export async function graftedParents(
  gitFolder: string,
  algorithm: GitHashAlgorithm,
): Promise<Map<string, readonly GitObjectId[]>> {
  const isId = new RegExp(`^[0-9a-f]{${2 * HASH_SIZE[algorithm]}}$`);
  const grafts = new Map<string, readonly GitObjectId[]>();
  for (const line of (await readText(joinPath(gitFolder, "info/grafts")) ?? "").split("\n")) {
    const [commit, ...parents] = line.trim().split(/\s+/);
    if (![commit!, ...parents].every((hex) => isId.test(hex))) continue;
    grafts.set(commit!, parents.map((hex) => GitObjectId.from(hex)));
  }
  return grafts;
}
