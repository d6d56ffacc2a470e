/**
 * The objects of a pack that has no index yet: all of them are made and hashed.
 */
import type { BackendChoice } from "@sluice/ffi";
import { byteSourceFromBytes } from "@sluice/internal";
import { RESULT } from "../object/_codec.ts";
import { corrupt } from "../object/_errors.ts";
import { idOfBytes } from "../object/_ids.ts";
import { KIND_OF_TYPE } from "../object/_object_kind.ts";
import type { GitHashAlgorithm, GitObjectId } from "../object/_object_id.ts";
import type { DeltaTrees } from "./_delta_trees.ts";
import { EntryReads } from "./_entry_reads.ts";
import { indexLayout } from "./_index_layout.ts";
import { PackEngine } from "./_pack_engine.ts";
import type { EngineFile } from "./_pack_engine.ts";
import { scanPack } from "./_pack_scan.ts";
import type { PackTable } from "./_pack_table.ts";

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
  /** A row for each entry; not all of their ids are known where bases are missing. */
  readonly table: PackTable;
  readonly trees: DeltaTrees;
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
  const { backend } = settings;
  const { table, trees, checksum } = await scanPack(file.source, algorithm, {
    maxObjects: settings.maxObjects ?? Infinity,
    maxObjectSize: settings.maxObjectSize ?? Infinity,
    backend,
  });
  const engine = new PackEngine({ algorithm, pageBudget: 64 << 20, cacheBudget: 0, backend });
  try {
    const result = engine.kernel.addPack(engine.addFile(file));
    if (result !== RESULT.OK) throw engine.kernel.error(result, "open the pack");
    const pack = engine.kernel.detail;
    const lost = await new EntryReads(engine, pack, algorithm).digests(table, trees, settings);
    const missing = await missingBases(engine, pack, lost.map((row) => table.offsetAt(row)));
    if (lost.length > 0 && missing.length === 0) throw unresolved(lost.length);
    return { table, trees, missing, checksum };
  } finally {
    engine[Symbol.dispose]();
  }
}

/** Tells the content of every commit, tree and tag of a pack, valid during the call, in no order. */
export type EachBody = (tell: (row: number, content: Uint8Array) => void) => Promise<void>;

/** Makes every object of a pack but its blobs; `makeIndex` is called where deltas name their bases by ids. */
export async function eachBody(
  file: EngineFile,
  makeIndex: () => Uint8Array<ArrayBuffer>,
  { table, trees }: IndexedPack,
  algorithm: GitHashAlgorithm,
  format: { readonly version: 1 | 2; readonly backend: BackendChoice | undefined },
  tell: (row: number, content: Uint8Array) => void,
): Promise<void> {
  const engine = new PackEngine({ algorithm, pageBudget: 16 << 20, cacheBudget: 0, backend: format.backend });
  try {
    const { kernel } = engine;
    let result = kernel.addPack(engine.addFile(file));
    if (result !== RESULT.OK) throw kernel.error(result, "open the pack");
    const pack = kernel.detail;
    if (!trees.isWhole) {
      const index = makeIndex();
      const indexFile = engine.addFile({ source: byteSourceFromBytes(index) });
      const layout = indexLayout(format.version, table.count, index.length, table.hashSize);
      result = await engine.settle(() => kernel.addIndex(indexFile, layout, [pack]));
      if (result !== RESULT.OK) throw kernel.error(result, "add the index of the pack");
    }
    const reads = new EntryReads(engine, pack, algorithm);
    for (const rows of trees.groups()) {
      await reads.bodies(table, rows.filter((row) => table.kinds[row] !== KIND_OF_TYPE.blob), tell);
    }
  } finally {
    engine[Symbol.dispose]();
  }
}

/** What the deltas at these places name as their bases by ids. */
async function missingBases(
  engine: PackEngine,
  pack: number,
  offsets: readonly number[],
): Promise<GitObjectId[]> {
  const missing = new Map<string, GitObjectId>();
  for (const offset of offsets) {
    let header = engine.kernel.entry(pack, offset);
    while (header === RESULT.NEEDS_BYTES) {
      await engine.supply(engine.kernel);
      header = engine.kernel.entry(pack, offset);
    }
    if (typeof header === "number") throw engine.kernel.error(header, "read an entry", offset);
    if (header.baseId === undefined) continue;
    const id = idOfBytes(header.baseId);
    missing.set(`${id}`, id);
  }
  return [...missing.values()];
}
