/**
 * The indexes of a pack from outside whose objects were made and hashed, and what is checked before it is taken.
 */
import type { BackendChoice } from "@sluice/ffi";
import { checkGitObject } from "../object/_check_object.ts";
import { corrupt } from "../object/_errors.ts";
import type { GitObjectReader } from "../object/object.ts";
import type { GitHashAlgorithm } from "../object/object_id.ts";
import { buildIndex, buildReverseIndex } from "../pack/_index_output.ts";
import { eachBody } from "../pack/_pack_entries.ts";
import type { EachBody, IndexedPack } from "../pack/_pack_entries.ts";
import type { EngineFile } from "../pack/_pack_engine.ts";
import type { PackTable } from "../pack/_pack_table.ts";
import type { PackStore } from "../pack/pack_store.ts";
import { refuseCollisions, sharedIds } from "./_collisions.ts";
import { checkIncoming } from "./_strict.ts";
import type { ByteSource } from "@sluice/internal";

/** What is checked, and how the index is written. */
export interface PackIndexSettings {
  readonly existing?: GitObjectReader | undefined;
  readonly strict?: boolean | undefined;
  readonly indexVersion?: 1 | 2 | undefined;
  readonly largeOffsetsFrom?: number | undefined;
  readonly check?: IncomingCheck | undefined;
  readonly backend?: BackendChoice | undefined;
}

/** Looks at the objects of a pack before it is taken; `each` makes all of them but its blobs. */
export type IncomingCheck = (each: EachBody, table: PackTable) => Promise<void>;

/** Opens a pack by its bytes and its index, to compare what is in it. */
export type PackOpener = (
  source: ByteSource,
  index: Uint8Array,
  hashAlgorithm: GitHashAlgorithm,
) => Promise<PackStore>;

/** The files beside a pack. */
export interface PackIndexes {
  readonly index: Uint8Array<ArrayBuffer>;
  readonly reverse: Uint8Array<ArrayBuffer>;
}

/**
 * Makes both indexes of a pack.
 *
 * @throws {CorruptDataError} If the pack has what `strict` forbids, or other content than `existing` under the same id.
 */
export async function makeIndexes(
  file: EngineFile,
  indexed: IndexedPack,
  algorithm: GitHashAlgorithm,
  settings: PackIndexSettings,
  open: PackOpener,
): Promise<PackIndexes> {
  const { existing, strict, indexVersion, largeOffsetsFrom, check, backend } = settings;
  const { table, checksum } = indexed;
  if (strict === true && table.hasDuplicates) {
    throw corrupt("the pack", "it has an object twice", "DUPLICATE_OBJECT");
  }
  const format = { version: indexVersion ?? 2, largeFrom: largeOffsetsFrom } as const;
  const makeIndex = (): Uint8Array<ArrayBuffer> => buildIndex(table, checksum, algorithm, format);
  const making = { version: format.version, backend };
  // The index of a large pack is large: it is made after the check.
  if (table.count > 0) {
    await check?.((tell) => eachBody(file, makeIndex, indexed, algorithm, making, tell), table);
  }
  const index = makeIndex();
  if (table.count > 0 && (existing !== undefined || strict === true)) {
    await checkPack(() => open(file.source, index, algorithm), table, algorithm, settings);
  }
  return { index, reverse: buildReverseIndex(table, checksum, algorithm) };
}

/** Refuses a pack that has other content than a database under the same id, or objects that git would not accept. */
async function checkPack(
  open: () => Promise<PackStore>,
  table: PackTable,
  hashAlgorithm: GitHashAlgorithm,
  { existing, strict }: PackIndexSettings,
): Promise<void> {
  const shared = existing === undefined ? [] : await sharedIds(table.everyId(), existing);
  if (shared.length === 0 && strict !== true) return;
  const store = await open();
  try {
    if (existing !== undefined) await refuseCollisions(shared, store, existing);
    if (strict !== true) return;
    const rules = { hashAlgorithm, strict };
    const check = ({ type }: { type: Parameters<typeof checkGitObject>[0] }, bytes: Uint8Array): void =>
      checkGitObject(type, bytes, rules);
    await checkIncoming([...table.everyId()], store, existing, check);
  } finally {
    store.close();
  }
}
