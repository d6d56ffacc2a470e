/**
 * The files of a tree with those of the trees in it. Deno only.
 */
import { overLimit } from "../object/_errors.ts";
import { FOLDER } from "../object/_object_syntax.ts";
import type { TreeRow } from "../object/_object_syntax.ts";
import type { GitObjectId } from "../object/_object_id.ts";
import type { Objects } from "./_objects.ts";

/** Folders in folders: trees that were made to run out of memory have more. */
const DEPTH_MAX = 2048;

/** A file, link or submodule with the path to it. */
export interface WalkedEntry {
  /** The path from where the walk started, as bytes. */
  readonly path: Uint8Array<ArrayBuffer>;
  readonly mode: number;
  readonly id: GitObjectId;
}

/** Trees that are read together: those that come next in one folder. */
const TREES_AHEAD = 256;

function isFolder({ mode }: TreeRow): boolean {
  return (mode & 0o170000) === FOLDER;
}

/** A folder on the way to where the walk stands. */
class OpenFolder {
  readonly #objects: Objects;
  readonly #prefix: Uint8Array;
  readonly #rows: readonly TreeRow[];
  /** Rows of the folders in it that were read ahead, by their place. */
  readonly #ahead = new Map<number, TreeRow[]>();
  #next = 0;

  constructor(objects: Objects, prefix: Uint8Array, rows: readonly TreeRow[]) {
    this.#objects = objects;
    this.#prefix = prefix;
    this.#rows = rows;
  }

  /** What comes before the next folder. */
  files(): WalkedEntry[] {
    const files: WalkedEntry[] = [];
    for (; this.#next < this.#rows.length; this.#next++) {
      const row = this.#rows[this.#next]!;
      if (isFolder(row)) break;
      files.push({ path: this.#pathOf(row, 0), mode: row.mode, id: row.id });
    }
    return files;
  }

  #pathOf({ name }: TreeRow, room: number): Uint8Array<ArrayBuffer> {
    const path = new Uint8Array(this.#prefix.length + name.length + room);
    path.set(this.#prefix);
    path.set(name, this.#prefix.length);
    return path;
  }

  /** Opens the folder where `files` stopped; undefined at the end. Those that come next are read with it. */
  async enter(): Promise<OpenFolder | undefined> {
    const place = this.#next++;
    const row = this.#rows[place];
    if (row === undefined) return undefined;
    if (!this.#ahead.has(place)) {
      const places = [place];
      for (let at = place + 1; at < this.#rows.length && places.length < TREES_AHEAD; at++) {
        if (isFolder(this.#rows[at]!)) places.push(at);
      }
      const trees = await this.#objects.trees(places.map((at) => this.#rows[at]!.id));
      for (const [i, at] of places.entries()) this.#ahead.set(at, trees[i]!);
    }
    const rows = this.#ahead.get(place)!;
    this.#ahead.delete(place);
    const prefix = this.#pathOf(row, 1);
    prefix[prefix.length - 1] = 0x2f;
    return new OpenFolder(this.#objects, prefix, rows);
  }
}

/**
 * All files, links and submodules in the order of the trees, those together that follow each other. Trees are read in
 * groups, so that at most `TREES_AHEAD` of each folder on the way are held.
 */
export async function* walkTree(
  objects: Objects,
  tree: GitObjectId,
  signal: AbortSignal | undefined,
): AsyncGenerator<WalkedEntry[], void, undefined> {
  const [rows] = await objects.trees([tree]);
  const open = [new OpenFolder(objects, new Uint8Array(), rows!)];
  while (open.length > 0) {
    signal?.throwIfAborted();
    const folder = open.at(-1)!;
    const files = folder.files();
    if (files.length > 0) yield files;
    const inner = await folder.enter();
    if (inner === undefined) {
      open.pop();
      continue;
    }
    if (open.length >= DEPTH_MAX) {
      throw overLimit("a tree with the folders around it", open.length + 1, DEPTH_MAX, "objects");
    }
    open.push(inner);
  }
}
