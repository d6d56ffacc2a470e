/**
 * Packs in a directory of a browser. The index of a pack is created first, empty and open for writing, and written last: a
 * pack counts as soon as its index has content, and what another page is still writing is not removed.
 */
import { byteSourceFromBlob, concatBytes } from "@sluice/internal";
import type { ByteSource } from "@sluice/internal";
import type { PackSource } from "../pack/pack_store.ts";

/** A file that is being written; a `FileSystemWritableFileStream` is one. */
export interface GitDirectoryWriter {
  /** Appends bytes. */
  write(bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  /** Puts what was written in its place. */
  close(): Promise<void>;
  /** Forgets what was written. */
  abort(reason?: unknown): Promise<void>;
}

/** A file of a directory; a `FileSystemFileHandle` is one. */
export interface GitDirectoryFile {
  /** What the file holds now. */
  getFile(): Promise<Blob>;
  /** Starts to replace what it holds. */
  createWritable(): Promise<GitDirectoryWriter>;
}

/** A directory that holds packs; a `FileSystemDirectoryHandle` is one. */
export interface GitDirectory {
  /** The files by their names. */
  entries(): AsyncIterable<readonly [string, unknown]>;
  /** One file; with `create` it is made where it is not there. */
  getFileHandle(name: string, options?: { create?: boolean }): Promise<GitDirectoryFile>;
  /** Removes a file. */
  removeEntry(name: string): Promise<void>;
}

const NAME = /^(pack-[0-9a-f]+)\.(pack|idx)$/;
/** Bytes of one write: each goes to another process. */
const WRITE_SIZE = 1 << 20;

/** All packs of a directory that are whole; what an interrupted fetch left is removed. */
export async function openPacks(directory: GitDirectory): Promise<PackSource[]> {
  const endings = new Map<string, Set<string>>();
  for await (const [file] of directory.entries()) {
    const [, name, ending] = NAME.exec(file) ?? [];
    if (name === undefined) continue;
    endings.set(name, (endings.get(name) ?? new Set()).add(ending!));
  }
  const sources: PackSource[] = [];
  for (const name of [...endings.keys()].sort()) {
    const present = endings.get(name)!;
    const index = present.has("idx") ? await fileOf(directory, `${name}.idx`) : undefined;
    if (index !== undefined && index.size > 0 && present.has("pack")) {
      sources.push({ name, pack: await fileOf(directory, `${name}.pack`), index });
    } else await removeLeft(directory, name);
  }
  return sources;
}

async function fileOf(directory: GitDirectory, name: string): Promise<ByteSource> {
  return byteSourceFromBlob(await (await directory.getFileHandle(name)).getFile());
}

/** Removes what is left of a pack, the index first: where that is open, the pack is another page's. */
async function removeLeft(directory: GitDirectory, name: string): Promise<void> {
  for (const ending of ["idx", "pack"]) {
    try {
      await directory.removeEntry(`${name}.${ending}`);
    } catch (error) {
      if (!(error instanceof DOMException) || error.name !== "NotFoundError") return; // it is in use
    }
  }
}

/** A pack that is being written. */
export class DirectoryPack {
  readonly name: string;
  readonly #directory: GitDirectory;
  readonly #index: GitDirectoryWriter;
  #pack: GitDirectoryWriter | undefined;
  #waiting: Uint8Array<ArrayBuffer>[] = [];
  #size = 0;
  #isDone = false;

  private constructor(
    directory: GitDirectory,
    name: string,
    index: GitDirectoryWriter,
    pack: GitDirectoryWriter,
  ) {
    this.#directory = directory;
    this.name = name;
    this.#index = index;
    this.#pack = pack;
  }

  static async create(directory: GitDirectory): Promise<DirectoryPack> {
    const name = `pack-${crypto.randomUUID().replaceAll("-", "")}`;
    const open = async (ending: string): Promise<GitDirectoryWriter> =>
      await (await directory.getFileHandle(`${name}.${ending}`, { create: true })).createWritable();
    let index: GitDirectoryWriter | undefined;
    try {
      index = await open("idx");
      return new DirectoryPack(directory, name, index, await open("pack"));
    } catch (error) {
      await index?.abort();
      await removeLeft(directory, name);
      throw error;
    }
  }

  /** Appends bytes to the pack, which may be used again afterwards. */
  async write(bytes: Uint8Array): Promise<void> {
    this.#waiting.push(bytes.slice());
    this.#size += bytes.length;
    if (this.#size >= WRITE_SIZE) await this.#flush();
  }

  async #flush(): Promise<void> {
    const bytes = concatBytes(this.#waiting);
    [this.#waiting, this.#size] = [[], 0];
    if (bytes.length > 0) await this.#pack!.write(bytes);
  }

  /** The pack, which is whole. */
  async finish(): Promise<ByteSource> {
    await this.#flush();
    await this.#pack!.close();
    this.#pack = undefined;
    return await fileOf(this.#directory, `${this.name}.pack`);
  }

  /** Stores the index: the pack counts from now on. */
  async commit(index: Uint8Array<ArrayBuffer>): Promise<ByteSource> {
    await this.#index.write(index);
    await this.#index.close();
    this.#isDone = true;
    return await fileOf(this.#directory, `${this.name}.idx`);
  }

  /** Removes what was not committed. */
  async removeUnfinished(): Promise<void> {
    if (this.#isDone) return;
    await this.#pack?.abort().catch(() => {}); // the reason is on its way already
    await this.#index.abort().catch(() => {});
    await removeLeft(this.#directory, this.name);
  }
}
