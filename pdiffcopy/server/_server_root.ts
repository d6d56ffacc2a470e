/**
 * The directory that a server shows, and how names of requests become files below it.
 */
import { SluiceError } from "@sluice/internal";
import type { BlockDirectory, BlockFile } from "../file/_block_file.ts";
import { openDirectory, splitPath } from "../file/_files.ts";
import { badRequest, Refusal } from "./_server_request.ts";
import { isDirty, isOwnName } from "../copy/_target.ts";

const FILE_TYPE = 0o170000;

/** How names are meant: `rooted` names start at the root, `absolute` ones must lie below it. */
export type PathMode = "rooted" | "absolute";

/** One directory with everything below it. */
export class ServerRoot implements Disposable {
  readonly #path: string;
  readonly #mode: PathMode;
  readonly #writable: boolean;
  #directory: BlockDirectory | undefined;

  constructor(path: string, mode: PathMode, writable: boolean) {
    this.#path = path;
    this.#mode = mode;
    this.#writable = writable;
  }

  get #root(): BlockDirectory {
    return this.#directory ??= openDirectory(this.#path, this.#writable);
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

  /** Opens a file to read; one that a copy left mixed is refused. */
  read(filename: string): BlockFile {
    const name = this.relative(filename);
    const file = this.#root.open(name, { beneath: true });
    try {
      const kind = file.status().mode & FILE_TYPE;
      if (kind !== 0o100000 && kind !== 0o060000) {
        throw new Refusal(400, "IO", "the name is not that of a file");
      }
      this.#checkClean(name);
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

  /** The path of a directory, once it was opened below the root. */
  directory(filename: string): string {
    const isRoot = filename === "/" || filename === "." || filename === this.#path;
    if (isRoot) return this.#path;
    const name = this.relative(filename);
    this.#root.openDirectory(name, true).close();
    return `${this.#path}/${name}`;
  }

  #checkClean(name: string): void {
    const { folder, name: last } = splitPath(name);
    using parent = this.#root.openDirectory(folder, true);
    if (!isDirty(parent, last)) return;
    throw new Refusal(409, "DIRTY", "a copy to this file was interrupted and has to be completed first");
  }

  /** Opens an existing file to write in place. */
  write(filename: string): BlockFile {
    this.#checkWritable();
    return this.#root.open(this.relative(filename), { beneath: true, write: true });
  }

  /** Opens a file to write in place; makes it, and the directories above it, where they are missing. */
  create(filename: string): BlockFile {
    const { directory, name } = this.parent(filename);
    using _ = directory;
    return directory.open(name, { beneath: true, write: true, create: true });
  }

  /** The directory of a file that is going to be written; directories that are missing are made. */
  parent(filename: string): { readonly directory: BlockDirectory; readonly name: string } {
    this.#checkWritable();
    const { folder, name } = splitPath(this.relative(filename));
    const parts = folder === "." ? [] : folder.split("/");
    for (let count = 1; count <= parts.length; count++) {
      const path = parts.slice(0, count).join("/");
      try {
        this.#root.openDirectory(path, true).close();
      } catch (error) {
        if (!(error instanceof SluiceError) || error.code !== "NOT_FOUND") throw error;
        // The part above was just opened below the root.
        Deno.mkdirSync(`${this.#path}/${path}`);
      }
    }
    return { directory: this.#root.openDirectory(folder, true), name };
  }

  #checkWritable(): void {
    if (!this.#writable) throw new Refusal(403, "READ_ONLY", "the server is read-only");
  }

  [Symbol.dispose](): void {
    this.#directory?.close();
    this.#directory = undefined;
  }
}
