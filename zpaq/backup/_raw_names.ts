/**
 * Files whose names are no UTF-8: Deno can't spell them, the native library can. Any other goes to Deno.
 */
import { encodeName } from "../block/_names.ts";
import { hasNativeTree } from "../kernel/tree.ts";
import { changeRawName, RAW_CHANGE, readRawAt } from "../kernel/tree_names.ts";
import { factsOf, systemError } from "./_file_facts.ts";
import { ifThere } from "./_paths.ts";

/** Whether files of this name can be read and written here. */
export function canSpell(path: string): boolean {
  return path.isWellFormed() || hasNativeTree();
}

function change(kind: number, from: string, to: string): void {
  const errno = changeRawName(kind, encodeName(from), encodeName(to));
  if (errno !== 0) throw systemError(errno);
}

/** Makes a folder. */
export async function makeFolder(path: string): Promise<void> {
  if (path.isWellFormed()) await Deno.mkdir(path);
  else change(RAW_CHANGE.folder, "", path);
}

/** Gives a file another name. */
export async function renamePath(from: string, to: string): Promise<void> {
  if (from.isWellFormed() && to.isWellFormed()) await Deno.rename(from, to);
  else change(RAW_CHANGE.rename, from, to);
}

/** Gives a file one more name. */
export async function linkPath(from: string, to: string): Promise<void> {
  if (from.isWellFormed() && to.isWellFormed()) await Deno.link(from, to);
  else change(RAW_CHANGE.hardLink, from, to);
}

/** Makes a symbolic link. */
export async function makeLink(content: string, path: string): Promise<void> {
  if (content.isWellFormed() && path.isWellFormed()) await Deno.symlink(content, path);
  else change(RAW_CHANGE.symbolicLink, content, path);
}

/** What a name is of, no link followed. */
export interface Found {
  readonly isFile: boolean;
  readonly isDirectory: boolean;
  readonly isSymlink: boolean;
}

/** What has a name; undefined where nothing has it. */
export async function lookAt(path: string): Promise<Found | undefined> {
  if (path.isWellFormed()) return await ifThere(path, Deno.lstat);
  try {
    const { kind } = await factsOf(path);
    return { isFile: kind === "file", isDirectory: kind === "folder", isSymlink: kind === "link" };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return undefined;
    throw error;
  }
}

/** A file that is read from its start to its end. */
export interface InputFile extends Disposable {
  /** Reads some bytes; null at the end. */
  read(target: Uint8Array): Promise<number | null>;
}

/** Opens a file. */
export async function openInput(path: string): Promise<InputFile> {
  if (path.isWellFormed()) return await Deno.open(path);
  const name = encodeName(path);
  let offset = 0;
  return {
    async read(target): Promise<number | null> {
      const count = await readRawAt(name, offset, target);
      if (count < 0) throw systemError(-count);
      offset += count;
      return count === 0 && target.length > 0 ? null : count;
    },
    [Symbol.dispose](): void {},
  };
}

const CHUNK_SIZE = 1 << 20;

/** The content of a file, opened when it is read. */
export async function contentOfFile(path: string): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  if (path.isWellFormed()) return (await Deno.open(path)).readable;
  const input = await openInput(path);
  return new ReadableStream({
    async pull(controller): Promise<void> {
      const chunk = new Uint8Array(CHUNK_SIZE);
      const count = await input.read(chunk);
      if (count === null) controller.close();
      else controller.enqueue(chunk.subarray(0, count));
    },
  });
}
