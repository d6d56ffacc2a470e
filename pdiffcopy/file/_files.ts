/**
 * Opens files: natively where the backend has that and Deno has permitted it for the path, else with Deno's own.
 */
import { hasNativeFiles } from "../kernel/file.ts";
import { printable, SluiceError } from "@sluice/internal";
import { denoFailure, failure } from "./_errors.ts";
import type { BlockDirectory, BlockFile, OpenOptions } from "./_block_file.ts";
import { openNativeDirectory } from "./_native_directory.ts";
import { openNativeFile } from "./_native_file.ts";
import { openPortableDirectory } from "./_portable_directory.ts";
import { openPortableFile } from "./_portable_file.ts";

/** Native calls do not pass through Deno's permission checks, so they are made only where those would pass. */
function isNative(path: string, write: boolean): boolean {
  if (!hasNativeFiles(undefined)) return false;
  const granted = (name: "read" | "write"): boolean =>
    Deno.permissions.querySync({ name, path }).state === "granted";
  return granted("read") && (!write || granted("write"));
}

/** Opens a file. */
export function openFile(path: string, options: OpenOptions = {}): BlockFile {
  return isNative(path, options.write === true)
    ? openNativeFile(undefined, path, options)
    : openPortableFile(path, options);
}

/** Opens a directory, for files that are written if `write` says so. */
export function openDirectory(path: string, write: boolean): BlockDirectory {
  return isNative(path, write) ? openNativeDirectory(undefined, path, false) : openPortableDirectory(path);
}

/** The directory of a target; undefined where there is none yet, in a dry run. */
export function openTargetDirectory(folder: string, write: boolean): BlockDirectory | undefined {
  try {
    return openDirectory(folder, write);
  } catch (error) {
    if (!write && error instanceof SluiceError && error.code === "NOT_FOUND") return undefined;
    throw error;
  }
}

/** The directory of a file, and its name there; below `within`, no link is followed out of that. */
export function openFolderOf(
  path: string,
  within: string | undefined,
  write: boolean,
): { readonly directory: BlockDirectory; readonly name: string } {
  if (within === undefined) {
    const { folder, name } = splitPath(path);
    return { directory: openDirectory(folder, write), name };
  }
  const { folder, name } = splitPath(path.slice(within.endsWith("/") ? within.length : within.length + 1));
  const top = openDirectory(within, write);
  if (folder === ".") return { directory: top, name };
  using _ = top;
  return { directory: top.openDirectory(folder, true), name };
}

/** The directory and the name in a path. */
export function splitPath(path: string): { readonly folder: string; readonly name: string } {
  const slash = path.lastIndexOf("/");
  if (slash < 0) return { folder: ".", name: path };
  return { folder: path.slice(0, slash) || "/", name: path.slice(slash + 1) };
}

/** Where a name leads: a link is followed, so that the file that it leads to is written and not the link. */
export function followLink(path: string): string {
  try {
    return Deno.lstatSync(path).isSymlink ? Deno.realPathSync(path) : path;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return path;
    throw denoFailure(`look at ${path}`, error);
  }
}

/** Makes the directory of a file, with those above it, where they are missing. */
export function makeFolder(folder: string): void {
  try {
    openDirectory(folder, true).close();
    return;
  } catch (error) {
    if (!(error instanceof SluiceError) || error.code !== "NOT_FOUND") throw error;
  }
  if (!folder.isWellFormed()) {
    throw failure("IO", `Cannot make the directory ${printable(folder)}: its name is not UTF-8`);
  }
  try {
    Deno.mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw denoFailure(`make the directory ${folder}`, error);
  }
}
