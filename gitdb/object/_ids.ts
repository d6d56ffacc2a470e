/**
 * Ids in one piece, and checks on what users give as ids and prefixes.
 */
import { checkArgument } from "@sluice/internal";
import { GitObjectId, HASH_SIZE } from "./_object_id.ts";
import type { GitHashAlgorithm, GitIdLike } from "./_object_id.ts";

/** The id of raw bytes, which are kept. */
export function idOfBytes(bytes: Uint8Array): GitObjectId {
  return GitObjectId.from(bytes);
}

/** Ids one after the other. */
export function packIds(ids: readonly GitIdLike[], algorithm: GitHashAlgorithm): Uint8Array<ArrayBuffer> {
  const size = HASH_SIZE[algorithm];
  const bytes = new Uint8Array(ids.length * size);
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i]!;
    const raw = id instanceof Uint8Array && id.length === size ? id : GitObjectId.from(id, algorithm).bytes;
    bytes.set(raw, i * size);
  }
  return bytes;
}

/** The shortest prefix that git takes. */
export const PREFIX_LENGTH_MIN = 4;

/**
 * A prefix in lower case.
 *
 * @throws {RangeError} If it has other than hex digits, or too few or too many of them.
 */
export function checkPrefix(
  prefix: string,
  algorithm: GitHashAlgorithm,
  lengthMin = PREFIX_LENGTH_MIN,
): string {
  checkArgument(typeof prefix === "string", "resolve a prefix", prefix, "hex digits");
  const lengthMax = 2 * HASH_SIZE[algorithm];
  if (prefix.length < lengthMin || prefix.length > lengthMax || !/^[0-9a-fA-F]*$/.test(prefix)) {
    throw new RangeError(
      `Cannot resolve "${prefix.slice(0, 80)}": expected ${lengthMin} to ${lengthMax} hex digits`,
    );
  }
  return prefix.toLowerCase();
}

/** The least and the greatest id that start with a prefix in lower case. */
export function prefixBounds(
  prefix: string,
  algorithm: GitHashAlgorithm,
): { low: GitObjectId; high: GitObjectId } {
  const length = 2 * HASH_SIZE[algorithm];
  return {
    low: GitObjectId.from(prefix.padEnd(length, "0")),
    high: GitObjectId.from(prefix.padEnd(length, "f")),
  };
}

/** Merges sorted ids, each once, up to a limit. */
export function mergeIds(lists: readonly (readonly GitObjectId[])[], limit: number): GitObjectId[] {
  const all = lists.flat().sort(GitObjectId.compare);
  return all.filter((id, i) => i === 0 || !id.equals(all[i - 1]!)).slice(0, limit);
}
