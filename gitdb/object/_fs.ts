/**
 * The file system as this module uses it. Deno only.
 */
import { checkRange, SluiceError, TruncatedDataError } from "@sluice/internal";
import type { ByteSource, ReadOptions } from "@sluice/internal";

/** Joins parts of a path. */
export function joinPath(...parts: readonly string[]): string {
  return parts.filter((part) => part !== "").join("/").replace(/\/{2,}/g, "/");
}

/** A path of a URL or string. */
export function toPath(path: string | URL): string {
  return typeof path === "string" ? path : decodeURIComponent(path.pathname);
}

/** Names and modification time of a folder; undefined where it is not there. */
export async function listFolder(path: string): Promise<Deno.DirEntry[] | undefined> {
  try {
    return await Array.fromAsync(Deno.readDir(path));
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Whether an error says that a file or folder is not there. */
export function isMissing(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory;
}

/** What is known of a path; undefined where nothing is there. */
export function statPath(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.statSync(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/**
 * Sets the times of a file to now, so that no garbage collection takes it for old. Returns false where that fails: the
 * caller then writes the file anew, which reports what is wrong.
 */
export function touchFile(path: string): boolean {
  const now = new Date();
  try {
    Deno.utimeSync(path, now, now);
    return true;
  } catch {
    return false;
  }
}

/** The whole of a small text file; undefined where there is no regular file: nothing is waited for behind a FIFO. */
export async function readText(path: string): Promise<string | undefined> {
  if (statPath(path)?.isFile !== true) return undefined;
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** A file that is opened at the first read and closed with `close`; refuses everything that is no regular file. */
export class LazyFileSource implements ByteSource, Disposable {
  readonly path: string;
  readonly size: number;
  #file: Deno.FsFile | undefined;
  #closed = false;

  constructor(path: string) {
    this.path = path;
    const info = Deno.statSync(path);
    if (!info.isFile) {
      throw new SluiceError(`Cannot open "${path}": it is no regular file`, {
        format: "git",
        code: "NO_FILE",
      });
    }
    this.size = info.size;
  }

  /** Reads at once: seeking and reading without a turn of the event loop needs no lock. */
  readNow(offset: number, length: number): Uint8Array<ArrayBuffer> {
    if (this.#closed) throw new TypeError(`Cannot read "${this.path}": it is closed`);
    checkRange(offset, length, this.size);
    const file = this.#file ??= Deno.openSync(this.path, { read: true });
    const bytes = new Uint8Array(length);
    file.seekSync(offset, Deno.SeekMode.Start);
    for (let done = 0; done < length;) {
      const count = file.readSync(bytes.subarray(done));
      if (count === null) {
        throw new TruncatedDataError(
          `Cannot read ${length} bytes at byte ${offset} of "${this.path}": it ends after ${done}`,
          { format: "git", code: "TRUNCATED", offset: offset + done },
        );
      }
      done += count;
    }
    return bytes;
  }

  read(offset: number, length: number, options?: ReadOptions): Promise<Uint8Array> {
    return new Promise((resolve) => {
      options?.signal?.throwIfAborted();
      resolve(this.readNow(offset, length));
    });
  }

  /** Lets the descriptor go; a later read opens it again. */
  rest(): void {
    this.#file?.close();
    this.#file = undefined;
  }

  close(): void {
    this.rest();
    this.#closed = true;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** A file that is opened for each read alone; undefined where there is no such regular file. */
export function fileSource(path: string): ByteSource | undefined {
  const info = statPath(path);
  if (info?.isFile !== true) return undefined;
  return {
    size: info.size,
    read: async (offset, length, options) => {
      const file = new LazyFileSource(path);
      try {
        return await file.read(offset, length, options);
      } finally {
        file.close();
      }
    },
  };
}

/** The path without links; undefined where nothing is there, or links lead in a circle. */
export function realPath(path: string): string | undefined {
  try {
    return Deno.realPathSync(path);
  } catch {
    return undefined;
  }
}
