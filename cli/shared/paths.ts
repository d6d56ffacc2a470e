/**
 * Parts of file names, on systems with one kind of separator and with two.
 */

/** Where the last part of a path begins. */
export function lastPartIndex(path: string): number {
  const backslash = Deno.build.os === "windows" ? path.lastIndexOf("\\") : -1;
  return Math.max(path.lastIndexOf("/"), backslash) + 1;
}
