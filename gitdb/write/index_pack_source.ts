/**
 * Indexes for packs that lie anywhere: in memory, behind a URL, in a file that a browser was given.
 *
 * @module
 */
import { checkKeys, openByteSource } from "@sluice/internal";
import type { ByteSourceLike } from "@sluice/internal";
import { PackStore } from "../pack/pack_store.ts";
import type { PackOpener } from "./_pack_indexes.ts";
import { buildPackIndex } from "./_build_index.ts";
import type { GitPackIndexBuildOptions, PackSourceIndex } from "./_build_index.ts";
import { toPath } from "../object/_fs.ts";

export type { GitPackIndexBuildOptions, PackSourceIndex };

const openIncoming: PackOpener = (pack, index, hashAlgorithm) =>
  PackStore.fromSources([{ name: "incoming", pack, index }], { hashAlgorithm });

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
  return await buildPackIndex(await openByteSource(data), pathOf(data), options, openIncoming);
}

/** The path of a file, which the native library reads by itself. */
function pathOf(data: ByteSourceLike): string | undefined {
  if (data instanceof URL) return data.protocol === "file:" ? toPath(data) : undefined;
  return typeof data === "string" && !/^https?:\/\//i.test(data) ? data : undefined;
}
