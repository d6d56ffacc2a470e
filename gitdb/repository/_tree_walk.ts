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
  readonly path: Uint8Array<ArrayBuffer>;
  readonly entry: GitTreeEntry;
}

/** Trees that are read together: those that come next in one folder. */
const TREES_AHEAD = 256;

/** A folder on the way to where the walk stands. */
class OpenFolder {
  readonly #objects: Objects;
  readonly #prefix: Uint8Array;
  readonly #rows: readonly GitTreeEntry[];
  /** Rows of the folders in it that were read ahead, by their place. */
  readonly #ahead = new Map<number, GitTreeEntry[]>();
  #next = 0;

  constructor(objects: Objects, prefix: Uint8Array, rows: readonly GitTreeEntry[]) {
    this.#objects = objects;
    this.#prefix = prefix;
    this.#rows = rows;
  }

  /** The next row, with its place; undefined at the end. */
  next(): WalkedEntry & { readonly place: number } | undefined {
    const entry = this.#rows[this.#next];
    if (entry === undefined) return undefined;
    const path = new Uint8Array(this.#prefix.length + entry.nameBytes.length);
    path.set(this.#prefix);
    path.set(entry.nameBytes, this.#prefix.length);
    return { path, entry, place: this.#next++ };
  }

  /** The rows of the folder at a place; those of the next ones are read with it. */
  async rowsAt(place: number): Promise<GitTreeEntry[]> {
    if (!this.#ahead.has(place)) {
      const places = [place];
      for (let at = place + 1; at < this.#rows.length && places.length < TREES_AHEAD; at++) {
        if (this.#rows[at]!.type === "tree") places.push(at);
      }
      const trees = await this.#objects.trees(places.map((at) => this.#rows[at]!.id));
      for (const [i, at] of places.entries()) this.#ahead.set(at, trees[i]!);
    }
    const rows = this.#ahead.get(place)!;
    this.#ahead.delete(place);
    return rows;
  }
}

/**
 * All files, links and submodules in the order of the trees. Trees are read in groups, so that at most `TREES_AHEAD` of each
 * folder on the way are held.
 */
export async function* walkTree(
  objects: Objects,
  tree: GitObjectId,
  signal: AbortSignal | undefined,
): AsyncGenerator<WalkedEntry, void, undefined> {
  const open = [new OpenFolder(objects, new Uint8Array(), await objects.tree(tree))];
  while (open.length > 0) {
    signal?.throwIfAborted();
    const folder = open.at(-1)!;
    const walked = folder.next();
    if (walked === undefined) {
      open.pop();
      continue;
    }
    const { path, entry, place } = walked;
    if (entry.type !== "tree") {
      yield { path, entry };
      continue;
    }
    if (open.length >= DEPTH_MAX) {
      throw overLimit("a tree with the folders around it", open.length + 1, DEPTH_MAX, "objects");
    }
    const prefix = new Uint8Array(path.length + 1);
    prefix.set(path);
    prefix[path.length] = 0x2f;
    open.push(new OpenFolder(objects, prefix, await folder.rowsAt(place)));
  }
}
