/**
 * Files that can be read from the start on alone: pipes, devices, and those whose size is not known before.
 */
import { SluiceError } from "@sluice/internal";
import { openFile, statFile } from "@sluice/internal/file-source";
import type { FileChunks } from "./_content.ts";

/** What a pipe holds. */
const READ_SIZE = 64 << 10;
const HTTP = /^https?:\/\//i;

/**
 * Opens such a file; undefined for everything that is none.
 *
 * @throws {NotFoundError} If there is no such file.
 * @throws {SluiceError} With code "IO" if it can not be opened, or comes with an index.
 */
export async function openPathChunks(target: unknown, hasIndex: boolean): Promise<FileChunks | undefined> {
  const isPath = typeof target === "string"
    ? !HTTP.test(target)
    : target instanceof URL && target.protocol === "file:";
  if (!isPath || typeof Deno === "undefined") return undefined;
  const path = target as string | URL;
  const { isFile, size } = await statFile(path);
  if (isFile && (size > 0 || hasIndex)) return undefined;
  if (hasIndex) {
    throw new SluiceError(
      `Cannot open ${path} with an index: it is read from the start on, expected a file`,
      {
        format: "file",
        code: "IO",
      },
    );
  }
  const file = await openFile(path, { read: true });
  return { chunks: chunksOf(file, path), close: () => file.close() };
}

async function* chunksOf(
  file: Deno.FsFile,
  path: string | URL,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  while (true) {
    const buffer = new Uint8Array(READ_SIZE);
    const length = await file.read(buffer).catch((cause) => {
      throw new SluiceError(`Cannot read ${path}: ${(cause as Error).message}`, {
        format: "file",
        code: "IO",
        cause,
      });
    });
    if (length === null) return;
    yield buffer.subarray(0, length);
  }
}
