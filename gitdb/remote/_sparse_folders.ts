/**
 * Folders of a sparse work tree, as git's sparse-checkout has them in cone mode: files at the top, files directly in the
 * folders above a chosen one, and everything in the chosen ones.
 */
import { nameFault } from "../object/_check_object.ts";

const ENCODER = new TextEncoder();

/** What of a tree is written. */
export interface SparseFolders {
  /** The lines of `info/sparse-checkout`. */
  readonly patterns: string;
  /** Whether a file of the tree is written. */
  has(path: string): boolean;
}

/**
 * Chooses folders by their names.
 *
 * @throws {RangeError} If a name leads out of the tree or can't be one of a folder.
 */
export function sparseFolders(names: Iterable<string>): SparseFolders {
  const wanted = new Set(Array.from(names, folderOf));
  const chosen = [...wanted].filter((name) => !foldersAbove(name).some((above) => wanted.has(above))).sort();
  const above = new Set(chosen.flatMap(foldersAbove));
  const lines = ["/*", "!/*/"];
  for (const name of [...above].sort()) lines.push(`/${escaped(name)}/`, `!/${escaped(name)}/*/`);
  for (const name of chosen) lines.push(`/${escaped(name)}/`);
  const within = new Set(chosen);
  return {
    patterns: `${lines.join("\n")}\n`,
    has(path) {
      const folders = foldersAbove(path);
      return folders.length === 0 || above.has(folders[0]!) || folders.some((folder) => within.has(folder));
    },
  };
}

/** The folders that a path is in, the nearest first. */
function foldersAbove(path: string): string[] {
  const folders: string[] = [];
  for (let at = path.lastIndexOf("/"); at > 0; at = path.lastIndexOf("/", at - 1)) {
    folders.push(path.slice(0, at));
  }
  return folders;
}

function folderOf(name: string): string {
  const path = name.replace(/^\/+|\/+$/g, "");
  for (const part of path.split("/")) {
    const fault = part === "" ? "is empty" : nameFault(ENCODER.encode(part));
    if (fault !== undefined) {
      throw new RangeError(`Cannot use option "sparse": in "${name}", the name "${part}" ${fault}`);
    }
  }
  if (path.includes("\n")) {
    throw new RangeError(`Cannot use option "sparse": "${name}" has more than one line`);
  }
  return path;
}

/** A name as a pattern that has nothing special in it. */
function escaped(name: string): string {
  return name.replace(/[\\*?[]/g, "\\$&");
}
