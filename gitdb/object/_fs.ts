/**
 * The file system as this module uses it. Deno only.
 */
import { openFault, requireDeno, writeFault } from "@sluice/internal/file-source";
import { checkArgument, checkRange, pathOfFileUrl, SluiceError, TruncatedDataError } from "@sluice/internal";
import type { ByteSource, ByteSourceReadOptions } from "@sluice/internal";

/** Joins parts of a path. */
export function joinPath(...parts: readonly string[]): string {
  return parts.filter((part) => part !== "").join("/").replace(/\/{2,}/g, "/");
}

/** A path of a URL or string. */
export function toPath(path: string | URL): string {
  checkArgument(typeof path === "string" || path instanceof URL, "open a file", path, "a path or a file URL");
  requireDeno("open a path");
  return typeof path === "string" ? path : pathOfFileUrl(path, "open a file");
}

/** Names and modification time of a folder; undefined where it is not there. */
export async function listFolder(path: string): Promise<Deno.DirEntry[] | undefined> {
  try {
    return await Array.fromAsync(Deno.readDir(path));
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw openFault(path, error);
  }
}

/** Runs calls that write below a path; what the system refuses becomes an error of the family that names the path. */
export function writing<T>(path: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw writeFault(path, error);
  }
}

/** Whether an error says that a file or folder is not there; links that lead in a circle lead to none. */
export function isMissing(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory ||
    error instanceof Deno.errors.FilesystemLoop;
}

/** The coarsest clock that file systems have, and some skew between theirs and ours. */
const CLOCK_TICK_MS = 2500;

/** Whether something that changes now gets another time than this one. Ask before looking at what has the time. */
export function isSettled(changedMs: number): boolean {
  return Date.now() - changedMs > CLOCK_TICK_MS;
}

/** What is known of a path; undefined where nothing is there. */
export function statPath(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.statSync(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw openFault(path, error);
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

/** The whole of a small text file; undefined where there is no regular file: a FIFO is not waited for. */
export async function readText(path: string): Promise<string | undefined> {
  const bytes = await readSmallFile(path);
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
}

/** As `readText`, as bytes. */
export async function readSmallFile(path: string): Promise<Uint8Array | undefined> {
  if (statPath(path)?.isFile !== true) return undefined;
  try {
    return await Deno.readFile(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw openFault(path, error);
  }
}

/** Files that are open at once: a process may have many more packs than descriptors. */
const OPEN_MAX = 64;
/** The open ones of all stores, that which was read last at the end. */
const OPEN = new Set<LazyFileSource>();

/** Closes the file that was not read for the longest time; returns false where none is open. */
function restOldest(): boolean {
  const [oldest] = OPEN;
  oldest?.rest();
  return oldest !== undefined;
}

/**
 * A file that is opened when it is read. It stays open until `rest` or `close`, or until too many others are read; a file
 * that has taken its path meanwhile is refused. Takes regular files only.
 */
export class LazyFileSource implements ByteSource, Disposable {
  readonly path: string;
  readonly size: number;
  readonly #identity: string;
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
    this.#identity = identityOf(info);
  }

  #open(): Deno.FsFile {
    OPEN.delete(this);
    if (this.#file === undefined) {
      while (OPEN.size >= OPEN_MAX) restOldest();
      this.#file = this.#openAgain();
    }
    OPEN.add(this);
    return this.#file;
  }

  #openAgain(): Deno.FsFile {
    while (true) {
      try {
        const file = Deno.openSync(this.path, { read: true });
        if (identityOf(file.statSync()) === this.#identity) return file;
        file.close();
      } catch (error) {
        if (isOutOfDescriptors(error) && restOldest()) continue;
        throw this.#unreadable((error as Error).message, error);
      }
      throw this.#unreadable("another file has taken its place");
    }
  }

  #unreadable(state: string, cause?: unknown): SluiceError {
    return new SluiceError(`Cannot read "${this.path}": ${state}`, {
      format: "git",
      code: "READ_FAILED",
      cause,
    });
  }

  /** Reads at once. */
  readNow(offset: number, length: number): Uint8Array<ArrayBuffer> {
    checkRange(offset, length, this.size);
    return this.readInto(offset, new Uint8Array(length));
  }

  /** Fills memory at once: seeking and reading without a turn of the event loop needs no lock. Returns that memory. */
  readInto(offset: number, bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    const { length } = bytes;
    if (this.#closed) throw new TypeError(`Cannot read "${this.path}": it is closed`);
    checkRange(offset, length, this.size);
    const file = this.#open();
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

  read(offset: number, length: number, options?: ByteSourceReadOptions): Promise<Uint8Array> {
    return new Promise((resolve) => {
      options?.signal?.throwIfAborted();
      resolve(this.readNow(offset, length));
    });
  }

  /** Lets the descriptor go; a later read opens it again. */
  rest(): void {
    OPEN.delete(this);
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

function identityOf({ dev, ino, size }: Deno.FileInfo): string {
  return `${dev} ${ino} ${size}`;
}

/** Whether the process or the system has no descriptor left. */
function isOutOfDescriptors(error: unknown): boolean {
  const { code } = error as { readonly code?: unknown };
  return code === "EMFILE" || code === "ENFILE";
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
