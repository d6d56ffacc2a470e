/**
 * The objects of a pack that has no index yet: all of them are made and hashed.
 */
import type { BackendChoice } from "@sluice/ffi";
import { RESULT } from "../object/_codec.ts";
import { corrupt } from "../object/_errors.ts";
import type { GitHashAlgorithm, GitObjectId } from "../object/_object_id.ts";
import { EntryReads } from "./_entry_reads.ts";
import { PackEngine } from "./_pack_engine.ts";
import type { EngineFile } from "./_pack_engine.ts";
import type { PackRow } from "./_pack_format.ts";
import { scanPack } from "./_pack_scan.ts";

/** How the objects are made. */
export interface EntrySettings {
  readonly maxObjects?: number | undefined;
  readonly maxObjectSize?: number | undefined;
  readonly threads?: number | undefined;
  readonly collisionDetection?: boolean | undefined;
  readonly backend?: BackendChoice | undefined;
}

/** What is known of a pack. */
export interface IndexedPack {
  /** A row for each entry. */
  readonly rows: readonly PackRow[];
  /** Bases that are not in the pack. */
  readonly missing: readonly GitObjectId[];
  readonly checksum: Uint8Array;
}

export function unresolved(count: number): Error {
  return corrupt("the pack", `${count} deltas have bases that are nowhere`, "UNRESOLVED_DELTAS");
}

/** Makes and hashes every object of a pack. */
export async function indexEntries(
  file: EngineFile,
  algorithm: GitHashAlgorithm,
  settings: EntrySettings,
): Promise<IndexedPack> {
  const { entries, checksum } = await scanPack(file.source, algorithm, {
    maxObjects: settings.maxObjects ?? Infinity,
    maxObjectSize: settings.maxObjectSize ?? Infinity,
  });
  const { backend } = settings;
  const engine = new PackEngine({ algorithm, pageBudget: 64 << 20, cacheBudget: 0, backend });
  try {
    const result = engine.kernel.addPack(engine.addFile(file));
    if (result !== RESULT.OK) throw engine.kernel.error(result, "open the pack");
    const reads = new EntryReads(engine, engine.kernel.detail, algorithm);
    const offsets = entries.map(({ offset }) => offset);
    const digests = await reads.digests(offsets, settings);
    const rows: PackRow[] = [];
    const missing = new Map<string, GitObjectId>();
    let lost = 0;
    for (const [i, digest] of digests.entries()) {
      const { offset, crc, baseId } = entries[i]!;
      if (digest instanceof Error) throw digest;
      if (digest !== undefined) rows.push({ id: digest, offset, crc });
      else {
        lost++;
        if (baseId !== undefined) missing.set(`${baseId}`, baseId);
      }
    }
    if (lost > 0 && missing.size === 0) throw unresolved(lost);
    return { rows, missing: [...missing.values()], checksum };
  } finally {
    engine[Symbol.dispose]();
  }
}
