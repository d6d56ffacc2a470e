/**
 * Random access to a file. Deno only; needs `--allow-read` for the file.
 *
 * @module
 */
import { checkRange } from "./byte_source.ts";
import type { ByteSource, ReadOptions } from "./byte_source.ts";
import { TruncatedDataError } from "./errors.ts";

export type { ByteSource, ReadOptions };

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
  const file = await Deno.open(path, { read: true });
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
