/**
 * Indexes for packs that lie anywhere: in memory, behind a URL, in a file that a browser was given.
 *
 * @module
 */
import { checkKeys, openByteSource } from "@sluice/internal";
import type { BackendChoice } from "@sluice/ffi";
import type { ByteSourceLike } from "@sluice/internal";
import { indexEntries, unresolved } from "../pack/_pack_entries.ts";
import { PackStore } from "../pack/pack_store.ts";
import { makeIndexes } from "./_pack_indexes.ts";
import { toPath } from "../object/_fs.ts";
import type { GitObjectReader } from "../object/object.ts";
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
  /** Where objects may be with the same ids as those of the pack: the pack is refused if one has other content. */
  readonly existing?: GitObjectReader | undefined;
  /**
   * Refuse a pack that has an object twice, a tree, commit or tag that git would not accept, or, where there is an
   * `existing` database, one that refers to an object in neither place. @default {false}
   */
  readonly strict?: boolean | undefined;
  /** Version of the index. @default {2} */
  readonly indexVersion?: 1 | 2 | undefined;
  /** Offsets from here on are written with 64 bits. @default {2147483648} */
  readonly largeOffsetsFrom?: number | undefined;
  /** Threads that make objects, natively. @default {1} */
  readonly threads?: number | undefined;
  /** Refuse objects that were made to collide under SHA-1. @default {true} */
  readonly collisionDetection?: boolean | undefined;
  /** The backend for this call. @default {what configureBackend says} */
  readonly backend?: BackendChoice | undefined;
}

/** The indexes of a pack, as git stores them beside it. */
export interface PackSourceIndex {
  /** The index. */
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
  "existing",
  "strict",
  "indexVersion",
  "largeOffsetsFrom",
  "threads",
  "collisionDetection",
  "backend",
]);

/**
 * Makes and hashes every object of a pack and returns its indexes; nothing is written. The pack is read twice: once from
 * its start to its end, and once in pages. Beside the indexes that takes about 170 bytes of memory for each object, and at
 * most 96 MiB for pages and delta bases.
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
  const indexed = await indexEntries({ source, path: pathOf(data) }, hashAlgorithm, settings);
  const { table, missing, checksum } = indexed;
  if (missing.length > 0) throw unresolved(missing.length);
  const { index, reverse } = await makeIndexes(
    source,
    indexed,
    hashAlgorithm,
    settings,
    (pack, rows) => PackStore.fromSources([{ name: "incoming", pack, index: rows }], { hashAlgorithm }),
  );
  return { index, reverseIndex: reverse, count: table.count, checksum: `${GitObjectId.from(checksum)}` };
}

/** The path of a file, which the native library reads by itself. */
function pathOf(data: ByteSourceLike): string | undefined {
  if (data instanceof URL) return data.protocol === "file:" ? toPath(data) : undefined;
  return typeof data === "string" && !/^https?:\/\//i.test(data) ? data : undefined;
}
