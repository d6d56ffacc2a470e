/**
 * Deltas that packs have already, to be copied as they are into another pack.
 */
import { gitCrc32 } from "../object/_codec.ts";
import { collect } from "../object/_collect.ts";
import { GitObjectId, HASH_SIZE } from "../object/_object_id.ts";
import type { GitPack } from "../pack/pack.ts";

/** A delta as it is stored. */
export interface StoredDelta {
  readonly id: GitObjectId;
  readonly base: GitObjectId;
  /** Inflated size of the delta. */
  readonly size: number;
  /** Its zlib stream; undefined where the stored bytes do not have their CRC. */
  stream(): Promise<Uint8Array<ArrayBuffer> | undefined>;
}

/**
 * Deltas of wanted objects on wanted bases, by id, each before those that stand on it. Chains that would be longer
 * than `depthMax`, or lead in a circle through several packs, are cut. Packs whose index has no CRCs are passed over:
 * nothing is copied unchecked.
 */
export async function findReusableDeltas(
  packs: readonly GitPack[],
  wanted: ReadonlySet<string>,
  depthMax: number,
): Promise<Map<string, StoredDelta>> {
  const found = new Map<string, StoredDelta>();
  for (const pack of packs) {
    if (pack.index.version === 2) await findIn(pack, wanted, found);
  }
  return inOrder(found, depthMax);
}

async function findIn(
  pack: GitPack,
  wanted: ReadonlySet<string>,
  found: Map<string, StoredDelta>,
): Promise<void> {
  const rows = await collect(pack.entries());
  const idAt = new Map(rows.map(({ offset, id }) => [offset, id]));
  const end = pack.size - HASH_SIZE[pack.index.hashAlgorithm];
  for (const [i, { id, offset, crc }] of rows.entries()) {
    if (!wanted.has(`${id}`) || found.has(`${id}`)) continue;
    const { base, size, dataOffset } = await pack.infoAt(offset);
    const baseId = base instanceof GitObjectId ? base : base === undefined ? undefined : idAt.get(base);
    if (baseId === undefined || !wanted.has(`${baseId}`)) continue;
    const length = (rows[i + 1]?.offset ?? end) - offset;
    const stream = async (): Promise<Uint8Array<ArrayBuffer> | undefined> => {
      const bytes = await pack.bytesAt(offset, length);
      return gitCrc32(bytes) === crc ? bytes.slice(dataOffset - offset) : undefined;
    };
    found.set(`${id}`, { id, base: baseId, size, stream });
  }
}

/** Bases first. */
function inOrder(found: ReadonlyMap<string, StoredDelta>, depthMax: number): Map<string, StoredDelta> {
  const ordered = new Map<string, StoredDelta>();
  const depths = new Map<string, number>();
  for (const start of found.keys()) {
    const path: string[] = [];
    const onPath = new Set<string>();
    for (let at: string = start; found.has(at) && !depths.has(at) && !onPath.has(at);) {
      path.push(at);
      onPath.add(at);
      at = `${found.get(at)!.base}`;
    }
    for (const hex of path.reverse()) {
      const delta = found.get(hex)!;
      const base = `${delta.base}`;
      const isOpen = found.has(base) && !depths.has(base);
      const depth = isOpen ? 0 : (depths.get(base) ?? 0) + 1;
      depths.set(hex, depth > depthMax ? 0 : depth);
      if (!isOpen && depth <= depthMax) ordered.set(hex, delta);
    }
  }
  return ordered;
}
