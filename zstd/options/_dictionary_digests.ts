/**
 * Digests of dictionaries: made at first use for a library and a set of parameters, and shared from then on.
 */
interface Digest {
  close(): void;
}

/** A dictionary, or the bytes of a prefix: whatever the digests belong to. */
type Owner = object;

/** A dictionary keeps this many digests; making one more closes the oldest. */
const DIGEST_COUNT_MAX = 8;

const digests = new WeakMap<Owner, { library: object; key: string; digest: Digest }[]>();

/** The dictionary's digest for a library and a key; `make` is called when there is none yet. */
export function digestOf<T extends Digest>(
  owner: Owner,
  library: object,
  key: string,
  make: () => T,
): T {
  let entries = digests.get(owner);
  if (entries === undefined) digests.set(owner, entries = []);
  const found = entries.find((entry) => entry.library === library && entry.key === key);
  if (found !== undefined) return found.digest as T;
  const digest = make();
  entries.push({ library, key, digest });
  if (entries.length > DIGEST_COUNT_MAX) entries.shift()!.digest.close();
  return digest;
}

/** Closes all digests of a dictionary; contexts that use one keep it alive until they let go. */
export function closeDigests(owner: Owner): void {
  for (const { digest } of digests.get(owner)?.splice(0) ?? []) digest.close();
}
