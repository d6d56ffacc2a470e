/**
 * The order in which objects are tried against each other: same type, similar path, falling size.
 */
import type { GitObjectId } from "../object/_object_id.ts";

/** An object that goes into a pack. */
export interface PackItem {
  readonly id: GitObjectId;
  /** The number of its type. */
  readonly kind: number;
  readonly size: number;
  /** Hash of its path; 0 where none is known. */
  readonly nameHash: number;
}

/** A hash in which equal endings of paths come out near each other. */
export function nameHash(path: string): number {
  let hash = 0;
  for (let i = 0; i < path.length; i++) {
    const code = path.charCodeAt(i);
    if (code === 32 || (code >= 9 && code <= 13)) continue;
    hash = ((hash >>> 2) + (code << 24)) >>> 0;
  }
  return hash;
}

/** Sorted for the search; equals keep their order, which is taken for recency. */
export function sortForDeltas<T extends PackItem>(items: readonly T[]): T[] {
  return items.toSorted((a, b) => b.kind - a.kind || b.nameHash - a.nameHash || b.size - a.size);
}
