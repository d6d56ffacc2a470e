/**
 * What two trees do not have alike: both sides tell their outlines, and only directories whose names differ are listed.
 */
import { failure } from "../file/_errors.ts";
import { byName } from "../file/_name_order.ts";
import type { TreeEntry } from "../copy/_tree_entry.ts";
import type { ListOptions } from "../copy/_tree_list.ts";
import type { OutlineEntry } from "../copy/_tree_outline.ts";
import { parentOf } from "./_tree_selection.ts";
import type { TreeSide } from "./_tree_sides.ts";

/** The names on both sides, each directory before what it has. */
export interface FoundLists {
  /** Undefined where the source is not there. */
  readonly source: TreeEntry[] | undefined;
  /** Undefined where the target is not there. */
  readonly target: TreeEntry[] | undefined;
  /** Files of the source in directories whose names were left out, because the target has the same. */
  readonly equalFiles: number;
}

/**
 * All directories of both sides, with the names in those that differ. Where the source is a file, the target's top and what
 * it has under `name` alone.
 */
export async function listDifferences(
  from: TreeSide,
  to: TreeSide,
  options: ListOptions,
  name: string,
): Promise<FoundLists> {
  // Here it takes no longer than a request; and a target that is not there needs no outline of the source.
  const early = to.isRemote ? undefined : await to.outline(options);
  if (!to.isRemote && early === undefined) return await listAlone(from, options);
  const [source, target] = await Promise.all([
    from.outline(options),
    to.isRemote ? to.outline(options) : early,
  ]);
  if (source === undefined) return { source, target: undefined, equalFiles: 0 };
  if (target === undefined) return await listAlone(from, options, source);
  if (isWholeList(source) || isWholeList(target)) {
    const [all, there] = await Promise.all([
      completed(from, source, options),
      completed(to, target, options),
    ]);
    return { source: all, target: there, equalFiles: 0 };
  }
  const same = sameDirectories(source, target);
  const isWanted = source[0]?.entry.kind === "dir"
    ? (): boolean => true
    : (path: string): boolean => path === "" || path === name || path.startsWith(`${name}/`);
  const [all, there] = await Promise.all([
    listed(from, source, (path) => !same.has(path), options),
    listed(to, target, (path) => !same.has(path) && isWanted(path), options),
  ]);
  const equalFiles = source.reduce(
    (sum, { entry, content }) => same.has(entry.path) ? sum + content!.files : sum,
    0,
  );
  return { source: all, target: there, equalFiles };
}

async function listAlone(
  from: TreeSide,
  options: ListOptions,
  outline?: OutlineEntry[],
): Promise<FoundLists> {
  const source = outline === undefined ? await from.list(options) : await completed(from, outline, options);
  return { source, target: undefined, equalFiles: 0 };
}

/** Whether a server without outlines listed everything. */
function isWholeList([top]: readonly OutlineEntry[]): boolean {
  return top?.entry.kind === "dir" && top.content === undefined;
}

/** All names of a side. */
async function completed(
  side: TreeSide,
  outline: readonly OutlineEntry[],
  options: ListOptions,
): Promise<TreeEntry[]> {
  return isWholeList(outline)
    ? outline.map(({ entry }) => entry)
    : await listed(side, outline, () => true, options);
}

/** Directories whose names need not be listed. */
function sameDirectories(
  source: readonly OutlineEntry[],
  target: readonly OutlineEntry[],
): ReadonlySet<string> {
  const digests = new Map<string, string>();
  for (const { entry, content } of target) {
    if (content?.digest !== undefined) digests.set(entry.path, content.digest);
  }
  const same = new Set<string>();
  for (const { entry, content } of source) {
    if (content?.digest !== undefined && digests.get(entry.path) === content.digest) same.add(entry.path);
  }
  return same;
}

/** The directories of an outline, and the names in those that are wanted, in the order of a list. */
async function listed(
  side: TreeSide,
  outline: readonly OutlineEntry[],
  isWanted: (path: string) => boolean,
  options: ListOptions,
): Promise<TreeEntry[]> {
  const paths = outline.filter(({ entry, content }) => content !== undefined && isWanted(entry.path))
    .map(({ entry }) => entry.path);
  const names = paths.length === 0 ? [] : await side.listDirectories(paths, options);
  const known = new Set(outline.map(({ entry }) => entry.path));
  const entries: TreeEntry[] = [];
  let next = 0;
  for (const { entry: { path }, entry } of outline) {
    entries.push(entry);
    // A directory that can't be listed any more is a fault with its own path.
    const isIn = (name: TreeEntry): boolean =>
      name.kind === "fault" && name.path === path || parentOf(name.path) === path && !known.has(name.path);
    for (let name = names[next]; name !== undefined && isIn(name); name = names[++next]) entries.push(name);
  }
  if (next === names.length) return names.length === 0 ? entries : inListOrder(entries);
  throw failure("PROTOCOL", "Cannot list directories: the answer has names of others, or in another order");
}

/** Sorts entries so that each directory comes before what it has, and before all that follows it. */
function inListOrder(entries: readonly TreeEntry[]): TreeEntry[] {
  const keyed = entries.map((entry) => ({ name: entry.path.replaceAll("/", "\0"), entry }));
  return keyed.sort(byName).map(({ entry }) => entry);
}
