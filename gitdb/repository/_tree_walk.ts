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

/** Trees that are read ahead: those that come next in one folder, and those in them. */
const TREES_AHEAD = 256;

/** A tree with those in it that were read ahead, by their places. */
interface ReadTree {
  readonly rows: readonly TreeRow[];
  readonly ahead: Map<number, ReadTree>;
}

function isFolder({ mode }: TreeRow): boolean {
  return (mode & 0o170000) === FOLDER;
}

/** A folder on the way to where the walk stands. */
class OpenFolder {
  readonly #objects: Objects;
  readonly #prefix: Uint8Array;
  readonly #tree: ReadTree;
  readonly #rows: readonly TreeRow[];
  #next = 0;

  constructor(objects: Objects, prefix: Uint8Array, tree: ReadTree) {
    this.#objects = objects;
    this.#prefix = prefix;
    this.#tree = tree;
    this.#rows = tree.rows;
  }

  /** What comes before the next folder. Paths are views of one piece of memory. */
  files(): WalkedEntry[] {
    const first = this.#next;
    let size = 0;
    for (; this.#next < this.#rows.length && !isFolder(this.#rows[this.#next]!); this.#next++) {
      size += this.#prefix.length + this.#rows[this.#next]!.name.length;
    }
    const files: WalkedEntry[] = [];
    const paths = new Uint8Array(size);
    let at = 0;
    for (let place = first; place < this.#next; place++) {
      const { name, mode, id } = this.#rows[place]!;
      paths.set(this.#prefix, at);
      paths.set(name, at + this.#prefix.length);
      const end = at + this.#prefix.length + name.length;
      files.push({ path: paths.subarray(at, end), mode, id });
      at = end;
    }
    return files;
  }

  /** The path of a folder with a slash after it. */
  #folderPath({ name }: TreeRow): Uint8Array<ArrayBuffer> {
    const path = new Uint8Array(this.#prefix.length + name.length + 1);
    path.set(this.#prefix);
    path.set(name, this.#prefix.length);
    path[path.length - 1] = 0x2f;
    return path;
  }

  /** Opens the folder where `files` stopped; undefined at the end. Those that come next are read with it. */
  async enter(): Promise<OpenFolder | undefined> {
    const place = this.#next++;
    const row = this.#rows[place];
    if (row === undefined) return undefined;
    const { ahead } = this.#tree;
    if (!ahead.has(place)) await readAhead(this.#objects, this.#tree, place);
    const tree = ahead.get(place)!;
    ahead.delete(place);
    return new OpenFolder(this.#objects, this.#folderPath(row), tree);
  }
}

/** The folders of a tree from a place on. */
function foldersOf(tree: ReadTree, start = 0): { readonly tree: ReadTree; readonly place: number }[] {
  const folders = [];
  for (let place = start; place < tree.rows.length; place++) {
    if (isFolder(tree.rows[place]!)) folders.push({ tree, place });
  }
  return folders;
}

/** Reads the folders of a tree from a place on, then those in them: few calls for many trees. */
async function readAhead(objects: Objects, tree: ReadTree, start: number): Promise<void> {
  let left = TREES_AHEAD;
  for (let level = foldersOf(tree, start); level.length > 0 && left > 0;) {
    level = level.slice(0, left);
    left -= level.length;
    const read = await objects.trees(level.map(({ tree, place }) => tree.rows[place]!.id));
    level = level.flatMap(({ tree, place }, i) => {
      const inner: ReadTree = { rows: read[i]!, ahead: new Map() };
      tree.ahead.set(place, inner);
      return foldersOf(inner);
    });
  }
}

/**
 * All files, links and submodules in the order of the trees, those together that follow each other. Trees are read in
 * groups, so that at most `TREES_AHEAD` for each folder on the way are held.
 */
export async function* walkTree(
  objects: Objects,
  tree: GitObjectId,
  signal: AbortSignal | undefined,
): AsyncGenerator<WalkedEntry[], void, undefined> {
  const [rows] = await objects.trees([tree]);
  const open = [new OpenFolder(objects, new Uint8Array(), { rows: rows!, ahead: new Map() })];
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
