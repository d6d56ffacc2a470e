/**
 * What unfinished copies left in a target, and which files it belongs to.
 */
import { joinPath } from "../copy/_tree_walk.ts";
import { splitPath } from "../file/_files.ts";
import { journalName, partName } from "../copy/_side_files.ts";
import { parentOf } from "./_tree_selection.ts";

/** One file that is left. */
export interface Leftover {
  readonly path: string;
  /** The file that it belongs to; undefined where that has a name too long to tell. */
  readonly owner: string | undefined;
}

const LEFTOVER = /^\.(.+)\.pdiff-(?:part|journal)$/s;
/** How names end that were cut. */
const CUT = /~[0-9a-f]{32}$/;

/** Journals and parts. */
export class Leftovers {
  readonly #paths: ReadonlySet<string>;

  /** Those of some paths. */
  constructor(paths: readonly string[]) {
    this.#paths = new Set(paths);
  }

  /** Whether something is left of a copy of a file. */
  belongsTo(path: string): boolean {
    return this.#paths.size > 0 && sidesOf(path).some((side) => this.#paths.has(side));
  }

  /** Those that belong to none of the files. */
  withoutOwner(files: Iterable<string>): Leftover[] {
    if (this.#paths.size === 0) return [];
    const rest = new Set(this.#paths);
    for (const path of files) for (const side of sidesOf(path)) rest.delete(side);
    return [...rest].flatMap((path) => {
      const name = LEFTOVER.exec(splitPath(path).name)?.[1];
      if (name === undefined) return [];
      return { path, owner: CUT.test(name) ? undefined : joinPath(parentOf(path), name) };
    });
  }
}

function sidesOf(path: string): string[] {
  const { name } = splitPath(path);
  return [journalName(name), partName(name)].map((side) => joinPath(parentOf(path), side));
}
