/**
 * Which names of a source are copied: all that filters leave, or those of a list.
 */
import { printable } from "@sluice/internal";
import { decodePath } from "../kernel/path_text.ts";
import type { TreeEntry } from "../copy/_tree_entry.ts";
import type { TreeFault } from "../copy/_tree_target.ts";
import type { TreeFilter } from "./_tree_filter.ts";

/** The names that are copied. */
export interface TreeSelection {
  readonly entries: readonly TreeEntry[];
  /** Names of the list that are not there. */
  readonly faults: readonly TreeFault[];
  /** Directories all of whose names were looked at; in these alone others are removed. "" is the tree itself. */
  readonly opened: ReadonlySet<string>;
}

/** Names that were asked for. */
export class FileList {
  /** Paths, and whether their text ended with "/". */
  readonly #listed = new Map<string, boolean>();
  readonly #recursive: boolean;

  /**
   * Reads paths from the top of the tree. Directories come with everything below them where `recursive` says so; else by
   * themselves, or with the names directly in them where they end with "/".
   *
   * @throws {RangeError} If one of them has a part "..", or a NUL.
   */
  constructor(names: readonly (string | Uint8Array)[], recursive: boolean) {
    this.#recursive = recursive;
    for (const name of names) {
      const text = typeof name === "string" ? name : decodePath(name);
      const parts = text.split("/").filter((part) => part !== "" && part !== ".");
      if (parts.includes("..") || text.includes("\0") || text === "") {
        throw new RangeError(`Cannot copy "${printable(text)}": it is no name below the directory`);
      }
      const path = parts.join("/");
      const isOpen = /(?:^|\/)\.?$/.test(text);
      this.#listed.set(path, isOpen || this.#listed.get(path) === true);
    }
  }

  /** The paths. */
  get paths(): Iterable<string> {
    return this.#listed.keys();
  }

  has(path: string): boolean {
    return this.#listed.has(path);
  }

  /** Whether the names in a directory are copied; `isBelow` says that those of the directory above it are. */
  opens(path: string, isBelow: boolean): boolean {
    return this.#recursive ? isBelow || this.has(path) : this.#listed.get(path) === true;
  }
}

/** Chooses among the names of a source, which come with each directory before what it has. */
export function selectEntries(
  source: readonly TreeEntry[],
  filter: TreeFilter,
  list: FileList | undefined,
): TreeSelection {
  if (list === undefined && filter.isEmpty) return selectAll(source);
  const opened = new Set<string>();
  if (list === undefined || list.opens("", false)) opened.add("");
  const seen = new Set<string>([""]);
  const above = list === undefined ? new Set<string>() : directoriesAbove(source, filter, list);
  const entries: TreeEntry[] = [];
  /** Directories that were left out, or come without what they have: their own faults are nobody's business. */
  const closed = new Set<string>();
  for (const entry of source) {
    const { path, kind } = entry;
    const isDirectory = kind === "dir";
    seen.add(path);
    if (closed.has(path)) continue;
    const isBelow = opened.has(parentOf(path));
    const isWanted = isBelow || list?.has(path) === true;
    // A directory that can't be listed comes again, as a fault.
    const isTaken = opened.has(path) || (isWanted && !filter.hides(path, isDirectory));
    const isOpen = isTaken && (list === undefined || list.opens(path, isBelow));
    if (isDirectory) (isOpen ? opened : closed).add(path);
    if (isTaken || (isDirectory && above.has(path))) entries.push(entry);
  }
  const missing = Array.from(list?.paths ?? []).filter((path) => !seen.has(path));
  const faults = missing.map((path) => ({
    path,
    code: "NOT_FOUND",
    message: "the list names it, and the source does not have it",
  }));
  return { entries, faults, opened };
}

function selectAll(entries: readonly TreeEntry[]): TreeSelection {
  const opened = new Set<string>([""]);
  for (const { path, kind } of entries) if (kind === "dir") opened.add(path);
  return { entries, faults: [], opened };
}

/** Directories on the way to names of a list that are there and not left out; filters do not count for them. */
function directoriesAbove(source: readonly TreeEntry[], filter: TreeFilter, list: FileList): Set<string> {
  const above = new Set<string>();
  for (const { path, kind } of source) {
    if (!list.has(path) || filter.hides(path, kind === "dir")) continue;
    for (let name = parentOf(path); name !== ""; name = parentOf(name)) above.add(name);
  }
  return above;
}

/** The directory of a path; "" for the tree itself. */
export function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}
