/**
 * Random access to a file. Deno only; needs `--allow-read` for the file.
 *
 * @module
 */
import { checkRange } from "./byte_source.ts";
import type { ByteSource, ByteSourceReadOptions } from "./byte_source.ts";
import { NotFoundError, SluiceError, TransferError, TruncatedDataError } from "./errors.ts";
import { pathOfFileUrl } from "./url_text.ts";

export type { ByteSource, ByteSourceReadOptions };
export { SluiceError };
export type { SluiceErrorOptions } from "./errors.ts";
import type { SluiceErrorCode } from "./error_codes.ts";

export type { SluiceErrorCode };

/** A source over an open file; reads are serialized because they share the file's position. */
export interface FileSource extends ByteSource, Disposable {
  /** Closes the file; calling it again does nothing. */
  close(): void;
}

/**
 * Opens a file for random access.
 *
 * @throws {Deno.errors.NotFound} If there is no such file.
 * @throws {TruncatedDataError} From a read, if the file has become shorter since it was opened.
 *
 * @example Reading a range
 * ```ts
 * import { openFileSource } from "@sluice/internal/file-source";
 * import { assertEquals } from "@std/assert";
 *
 * const path = await Deno.makeTempFile();
 * await Deno.writeTextFile(path, "random access");
 * {
 *   using source = await openFileSource(path);
 *   assertEquals(new TextDecoder().decode(await source.read(0, 6)), "random");
 * }
 * await Deno.remove(path);
 * ```
 */
export async function openFileSource(path: string | URL): Promise<FileSource> {
  const file = await openFile(path, { read: true });
  const { size } = await file.stat();
  let open = true;
  let last: Promise<unknown> = Promise.resolve();

  async function readNow(offset: number, length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    await file.seek(offset, Deno.SeekMode.Start);
    let filled = 0;
    while (filled < length) {
      const count = await file.read(bytes.subarray(filled));
      if (count === null) {
        throw new TruncatedDataError(
          `Cannot read ${length} bytes at byte ${offset} of ${path}: the file ends after ${filled}`,
          { format: "file", code: "TRUNCATED", offset: offset + filled },
        );
      }
      filled += count;
    }
    return bytes;
  }

  function close(): void {
    if (open) file.close();
    open = false;
  }

  return {
    size,
    async read(offset, length, options): Promise<Uint8Array> {
      options?.signal?.throwIfAborted();
      checkRange(offset, length, size);
      const turn = last.then(() => readNow(offset, length));
      last = turn.catch(() => {});
      return await turn;
    },
    close,
    [Symbol.dispose]: close,
  };
}

/**
 * A source over a file that is opened for each read, so that nobody has to close it. A file that was replaced or written
 * to since is noticed.
 *
 * @throws {NotFoundError} If there is no such file.
 * @throws {TransferError} From a read, with code "SOURCE_CHANGED", if the file is another one than was opened.
 *
 * @example Reading a range
 * ```ts
 * import { byteSourceFromPath } from "@sluice/internal/file-source";
 * import { assertEquals } from "@std/assert";
 *
 * const path = await Deno.makeTempFile();
 * await Deno.writeTextFile(path, "random access");
 * const source = await byteSourceFromPath(path);
 * assertEquals(new TextDecoder().decode(await source.read(7, 6)), "access");
 * await Deno.remove(path);
 * ```
 */
export async function byteSourceFromPath(path: string | URL): Promise<ByteSource> {
  requireDeno("open a path", ", expected bytes, a Blob, a URL or a ByteSource");
  const info = await statFile(path);
  const validator = validatorOf(info);
  return {
    size: info.size,
    validator,
    async read(offset, length, options): Promise<Uint8Array> {
      options?.signal?.throwIfAborted();
      checkRange(offset, length, info.size);
      const now = validatorOf(await statFile(path));
      if (now !== validator) {
        throw new TransferError(`Cannot read ${path}: the file has changed since it was opened`, {
          format: "file",
          code: "SOURCE_CHANGED",
        });
      }
      const source = await openFileSource(path);
      try {
        return await source.read(offset, length, options);
      } finally {
        source.close();
      }
    },
  };
}

/**
 * What the system knows about a file, before it is opened.
 *
 * @throws {NotFoundError} If there is no such file.
 * @throws {SluiceError} With code "IO" if it is a directory, or the system does not tell.
 *
 * @example The size of a file
 * ```ts
 * import { statFile } from "@sluice/internal/file-source";
 * import { assertEquals } from "@std/assert";
 *
 * const path = await Deno.makeTempFile();
 * await Deno.writeTextFile(path, "random access");
 * assertEquals((await statFile(path)).size, 13);
 * await Deno.remove(path);
 * ```
 */
