/**
 * Moving aside what no version of an archive needs: the bytes of an update that was interrupted, and bytes after the last
 * block. Each step leaves every complete version readable, and can be repeated where the one before it was cut short.
 */
import type { Part } from "./_archive_files.ts";
import { ifThere, temporaryBeside } from "./_paths.ts";
import { writeAll } from "./_update_file.ts";
import type { Undoing } from "./_update_file.ts";

const PIECE_SIZE = 1 << 20;

/** Bytes that were moved. */
export interface Moved {
  /** The file they were in. */
  readonly path: string;
  /** Where they started in it. */
  readonly offset: number;
  /** The file that has them now. */
  readonly aside: string;
}

/** A name that nothing has, or that has the very bytes that are to be moved. */
async function asideName(path: string, same: (aside: string) => Promise<boolean>): Promise<string> {
  for (let count = 1;; count++) {
    const aside = `${path}${count === 1 ? "" : `.${count}`}.aside`;
    const existing = await ifThere(aside, Deno.lstat);
    if (existing === undefined || existing.isFile && await same(aside)) return aside;
  }
}

async function* tailOf(
  path: string,
  offset: number,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  using file = await Deno.open(path);
  await file.seek(offset, Deno.SeekMode.Start);
  while (true) {
    const piece = new Uint8Array(PIECE_SIZE);
    const count = await file.read(piece);
    if (count === null) return;
    yield piece.subarray(0, count);
  }
}

/** Whether a file has exactly the bytes of another from an offset on. */
async function hasTail(aside: string, path: string, offset: number): Promise<boolean> {
  using copy = await Deno.open(aside);
  if ((await copy.stat()).size !== (await Deno.stat(path)).size - offset) return false;
  for await (const piece of tailOf(path, offset)) {
    const other = new Uint8Array(piece.length);
    for (let at = 0; at < other.length;) {
      const count = await copy.read(other.subarray(at));
      if (count === null) return false;
      at += count;
    }
    if (!piece.every((byte, i) => byte === other[i])) return false;
  }
  return true;
}

/** Copies the end of a file beside it, to the disk, and then cuts it off. */
async function moveTail(path: string, offset: number, undoing: Undoing): Promise<Moved> {
  const aside = await asideName(`${path}.${offset}`, (name) => hasTail(name, path, offset));
  if (await ifThere(aside, Deno.lstat) === undefined) {
    const temporary = temporaryBeside(path);
    const forget = undoing(() => Deno.removeSync(temporary));
    try {
      using copy = await Deno.open(temporary, { write: true, createNew: true, mode: 0o600 });
      for await (const piece of tailOf(path, offset)) await writeAll(copy, piece);
      await copy.sync();
      await Deno.rename(temporary, aside);
    } catch (error) {
      await Deno.remove(temporary).catch(() => {});
      throw error;
    } finally {
      forget();
    }
  }
  using file = await Deno.open(path, { write: true });
  await file.truncate(offset);
  await file.sync();
  return { path, offset, aside };
}

/** Moves what stands in a part from an offset on; a part of which nothing stays gives up its name. */
export async function moveAside(part: Part, offset: number, undoing: Undoing): Promise<Moved> {
  if (offset > 0) return await moveTail(await Deno.realPath(part.path), offset, undoing);
  const aside = await asideName(part.path, () => Promise.resolve(false));
  await Deno.rename(part.path, aside);
  return { path: part.path, offset, aside };
}

/** Whether a part of this path was moved aside, by this run or one that was cut short. */
export async function wasMovedAside(path: string): Promise<boolean> {
  return await ifThere(`${path}.aside`, Deno.lstat) !== undefined;
}
