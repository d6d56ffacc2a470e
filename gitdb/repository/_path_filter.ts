/**
 * Paths that changes are limited to: files, and folders with all in them. Deno only.
 */
import { byteString, checkArgument } from "@sluice/internal";
import type { GitObjectId } from "../object/_object_id.ts";
import { FOLDER } from "../object/_object_syntax.ts";
import type { TreeRow } from "../object/_object_syntax.ts";
import { encodeText } from "../object/_text.ts";
import type { Objects } from "./_objects.ts";
import { isSame, walkChanges } from "./_tree_changes.ts";
import type { ChangeFilter } from "./_tree_changes.ts";

/** Trees that are kept: commits that follow each other share most of theirs. */
const TREES_KEPT = 256;

function isFolder(row: TreeRow): boolean {
  return (row.mode & 0o170000) === FOLDER;
}

/** A few paths. The empty path is everything; one with a slash at its end is a folder and never a file. */
export class PathFilter implements ChangeFilter {
  /** A character for each byte. */
  readonly #paths: readonly string[];
  readonly #trees = new Map<string, readonly TreeRow[]>();

  private constructor(paths: readonly string[]) {
    this.#paths = paths;
  }

  /** What a caller named. */
  static from(paths: string | readonly string[] | undefined): PathFilter | undefined {
    if (paths === undefined) return undefined;
    const list = typeof paths === "string" ? [paths] : paths;
    checkArgument(Array.isArray(list), "look for paths", list, "a path or a list of them");
    return new PathFilter(list.map((path: unknown) => {
      const isPath = typeof path === "string" && !/(?:^|\/)\.{0,2}(?=\/)|(?:^|\/)\.{1,2}$/.test(path);
      checkArgument(isPath, "look for paths", path, "a path from the root of the tree");
      return byteString(encodeText(path as string, "look for paths"));
    }));
  }

  /** Whether a file is one of those, or lies in one. */
  includes(path: Uint8Array): boolean {
    const name = byteString(path);
    return this.#paths.some((wanted) => wanted === "" || name === wanted || isInside(name, wanted));
  }

  /** Whether a folder, whose path ends with a slash, lies in one of those or has one in it. */
  leadsInto(folder: Uint8Array): boolean {
    const name = byteString(folder);
    return this.#paths.some((wanted) => wanted === "" || isInside(name, wanted) || wanted.startsWith(name));
  }

  /** Whether two trees differ there; one that is undefined is empty. */
  async differs(
    objects: Objects,
    before: GitObjectId | undefined,
    after: GitObjectId,
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    for (const path of this.#paths) {
      if (await this.#differsAt(objects, path, { before, after }, signal)) return true;
    }
    return false;
  }

  async #differsAt(
    objects: Objects,
    path: string,
    trees: { readonly before: GitObjectId | undefined; readonly after: GitObjectId | undefined },
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    let { before, after } = trees;
    const parts = path.split("/");
    const isOfFolder = parts.at(-1) === "";
    if (isOfFolder) parts.pop();
    for (const [i, part] of parts.entries()) {
      if (before === undefined ? after === undefined : after !== undefined && before.equals(after)) {
        return false;
      }
      const [left, right] = [
        await this.#rowAt(objects, before, part),
        await this.#rowAt(objects, after, part),
      ];
      const isFile = (row: TreeRow | undefined): boolean => row !== undefined && !isFolder(row);
      if (i === parts.length - 1 && !isOfFolder && (isFile(left) || isFile(right))) {
        return left === undefined || right === undefined || !isSame(left, right);
      }
      before = left === undefined || isFile(left) ? undefined : left.id;
      after = right === undefined || isFile(right) ? undefined : right.id;
    }
    if (before === undefined ? after === undefined : after !== undefined && before.equals(after)) {
      return false;
    }
    for await (const _ of walkChanges(objects, { before, after }, { signal })) return true;
    return false;
  }

  async #rowAt(objects: Objects, tree: GitObjectId | undefined, name: string): Promise<TreeRow | undefined> {
    if (tree === undefined) return undefined;
    const key = `${tree}`;
    let rows = this.#trees.get(key);
    if (rows === undefined) {
      [rows] = await objects.trees([tree]);
      if (this.#trees.size >= TREES_KEPT) this.#trees.delete(this.#trees.keys().next().value!);
      this.#trees.set(key, rows!);
    }
    return rows!.find((row) => row.name.length === name.length && byteString(row.name) === name);
  }
}

function isInside(name: string, folder: string): boolean {
  return name.startsWith(folder.endsWith("/") ? folder : `${folder}/`);
}