export async function statFile(path: string | URL): Promise<Deno.FileInfo> {
  const info = await Deno.stat(localPath(path)).catch((cause) => {
    throw openFault(path, cause);
  });
  if (info.isDirectory) {
    throw new SluiceError(`Cannot open ${path}: it is a directory, expected a file`, {
      format: "file",
      code: "IO",
    });
  }
  return info;
}

/**
 * Refuses what needs files on runtimes other than Deno.
 *
 * @throws {TypeError} If there is no Deno.
 *
 * @example Deno opens files
 * ```ts
 * import { requireDeno } from "@sluice/internal/file-source";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(requireDeno("open a repository"), undefined);
 * ```
 */
export function requireDeno(action: string, instead = ""): void {
  if (typeof Deno === "undefined") throw new TypeError(`Cannot ${action}: only Deno opens files${instead}`);
}

/**
 * Opens a file; what the system refuses is an error of the family.
 *
 * @throws {NotFoundError} If the file, or a folder of its path, is not there.
 * @throws {SluiceError} With code "IO" if it may not be opened, or must not exist and does.
 *
 * @example A file that is not there
 * ```ts
 * import { NotFoundError } from "@sluice/internal";
 * import { openFile } from "@sluice/internal/file-source";
 * import { assertRejects } from "@std/assert";
 *
 * await assertRejects(() => openFile("/nowhere/file", { read: true }), NotFoundError);
 * ```
 */
export async function openFile(path: string | URL, options: Deno.OpenOptions): Promise<Deno.FsFile> {
  const local = localPath(path);
  try {
    return await Deno.open(local, options);
  } catch (cause) {
    throw openFault(path, cause);
  }
}

/** A path, of a file URL too; a URL of a server is no file. */
function localPath(path: string | URL): string {
  return path instanceof URL ? pathOfFileUrl(path, "open a file") : path;
}

/**
 * The error of the family for a file or folder that the system does not open or make.
 *
 * @example A folder that is none
 * ```ts
 * import { openFault } from "@sluice/internal/file-source";
 * import { assertEquals } from "@std/assert";
 *
 * const error = openFault("a/b", new Deno.errors.NotADirectory("Not a directory (os error 20)"));
 * assertEquals([error.code, error.message], ["IO", "Cannot open a/b: Not a directory"]);
 * ```
 */
export function openFault(path: string | URL, cause: unknown): SluiceError {
  if (cause instanceof Deno.errors.NotFound) {
    return new NotFoundError(`Cannot open ${path}: there is no such file`, {
      format: "file",
      code: "NOT_FOUND",
      cause,
    });
  }
  return systemFault("open", path, cause);
}

/**
 * The error of the family for a file that the system does not write, move or remove; anything but a refusal of the system is
 * given back as it is.
 *
 * @example A full disk
 * ```ts
 * import { SluiceError } from "@sluice/internal";
 * import { writeFault } from "@sluice/internal/file-source";
 * import { assert, assertEquals } from "@std/assert";
 *
 * const error = writeFault("a/b", new Error("No space left on device (os error 28)"));
 * assert(error instanceof SluiceError);
 * assertEquals([error.code, error.message], ["NO_SPACE", "Cannot write a/b: No space left on device"]);
 * ```
 */
export function writeFault(path: string | URL, cause: unknown): unknown {
  const isSystem = cause instanceof Error && /\(os error \d+\)/.test(cause.message);
  return isSystem && !(cause instanceof SluiceError) ? systemFault("write", path, cause) : cause;
}

/** Numbers of the system that have a code of their own. */
const CODES: Readonly<Record<string, SluiceErrorCode>> = {
  17: "EXISTS",
  28: "NO_SPACE",
  122: "NO_SPACE",
  30: "READ_ONLY",
};

function systemFault(action: "open" | "write", path: string | URL, cause: unknown): SluiceError {
  const { message } = cause as Error;
  const reason = cause instanceof Deno.errors.PermissionDenied
    ? "permission is denied"
    : cause instanceof Deno.errors.AlreadyExists
    ? "it exists already"
    : message.replace(/ \(os error .*$/s, "");
  const code = CODES[/\(os error (\d+)\)/.exec(message)?.[1] ?? ""] ?? "IO";
  return new SluiceError(`Cannot ${action} ${path}: ${reason}`, { format: "file", code, cause });
}

/** What changes with the file: its number, its size and when it was written. */
function validatorOf({ ino, size, mtime }: Deno.FileInfo): string {
  return `${ino ?? 0}-${size}-${mtime?.getTime() ?? 0}`;
}
