/**
 * The directory that a server shows, and how names of requests become files below it.
 */
import { SluiceError } from "@sluice/internal";
import { isBlockDevice, isRegular } from "../file/_block_file.ts";
import type { BlockDirectory, BlockFile } from "../file/_block_file.ts";
import { openDirectory, splitPath } from "../file/_files.ts";
import { isEmpty } from "../copy/_local_source.ts";
import { badRequest, Refusal } from "./_server_request.ts";
import { isDirty, isOwnName } from "../copy/_side_files.ts";

const EEXIST = 17;

/** How names are meant: `rooted` names start at the root, `absolute` ones must lie below it. */
export type PdiffPathMode = "rooted" | "absolute";

/** One directory with everything below it. */
export class ServerRoot implements Disposable {
  readonly #path: string;
  readonly #mode: PdiffPathMode;
  readonly #writable: boolean;
  #directory: BlockDirectory | undefined;

  constructor(path: string, mode: PdiffPathMode, writable: boolean) {
    this.#path = path;
    this.#mode = mode;
    this.#writable = writable;
  }

  get #root(): BlockDirectory {
    return this.#directory ??= openDirectory(this.#path, this.#writable);
  }

  /** Whether many small files can be read and written at once. */
  get hasSmallFiles(): boolean {
    return this.#root.smallFiles !== undefined;
  }

  /** The name below the root. */
  relative(filename: string): string {
    if (filename.includes("\0")) throw badRequest("the name has a zero character");
    let name = filename;
    if (this.#mode === "absolute") {
      const prefix = this.#path.endsWith("/") ? this.#path : `${this.#path}/`;
      if (!name.startsWith(prefix)) {
        throw new Refusal(403, "PERMISSION", "the name does not lie below the root");
      }
      name = name.slice(prefix.length);
    }
    const parts = name.split("/").filter((part) => part !== "" && part !== ".");
    if (parts.length === 0) throw badRequest("the name is empty");
    if (parts.includes("..")) throw new Refusal(403, "PERMISSION", 'the name has ".." in it');
    if (parts.some(isOwnName)) throw new Refusal(403, "PERMISSION", "the name is used for unfinished copies");
    if (Deno.build.os === "windows" && parts.some((part) => /[\\:]/.test(part))) {
      throw badRequest("the name is not valid here");
    }
    return parts.join("/");
  }

  /** Opens a file to read; one that a copy left mixed is refused, and one that does not say how long it is. */
  async read(filename: string): Promise<BlockFile> {
    const name = this.relative(filename);
    const file = this.#root.open(name, { beneath: true });
    try {
      const { mode, size } = file.status();
      if (!isRegular(mode) && !isBlockDevice(mode)) {
        throw new Refusal(400, "IO", "the name is not that of a file");
      }
      if (size === 0 && !await isEmpty(file)) {
        throw new Refusal(400, "UNSUPPORTED", "the file does not say how long it is");
      }
      this.#checkClean(name, mode);
      return file;
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /** Opens whatever has the name, to look at. */
  look(filename: string): BlockFile {
    return this.#root.open(this.relative(filename), { beneath: true });
  }

  /** Opens a directory; the root itself too. */
  directory(filename: string): BlockDirectory {
    const isRoot = filename === "/" || filename === "." || filename === this.#path;
    return this.#root.openDirectory(isRoot ? "." : this.relative(filename), true);
  }

  /** Whether a copy to a file was interrupted, which left it mixed. */
  isMixed(filename: string, mode: number): boolean {
    const { folder, name } = splitPath(this.relative(filename));
    using parent = this.#root.openDirectory(folder, true);
    return isDirty(parent, name, mode);
  }

  #checkClean(name: string, mode: number): void {
    const { folder, name: last } = splitPath(name);
    using parent = this.#root.openDirectory(folder, true);
    if (!isDirty(parent, last, mode)) return;
    throw new Refusal(409, "DIRTY", "a copy to this file was interrupted and has to be completed first");
  }

  /** Opens an existing file to write in place. */
  write(filename: string): BlockFile {
    this.checkWritable();
    return checkedKind(this.#root.open(this.relative(filename), { beneath: true, write: true }));
  }

  /** Opens a file to write in place; makes it, and the directories above it, where they are missing. */
  create(filename: string): BlockFile {
    const { directory, name } = this.parent(filename);
    using _ = directory;
    return checkedKind(directory.open(name, { beneath: true, write: true, create: true }));
  }

  /** The directory of a file that is going to be written; directories that are missing are made. */
  parent(filename: string): { readonly directory: BlockDirectory; readonly name: string } {
    this.checkWritable();
    const { folder, name } = splitPath(this.relative(filename));
    return { directory: this.#openOrMake(folder), name };
  }

  /** Opens a directory; makes it, and those above it, where they are missing. */
  #openOrMake(folder: string): BlockDirectory {
    try {
      return this.#root.openDirectory(folder, true);
    } catch (error) {
      if (folder === "." || !(error instanceof SluiceError) || error.code !== "NOT_FOUND") throw error;
    }
    const { folder: above, name } = splitPath(folder);
    using parent = this.#openOrMake(above);
    try {
      parent.makeDirectory(name, 0o777);
    } catch (error) {
      if (!(error instanceof SluiceError) || error.errno !== EEXIST) throw error;
    }
    return parent.openDirectory(name, true);
  }

  /** Opens the directory of a tree that is going to be written, and makes it where it is missing. */
  writableDirectory(filename: string): BlockDirectory {
    this.checkWritable();
    const isRoot = filename === "/" || filename === ".";
    return this.#openOrMake(isRoot ? "." : this.relative(filename));
  }

  /** Whether files below it may be written. */
  get writable(): boolean {
    return this.#writable;
  }

  /** Refuses where nothing may be written. */
  checkWritable(_filename?: string): void {
    if (!this.#writable) throw new Refusal(403, "READ_ONLY", "the server is read-only");
  }

  [Symbol.dispose](): void {
    this.#directory?.close();
    this.#directory = undefined;
  }
}

/** A file that is neither a regular one nor a device has nothing to write by position. */
function checkedKind(file: BlockFile): BlockFile {
  const { mode } = file.status();
  if (isRegular(mode) || isBlockDevice(mode)) return file;
  file.close();
  throw new Refusal(400, "IO", "the name is not that of a file");
}
