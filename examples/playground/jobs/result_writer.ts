/**
 * Keeping a large result on the browser's disk (the origin's private files), so that memory does not grow with it. Pages
 * that have no such place, as those opened from a file, keep it in memory.
 */
/// <reference lib="webworker" />
import type { Bytes } from "./messages.ts";
import { BlobWriter } from "./streams.ts";

/** Results up to this size stay in memory. */
const SMALL_SIZE = 8 << 20;
/** Folders of results are named after their page, which holds a lock of that name while it is open. */
const PREFIX = "results-";
let results = 0;

/** Removes what pages that are closed have left, as no page is told in time that it closes. */
async function sweep(root: FileSystemDirectoryHandle): Promise<void> {
  for await (const folder of root.keys()) {
    if (!folder.startsWith(PREFIX) || folder === PREFIX + self.name) continue;
    await navigator.locks.request(folder.slice(PREFIX.length), { ifAvailable: true }, async (lock) => {
      if (lock !== null) await root.removeEntry(folder, { recursive: true });
    }).catch(() => {}); // another page is at it
  }
}

/** A file of this page's folder that is being written. */
class DiskFile {
  readonly #file: FileSystemFileHandle;
  readonly #access: FileSystemSyncAccessHandle;
  readonly #remove: () => Promise<void>;

  private constructor(
    file: FileSystemFileHandle,
    access: FileSystemSyncAccessHandle,
    remove: () => Promise<void>,
  ) {
    [this.#file, this.#access, this.#remove] = [file, access, remove];
  }

  /** A new file; undefined where the browser has none for this page. */
  static async create(): Promise<DiskFile | undefined> {
    try {
      const root = await navigator.storage.getDirectory();
      if (results === 0) await sweep(root);
      const folder = await root.getDirectoryHandle(PREFIX + self.name, { create: true });
      const name = `${performance.timeOrigin}-${++results}`; // a stopped worker's results stay
      const file = await folder.getFileHandle(name, { create: true });
      return new DiskFile(file, await file.createSyncAccessHandle(), () => folder.removeEntry(name));
    } catch {
      return undefined;
    }
  }

  add(chunk: Bytes): void {
    const written = this.#access.write(chunk);
    if (written < chunk.length) throw new Error("The browser's disk has no room for the result");
  }

  async finish(): Promise<Blob> {
    this.#access.close();
    return await this.#file.getFile();
  }

  async drop(): Promise<void> {
    this.#access.close();
    await this.#remove();
  }
}

/** Collects chunks. */
export class ResultWriter {
  #small: Bytes[] = [];
  #size = 0;
  #large: DiskFile | BlobWriter | undefined;

  async add(chunk: Bytes): Promise<void> {
    this.#size += chunk.length;
    if (this.#large !== undefined) return this.#large.add(chunk);
    this.#small.push(chunk);
    if (this.#size <= SMALL_SIZE) return;
    this.#large = await DiskFile.create() ?? new BlobWriter();
    for (const part of this.#small) this.#large.add(part);
    this.#small = [];
  }

  /** The result, which lasts as long as the page. */
  async finish(): Promise<Blob> {
    return await this.#large?.finish() ?? new Blob(this.#small);
  }

  /** Frees what a job that failed has written. */
  async drop(): Promise<void> {
    if (this.#large instanceof DiskFile) await this.#large.drop();
  }
}
