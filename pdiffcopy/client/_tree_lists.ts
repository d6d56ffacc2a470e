/**
 * What both sides of a copy of a tree have before it. A file that is copied by itself is a tree with one name: that of its
 * target, in the directory of that.
 */
import { printable } from "@sluice/internal";
import { failure } from "../file/_errors.ts";
import { followLink, splitPath } from "../file/_files.ts";
import type { PdiffLocation } from "../file/location.ts";
import type { TreeEntry } from "../copy/_tree_entry.ts";
import type { ListOptions } from "../copy/_tree_list.ts";
import { listDifferences } from "./_tree_differences.ts";
import type { FoundLists } from "./_tree_differences.ts";
import type { TreeTops } from "./_tree_plan.ts";
import type { TreeSide } from "./_tree_sides.ts";

/** The names on both sides. */
export interface TreeLists {
  readonly source: TreeEntry[];
  /** Undefined where the target is not there. */
  readonly target: TreeEntry[] | undefined;
  readonly tops: TreeTops;
  /** Files in the target that copies use for themselves. */
  readonly unfinished: readonly string[];
  /** As `unfinished`, in the source: the files that they belong to may be mixed. */
  readonly mixed: readonly string[];
  /** Files of the source in directories that were not listed, because the target has the same. */
  readonly equalFiles: number;
}

/** Lists both sides at a time; with `differences` only directories whose names differ, where both have outlines. */
export async function listSides(
  [from, source]: readonly [side: TreeSide, location: PdiffLocation],
  to: TreeSide,
  options: ListOptions,
  differences: boolean,
): Promise<TreeLists> {
  const lists = differences && from.hasOutline && to.hasOutline
    ? await listDifferences(from, to, options, lastName(source))
    : await listWhole(from, to, options);
  const { rest: found, unfinished: mixed } = apart(lists.source);
  const { rest: there, unfinished } = apart(lists.target);
  if (found === undefined) {
    throw failure("NOT_FOUND", `Cannot copy ${source.expression}: there is no such file or directory`);
  }
  const tops = { source: takeTop(found), target: takeTop(there ?? []) };
  return { source: found, target: there, tops, unfinished, mixed, equalFiles: lists.equalFiles };
}

/** Takes files that copies use for themselves out of a list. */
function apart<T extends TreeEntry[] | undefined>(
  entries: T,
): { readonly rest: T | TreeEntry[]; readonly unfinished: readonly string[] } {
  const isUnfinished = ({ kind }: TreeEntry): boolean => kind === "unfinished";
  if (entries === undefined || !entries.some(isUnfinished)) return { rest: entries, unfinished: [] };
  const unfinished = entries.filter(isUnfinished).map(({ path }) => path);
  return { rest: entries.filter((entry) => !isUnfinished(entry)), unfinished };
}

async function listWhole(from: TreeSide, to: TreeSide, options: ListOptions): Promise<FoundLists> {
  const [source, target] = await Promise.all([from.list(options), to.list(options)]);
  return { source, target, equalFiles: 0 };
}

/** The name under which a file goes into a directory. */
function lastName({ filename }: PdiffLocation): string {
  return filename.split("/").findLast((part) => part !== "") ?? "";
}

/** Takes the directory itself out of its list; a server of an earlier version does not list it. */
function takeTop(entries: TreeEntry[]): TreeEntry | undefined {
  return entries[0]?.path === "" ? entries.shift() : undefined;
}

/** Refuses to copy a directory to something else. */
export function checkDirectories({ tops }: TreeLists, source: PdiffLocation, target: PdiffLocation): void {
  if (tops.target === undefined || tops.target.kind === "dir") return;
  throw failure(
    "IO",
    `Cannot copy the directory ${source.expression} to ${target.expression}: it is no directory`,
  );
}

/** A file that is copied by itself. */
export interface SingleFile {
  /** The directory that it goes to. */
  readonly folder: PdiffLocation;
  /** Lists of that directory, with what concerns the file alone. */
  readonly lists: TreeLists;
}

/**
 * Where a file goes that is copied by itself: into a directory under its own name, and else to the name of the target. A
 * target that is a link on this machine is followed.
 */
export function placeFile(
  entry: TreeEntry,
  source: PdiffLocation,
  target: PdiffLocation,
  lists: TreeLists,
): SingleFile {
  const there = lists.tops.target;
  for (const [{ kind }, location] of [[entry, source], [there ?? entry, target]] as const) {
    if (kind !== "other") continue;
    throw failure(
      "UNSUPPORTED",
      `Cannot copy ${source.expression} to ${target.expression} as a tree: ${printable(location.filename)} ` +
        "is neither a file nor a directory: pipes and sockets are copied inside of a directory, devices by " +
        '"PdiffClient" and without -r or -a',
    );
  }
  const isInto = there === undefined ? target.filename.endsWith("/") : there.kind === "dir";
  const path = isInto || target.origin !== undefined ? target.filename : followLink(target.filename);
  const { folder, name } = isInto
    ? { folder: target, name: lastName(source) }
    : { folder: folderOf(target, path), name: splitPath(path).name };
  const found = isInto
    ? (lists.target ?? []).filter(({ path }) => path === name || path.startsWith(`${name}/`))
    : there === undefined
    ? []
    : [{ ...there, path: name }];
  const tops = { source: undefined, target: undefined };
  const unfinished = isInto ? lists.unfinished : [];
  return {
    folder,
    lists: { source: [{ ...entry, path: name }], target: found, tops, unfinished, mixed: [], equalFiles: 0 },
  };
}

/** The directory of a location whose file has the given path. */
function folderOf(location: PdiffLocation, path: string): PdiffLocation {
  const filename = splitPath(path).folder;
  const expression = location.origin === undefined
    ? filename
    : location.expression.slice(0, location.expression.lastIndexOf("/")) || location.expression;
  return { ...location, filename, expression, label: expression };
}
