/**
 * The two objects that every database has, stored or not: the blob and the tree without content.
 */
import type { GitObjectId } from "./_object_id.ts";

const KINDS: ReadonlyMap<string, number> = new Map([
  ["e69de29bb2d1d6434b8b29ae775ad8c2e48c5391", 3],
  ["473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813", 3],
  ["4b825dc642cb6eb9a060e54bf8d69288fbee4904", 2],
  ["6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321", 2],
]);

/** The number of its type, where the id is one of theirs. */
export function emptyObjectKind(id: GitObjectId): number | undefined {
  return KINDS.get(`${id}`);
}
