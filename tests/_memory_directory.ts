/**
 * A directory of a browser in memory: files that are open for writing are locked, and a page that is closed gives its locks
 * up without anything written.
 */
import type { GitDirectory, GitDirectoryFile } from "@sluice/gitdb";

/** What fails, by the count of the calls that change something. */
export type Fail = (call: number) => boolean;

/** The files; several pages may have one. */
export class MemoryDirectory implements GitDirectory {
  readonly files = new Map<string, Blob>();
  readonly #locks = new Map<string, number>();
  #page = 0;
  /** Calls that change something, so far. */
  calls = 0;
  fail: Fail = () => false;

  /** The page is closed, or crashes: what it was writing is forgotten. */
  closePage(): void {
    this.#page++;
    this.#locks.clear();
  }

  #change(): Promise<void> {
    return this.fail(this.calls++)
      ? Promise.reject(new DOMException("no room", "QuotaExceededError"))
      : Promise.resolve();
  }

  async *entries(): AsyncGenerator<[string, unknown]> {
    yield* [...this.files];
  }

  async removeEntry(name: string): Promise<void> {
    await Promise.resolve();
    if (this.#locks.has(name)) throw new DOMException(name, "NoModificationAllowedError");
    if (!this.files.delete(name)) throw new DOMException(name, "NotFoundError");
  }

  async getFileHandle(name: string, { create = false } = {}): Promise<GitDirectoryFile> {
    if (!this.files.has(name)) {
      if (!create) throw new DOMException(name, "NotFoundError");
      await this.#change();
      this.files.set(name, new Blob());
    }
    return {
      getFile: () => Promise.resolve(this.files.get(name)!),
      createWritable: async () => {
        await this.#change();
        const page = this.#page;
        this.#locks.set(name, (this.#locks.get(name) ?? 0) + 1);
        const parts: Uint8Array<ArrayBuffer>[] = [];
        const unlock = (): void => {
          if (page === this.#page) this.#locks.delete(name);
        };
        return {
          write: async (bytes) => {
            await this.#change();
            parts.push(bytes.slice());
          },
          close: async () => {
            await this.#change();
            if (page === this.#page) this.files.set(name, new Blob(parts));
            unlock();
          },
          abort: () => Promise.resolve(unlock()),
        };
      },
    };
  }
}
