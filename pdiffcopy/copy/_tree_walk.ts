/**
 * Walking down a tree: directories are opened only where something is asked of them, and many are read in one call.
 */
import { printable } from "@sluice/internal";
import type { BlockDirectory } from "../file/_block_file.ts";

const DEPTH_MAX = 200;

/** The path of a name in a directory. */
export function joinPath(folder: string, name: string): string {
  return folder === "" ? name : `${folder}/${name}`;
}

/** Refuses to go below a directory that is nested too deep. */
export function checkDepth(path: string, depth: number): void {
  if (depth === DEPTH_MAX) throw new RangeError(`Cannot list ${printable(path)}: it is nested too deep`);
}

/** A directory that is opened when something is asked of it. */
export class LazyDirectory {
  readonly #open: () => BlockDirectory;
  #opened: BlockDirectory | undefined;

  /** Nothing is opened yet. */
  constructor(open: () => BlockDirectory) {
    this.#open = open;
  }

  /** The open directory. */
  get(): BlockDirectory {
    return this.#opened ??= this.#open();
  }

  /** Closes it, where it was opened. */
  close(): void {
    this.#opened?.close();
  }
}

/** Directories that are read in one call at most. */
const AHEAD = 256;

/** What many directories hold that are asked for in order, read for some of them at a time. */
export class DirectoriesAhead<T> {
  readonly #names: readonly string[];
  readonly #read: (names: readonly string[]) => Promise<(T | Error)[]>;
  readonly #found = new Map<string, T | Error>();
  #next = 0;

  /** `read` answers for the first of the names that it gets, as many as it can. */
  constructor(names: readonly string[], read: (names: readonly string[]) => Promise<(T | Error)[]>) {
    this.#names = names;
    this.#read = read;
  }

  /** What a directory holds; undefined where it has to be read by itself. */
  async take(name: string): Promise<T | undefined> {
    if (!this.#found.has(name)) {
      this.#next = this.#names.indexOf(name, this.#next);
      const wanted = this.#names.slice(this.#next, this.#next + AHEAD);
      for (const [index, answer] of (await this.#read(wanted)).entries()) {
        this.#found.set(wanted[index]!, answer);
      }
    }
    const found = this.#found.get(name);
    this.#found.delete(name);
    if (found instanceof Error) throw found;
    return found;
  }
}
