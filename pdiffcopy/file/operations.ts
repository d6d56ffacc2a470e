/**
 * Single steps on local files, as servers do them. Deno only; needs `--allow-read`, and `--allow-write` to change files.
 *
 * @module
 */
import { checkArgument, checkInteger, SluiceError } from "@sluice/internal";
import { openFile } from "./_files.ts";

const MAX = Number.MAX_SAFE_INTEGER;
const BLOCK_MAX = 256 << 20;

/** What is known of a file. */
export interface PdiffFileInfo {
  /** Bytes. */
  readonly size: number;
}

/**
 * What is known of a file; undefined when there is none.
 *
 * @example There and not
 * ```ts
 * import { readPdiffFileInfo } from "@sluice/pdiffcopy";
 * import { assertEquals } from "@std/assert";
 *
 * const path = await Deno.makeTempFile();
 * assertEquals(readPdiffFileInfo(path), { size: 0 });
 * await Deno.remove(path);
 * assertEquals(readPdiffFileInfo(path), undefined);
 * ```
 */
export function readPdiffFileInfo(path: string): PdiffFileInfo | undefined {
  checkArgument(typeof path === "string", "open a file", path, "a path");
  try {
    using file = openFile(path);
    return { size: file.status().size };
  } catch (error) {
    if (error instanceof SluiceError && error.code === "NOT_FOUND") return undefined;
    throw error;
  }
}

/**
 * The size of a file in bytes; undefined when there is none.
 *
 * @example An empty file
 * ```ts
 * import { readPdiffFileSize } from "@sluice/pdiffcopy";
 * import { assertEquals } from "@std/assert";
 *
 * const path = await Deno.makeTempFile();
 * assertEquals(readPdiffFileSize(path), 0);
 * await Deno.remove(path);
 * ```
 */
export function readPdiffFileSize(path: string): number | undefined {
  checkArgument(typeof path === "string", "open a file", path, "a path");
  return readPdiffFileInfo(path)?.size;
}

/**
 * Reads a block; it is shorter where the file ends.
 *
 * @throws {NotFoundError} If there is no such file.
 *
 * @example The middle of a file
 * ```ts
 * import { readPdiffBlock } from "@sluice/pdiffcopy";
 * import { assertEquals } from "@std/assert";
 *
 * const path = await Deno.makeTempFile();
 * await Deno.writeTextFile(path, "abcdef");
 * assertEquals(new TextDecoder().decode(await readPdiffBlock(path, 2, 3)), "cde");
 * await Deno.remove(path);
 * ```
 */
export async function readPdiffBlock(
  path: string,
  offset: number,
  size: number,
): Promise<Uint8Array<ArrayBuffer>> {
  checkArgument(typeof path === "string", "open a file", path, "a path");
  checkInteger("offset", offset, 0, MAX);
  const block = new Uint8Array(checkInteger("size", size, 0, BLOCK_MAX));
  using file = openFile(path);
  const count = await file.read(offset, block);
  return count === size ? block : block.slice(0, count);
}

/**
 * Writes a block into a file that exists.
 *
 * @throws {NotFoundError} If there is no such file.
 *
 * @example Two bytes in the middle
 * ```ts
 * import { writePdiffBlock } from "@sluice/pdiffcopy";
 * import { assertEquals } from "@std/assert";
 *
 * const path = await Deno.makeTempFile();
 * await Deno.writeTextFile(path, "abcdef");
 * await writePdiffBlock(path, 2, new TextEncoder().encode("--"));
 * assertEquals(await Deno.readTextFile(path), "ab--ef");
 * await Deno.remove(path);
 * ```
 */
export async function writePdiffBlock(path: string, offset: number, data: Uint8Array): Promise<void> {
  checkArgument(typeof path === "string", "open a file", path, "a path");
  checkInteger("offset", offset, 0, MAX);
  using file = openFile(path, { write: true });
  await file.write(offset, data);
}

/**
 * Gives a file a size, and makes it where it is missing; what is added is zero and takes no place.
 *
 * @example A new file
 * ```ts
 * import { readPdiffFileSize, resizePdiffFile } from "@sluice/pdiffcopy";
 * import { assertEquals } from "@std/assert";
 *
 * const directory = await Deno.makeTempDir();
 * await resizePdiffFile(`${directory}/disk.img`, 1_000_000);
 * assertEquals(readPdiffFileSize(`${directory}/disk.img`), 1_000_000);
 * await Deno.remove(directory, { recursive: true });
 * ```
 */
export async function resizePdiffFile(path: string, size: number): Promise<void> {
  checkArgument(typeof path === "string", "open a file", path, "a path");
  checkInteger("size", size, 0, MAX);
  using file = openFile(path, { write: true, create: true });
  await file.resize(size);
}
