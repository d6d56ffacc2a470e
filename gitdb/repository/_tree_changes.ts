/**
 * What differs between two trees. Deno only.
 */
import { overLimit } from "../object/_errors.ts";
import { FOLDER } from "../object/_object_syntax.ts";
import type { TreeRow } from "../object/_object_syntax.ts";
import type { GitObjectId } from "../object/_object_id.ts";
import type { Objects } from "./_objects.ts";

/** Folders in folders: trees that were made to run out of memory have more. */
const DEPTH_MAX = 2048;

/** One side of a change. */
export interface ChangeSide {
  readonly mode: number;
  readonly id: GitObjectId;
}

/** A file, link or submodule that is not the same in both trees. */
export interface TreeChange {
  readonly path: Uint8Array<ArrayBuffer>;
  readonly before: ChangeSide | undefined;
  readonly after: ChangeSide | undefined;
}

function isFolder(row: TreeRow): boolean {
  return (row.mode & 0o170000) === FOLDER;
}

/** The mode as git takes it: of files only whether they may be run counts. */
function sideOf(row: TreeRow): ChangeSide {
  const isFile = (row.mode & 0o170000) === 0o100000;
  return { mode: isFile ? (row.mode & 0o100) === 0 ? 0o100644 : 0o100755 : row.mode, id: row.id };
}

/** Whether two rows are the same file, link, submodule or folder. */
export function isSame(left: TreeRow, right: TreeRow): boolean {
  return sideOf(left).mode === sideOf(right).mode && left.id.equals(right.id);
}

/** The order of rows: the names of folders as if they ended with a slash. */
function compareRows(left: TreeRow, right: TreeRow): number {
  const [a, b] = [left.name, right.name];
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  const next = (row: TreeRow): number => row.name[length] ?? (isFolder(row) ? 0x2f : 0);
  return next(left) - next(right);
}

/** Rows of the same name and kind side by side, in the order of trees; those that are equal are left out. */
function* pairs(
  before: readonly TreeRow[],
  after: readonly TreeRow[],
): Generator<[TreeRow | undefined, TreeRow | undefined]> {
  for (let i = 0, j = 0; i < before.length || j < after.length;) {
    const [left, right] = [before[i], after[j]];
    const order = left === undefined ? 1 : right === undefined ? -1 : compareRows(left, right);
    if (order <= 0) i++;
    if (order >= 0) j++;
    if (order < 0) yield [left, undefined];
    else if (order > 0) yield [undefined, right];
    else if (!isSame(left!, right!)) yield [left, right];
  }
}

/** The path of a row, with a slash after that of a folder. */
function pathOf(prefix: Uint8Array, row: TreeRow): Uint8Array<ArrayBuffer> {
  const end = prefix.length + row.name.length;
  const path = new Uint8Array(end + (isFolder(row) ? 1 : 0));
  path.set(prefix);
  path.set(row.name, prefix.length);
  if (isFolder(row)) path[end] = 0x2f;
  return path;
}

/** What alone is looked at. */
export interface ChangeFilter {
  /** Whether a file is wanted. */
  includes(path: Uint8Array): boolean;
  /** Whether files in a folder may be, whose path ends with a slash. */
  leadsInto(folder: Uint8Array): boolean;
}

/** How trees are compared. */
export interface ChangeWalk {
  readonly signal: AbortSignal | undefined;
  readonly paths?: ChangeFilter | undefined;
}

/** Everything that differs, in git's order. Trees that are the same are not read. */
export async function* walkChanges(
  objects: Objects,
  trees: { readonly before: GitObjectId | undefined; readonly after: GitObjectId | undefined },
  walk: ChangeWalk,
  prefix = new Uint8Array(),
  depth = 1,
): AsyncGenerator<TreeChange, void, undefined> {
  const { signal, paths } = walk;
  signal?.throwIfAborted();
  if (depth > DEPTH_MAX) throw overLimit("a tree with the folders around it", depth, DEPTH_MAX, "objects");
  const wanted = [trees.before, trees.after].filter((id) => id !== undefined);
  const read = await objects.trees(wanted);
  const before = trees.before === undefined ? [] : read[0]!;
  const after = trees.after === undefined ? [] : read.at(-1)!;
  for (const [left, right] of pairs(before, after)) {
    const path = pathOf(prefix, left ?? right!);
    if (!isFolder(left ?? right!)) {
      if (paths?.includes(path) === false) continue;
      yield { path, before: left && sideOf(left), after: right && sideOf(right) };
    } else if (paths?.leadsInto(path) !== false) {
      const inner = { before: left?.id, after: right?.id };
      yield* walkChanges(objects, inner, walk, path, depth + 1);
    }
  }
}
