/**
 * The order of names, the same on every system: by code units. And directories as messages call them.
 */

/** Compares two things by their names. */
export function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

/** A path of a directory without what stands for itself at its end. */
export function directoryPath(path: string): string {
  return path.replace(/(?:\/\.?)+$/, "") || path;
}
