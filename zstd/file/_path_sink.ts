/**
 * A file to write to, by its path.
 */

import { openFile } from "@sluice/internal/file-source";

/** Opens a file for writing; `isNew` refuses one that exists. */
export async function openPathSink(
  path: string | URL,
  isNew: boolean,
): Promise<WritableStream<Uint8Array<ArrayBuffer>>> {
  if (typeof Deno === "undefined") {
    throw new TypeError("Cannot open a path: only Deno opens files, expected a WritableStream");
  }
  const file = await openFile(path, { write: true, create: !isNew, createNew: isNew, truncate: !isNew });
  // Not `file.writable`: that one holds bytes back.
  return new WritableStream({
    async write(chunk: Uint8Array<ArrayBuffer>): Promise<void> {
      try {
        for (let done = 0; done < chunk.length;) done += await file.write(chunk.subarray(done));
      } catch (error) {
        file.close(); // a stream that failed is not aborted
        throw error;
      }
    },
    close: () => file.close(),
    abort: () => file.close(),
  });
}
