/**
 * The order of names, the same on every system: by code units.
 */

/** Compares two things by their names. */
export function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}
