/**
 * Several directories that a server shows, each under a name of its own: the first part of the names of requests.
 */
import type { BlockDirectory, BlockFile } from "../file/_block_file.ts";
import { Refusal } from "./_server_request.ts";
import type { ServerRoot } from "./_server_root.ts";

/** What requests are answered from: one directory, or several. */
export type ServedRoot = Omit<ServerRoot, "relative">;

/** Directories by their names. */
export class MountedRoots implements ServedRoot {
  readonly #roots: ReadonlyMap<string, ServerRoot>;

  constructor(roots: ReadonlyMap<string, ServerRoot>) {
    this.#roots = roots;
  }

  get hasSmallFiles(): boolean {
    return [...this.#roots.values()].every(({ hasSmallFiles }) => hasSmallFiles);
  }

  /** The directory of a name, and the name below it. */
  #find(filename: string): { readonly root: ServerRoot; readonly name: string } {
    const parts = filename.split("/").filter((part) => part !== "" && part !== ".");
    const root = this.#roots.get(parts[0] ?? "");
    if (root === undefined) {
      throw new Refusal(404, "NOT_FOUND", "the name starts with none of the directories that are served");
    }
    return { root, name: `/${parts.slice(1).join("/")}` };
  }

  read(filename: string): Promise<BlockFile> {
    const { root, name } = this.#find(filename);
    return root.read(name);
  }

  look(filename: string): BlockFile {
    const { root, name } = this.#find(filename);
    return root.look(name);
  }

  isMixed(filename: string, mode: number): boolean {
    const { root, name } = this.#find(filename);
    return root.isMixed(name, mode);
  }

  directory(filename: string): BlockDirectory {
    const { root, name } = this.#find(filename);
    return root.directory(name);
  }

  write(filename: string): BlockFile {
    const { root, name } = this.#find(filename);
    return root.write(name);
  }

  create(filename: string): BlockFile {
    const { root, name } = this.#find(filename);
    return root.create(name);
  }

  parent(filename: string): { readonly directory: BlockDirectory; readonly name: string } {
    const { root, name } = this.#find(filename);
    return root.parent(name);
  }

  writableDirectory(filename: string): BlockDirectory {
    const { root, name } = this.#find(filename);
    return root.writableDirectory(name);
  }

  /** Refuses where nothing may be written at all, or below the directory of a name. */
  checkWritable(filename?: string): void {
    if (filename !== undefined) return this.#find(filename).root.checkWritable();
    if (![...this.#roots.values()].some(({ writable }) => writable)) {
      throw new Refusal(403, "READ_ONLY", "the server is read-only");
    }
  }

  /** Whether any of them may be written to. */
  get writable(): boolean {
    return [...this.#roots.values()].some(({ writable }) => writable);
  }

  [Symbol.dispose](): void {
    for (const root of this.#roots.values()) root[Symbol.dispose]();
  }
}
