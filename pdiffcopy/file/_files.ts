/**
 * Opens files: natively where the backend has that and Deno has permitted it for the path, else with Deno's own.
 */
import { hasNativeFiles } from "../kernel/file.ts";
import type { BlockDirectory, BlockFile, OpenOptions } from "./_block_file.ts";
import { openNativeDirectory, openNativeFile } from "./_native_file.ts";
import { openPortableDirectory, openPortableFile } from "./_portable_file.ts";

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

/** The directory and the name in a path. */
export function splitPath(path: string): { readonly folder: string; readonly name: string } {
  const slash = path.lastIndexOf("/");
  if (slash < 0) return { folder: ".", name: path };
  return { folder: path.slice(0, slash) || "/", name: path.slice(slash + 1) };
}
