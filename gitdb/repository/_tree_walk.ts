/**
 * The files of a tree with those of the trees in it. Deno only.
 */
import { overLimit } from "../object/_errors.ts";
import type { GitTreeEntry } from "../object/_tree.ts";
import type { GitObjectId } from "../object/_object_id.ts";
import type { Objects } from "./_objects.ts";

/** Folders in folders: trees that were made to run out of memory have more. */
const DEPTH_MAX = 2048;

/** A row with the path to it. */
export interface WalkedEntry {
  /** The path from where the walk started, as bytes. */
  readonly path: Uint8Array;
  readonly entry: GitTreeEntry;
}

/** What a walk does at a folder: goes on inside, passes it on, or both. */
export interface FolderChoice {
  readonly enter: boolean;
  readonly give: boolean;
}

/** All rows in the order of the trees; `choose` decides at each row, of which files are only passed on or not. */
export async function* walkTree(
  objects: Objects,
  tree: GitObjectId,
  choose: (path: Uint8Array, entry: GitTreeEntry) => FolderChoice,
  signal: AbortSignal | undefined,
): AsyncGenerator<WalkedEntry, void, undefined> {
  const open: { readonly prefix: Uint8Array; readonly rows: Iterator<GitTreeEntry> }[] = [
    { prefix: new Uint8Array(), rows: (await objects.tree(tree)).values() },
  ];
  while (open.length > 0) {
    signal?.throwIfAborted();
    const { prefix, rows } = open.at(-1)!;
    const { done, value: entry } = rows.next();
    if (done) {
      open.pop();
      continue;
    }
    const path = new Uint8Array(prefix.length + entry.nameBytes.length);
    path.set(prefix);
    path.set(entry.nameBytes, prefix.length);
    const { enter, give } = choose(path, entry);
    if (give) yield { path, entry };
    if (!enter || entry.type !== "tree") continue;
    if (open.length >= DEPTH_MAX) {
      throw overLimit("a tree with the folders around it", open.length + 1, DEPTH_MAX, "objects");
    }
    const next = new Uint8Array(path.length + 1);
    next.set(path);
    next[path.length] = 0x2f;
    open.push({ prefix: next, rows: (await objects.tree(entry.id)).values() });
  }
}
