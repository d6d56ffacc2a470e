/**
 * Finding ids in tables that are sorted by id and have a fan-out by first byte.
 */
import { prefixBounds } from "./_ids.ts";
import { GitObjectId } from "./_object_id.ts";
import type { GitHashAlgorithm } from "./_object_id.ts";

/** A sorted table of ids. */
export interface IdTable {
  readonly hashAlgorithm: GitHashAlgorithm;
  readonly count: number;
  /** Ids up to each first byte. */
  readonly fanout: Uint32Array;
  idAt(position: number): Promise<GitObjectId>;
}

/** The first row whose id is not below `id`. */
export async function lowerBound(table: IdTable, id: GitObjectId): Promise<number> {
  const first = id.bytes[0]!;
  let low = first === 0 ? 0 : table.fanout[first - 1]!;
  let high = table.fanout[first]!;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (GitObjectId.compare(await table.idAt(middle), id) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The rows whose ids start with these hex digits: from `start` up to `end`. */
export async function prefixRange(table: IdTable, prefix: string): Promise<{ start: number; end: number }> {
  const { low, high } = prefixBounds(prefix.toLowerCase(), table.hashAlgorithm);
  const start = await lowerBound(table, low);
  const last = await lowerBound(table, high);
  const end = last < table.count && (await table.idAt(last)).equals(high) ? last + 1 : last;
  return { start, end };
}

/** At most `limit` ids that start with these hex digits. */
export async function idsWithPrefix(table: IdTable, prefix: string, limit: number): Promise<GitObjectId[]> {
  const { start, end } = await prefixRange(table, prefix);
  const ids: GitObjectId[] = [];
  for (let i = start; i < end && ids.length < limit; i++) ids.push(await table.idAt(i));
  return ids;
}
