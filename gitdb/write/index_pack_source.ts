/**
 * Indexes for packs that lie anywhere: in memory, behind a URL, in a file that a browser was given.
 *
 * @module
 */
import { checkKeys, openByteSource } from "@sluice/internal";
import type { BackendChoice } from "@sluice/ffi";
import type { ByteSourceLike } from "@sluice/internal";
import { indexEntries, unresolved } from "../pack/_pack_entries.ts";
import { buildIndex, buildReverseIndex } from "../pack/_pack_format.ts";
import { GitObjectId } from "../object/object_id.ts";
import type { GitHashAlgorithm } from "../object/object_id.ts";

/** How a pack is indexed. */
export interface GitPackIndexBuildOptions {
  /** The hash of the ids. @default {"sha1"} */
  readonly hashAlgorithm?: GitHashAlgorithm | undefined;
  /** The most objects. @default {Infinity} */
  readonly maxObjects?: number | undefined;
  /** The largest entry, in bytes. @default {Infinity} */
  readonly maxObjectSize?: number | undefined;
  /** Refuse objects that were made to collide under SHA-1. @default {true} */
  readonly collisionDetection?: boolean | undefined;
  /** The backend for this call. @default {what configureBackend says} */
  readonly backend?: BackendChoice | undefined;
}

/** The indexes of a pack, as git stores them beside it. */
export interface PackSourceIndex {
  /** The index, version 2. */
  readonly index: Uint8Array<ArrayBuffer>;
  /** The reverse index. */
  readonly reverseIndex: Uint8Array<ArrayBuffer>;
  /** How many objects the pack has. */
  readonly count: number;
  /** The checksum at the pack's end, in hexadecimal. */
  readonly checksum: string;
}

const BUILD_OPTIONS: ReadonlySet<string> = new Set([
  "hashAlgorithm",
  "maxObjects",
  "maxObjectSize",
  "collisionDetection",
  "backend",
]);

/**
 * Makes and hashes every object of a pack and gives its indexes; nothing is written. The pack is read twice, in pages.
 *
 * @throws {CorruptDataError} If the pack breaks the rules of its format, or is thin ("UNRESOLVED_DELTAS").
 *
 * @example A pack in memory
 * ```ts
 * import { buildGitPackIndex, PackStore, PackWriter } from "@sluice/gitdb";
 * import { byteSourceFromBytes } from "@sluice/gitdb";
 * import { assertEquals } from "@std/assert";
 *
 * const writer = new PackWriter();
 * const id = await writer.add({ type: "blob", body: "sent" });
 * const pack = byteSourceFromBytes((await writer.finish()).pack);
 * const { index, count } = await buildGitPackIndex(pack);
 * const store = await PackStore.fromSources([{ name: "sent", pack, index: byteSourceFromBytes(index) }]);
 * assertEquals([count, await (await store.read(id)).text()], [1, "sent"]);
 * store.close();
 * ```
 */
export async function buildGitPackIndex(
  data: ByteSourceLike,
  options: GitPackIndexBuildOptions = {},
): Promise<PackSourceIndex> {
  checkKeys(options, BUILD_OPTIONS);
  const { hashAlgorithm = "sha1", ...settings } = options;
  const source = await openByteSource(data);
  const { rows, missing, checksum } = await indexEntries({ source }, hashAlgorithm, settings);
  if (missing.length > 0) throw unresolved(missing.length);
  return {
    index: buildIndex(rows, checksum, hashAlgorithm, { version: 2, largeFrom: undefined }),
    reverseIndex: buildReverseIndex(rows, checksum, hashAlgorithm),
    count: rows.length,
    checksum: `${GitObjectId.from(checksum)}`,
  };
}
