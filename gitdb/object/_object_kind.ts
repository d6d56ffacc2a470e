/**
 * The four types of objects and their numbers in packs.
 */
import { checkArgument } from "@sluice/internal";
import type { GitObjectType } from "./object.ts";

/** Types by their numbers. */
export const TYPE_OF_KIND: readonly (GitObjectType | undefined)[] = [
  undefined,
  "commit",
  "tree",
  "blob",
  "tag",
];

/** Numbers by type. */
export const KIND_OF_TYPE: Readonly<Record<GitObjectType, number>> = { commit: 1, tree: 2, blob: 3, tag: 4 };

/** A delta with the distance to its base. */
export const OFS_DELTA = 6;
/** A delta with the id of its base. */
export const REF_DELTA = 7;

/**
 * The number of a type.
 *
 * @throws {RangeError} If there is no such type.
 */
export function kindOfType(type: string): number {
  checkArgument(typeof type === "string", "use the object type", type, "commit, tree, blob or tag");
  const kind = Object.hasOwn(KIND_OF_TYPE, type) ? KIND_OF_TYPE[type as GitObjectType] : undefined;
  if (kind === undefined) {
    throw new RangeError(`Cannot use the object type "${type}": expected commit, tree, blob or tag`);
  }
  return kind;
}
