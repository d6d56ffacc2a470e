/**
 * Packs that come from outside: checked, indexed and, where they are thin, completed. Deno only.
 *
 * @module
 */
import { checkArgument, checkKeys, isAnyIterable } from "@sluice/internal";
import { toPath } from "../object/_fs.ts";
import { PackStore } from "../pack/pack_store.ts";
import type { PackOpener } from "./_pack_indexes.ts";
import { takePack } from "./_take_pack.ts";
import type { GitIndexPackOptions } from "./_take_pack.ts";
import type { GitCreatedPack } from "./create_pack.ts";

export type { GitIndexPackOptions };

const openIncoming: PackOpener = (pack, index, hashAlgorithm) =>
  PackStore.fromSources([{ name: "incoming", pack, index }], { hashAlgorithm });

const INDEX_OPTIONS: ReadonlySet<string> = new Set([
  "hashAlgorithm",
  "bases",
  "existing",
  "strict",
  "maxInputSize",
  "maxObjects",
  "maxObjectSize",
  "indexVersion",
  "largeOffsetsFrom",
  "threads",
  "collisionDetection",
  "durable",
]);

/**
 * Stores a pack in a folder with its index and reverse index, when every object of it has been made and hashed.
 *
 * @throws {CorruptDataError} If the pack breaks the rules of its format, or a base is in neither place.
 *
 * @example A pack that came over a wire
 * ```ts
 * import { indexGitPack, PackStore, PackWriter } from "@sluice/gitdb";
 * import { assertEquals } from "@std/assert";
 *
 * const writer = new PackWriter();
 * const id = await writer.add({ type: "blob", body: "sent" });
 * const { pack } = await writer.finish();
 * const folder = await Deno.makeTempDir();
 * assertEquals((await indexGitPack(folder, new Blob([pack]).stream())).count, 1);
 * {
 *   await using packs = await PackStore.open(folder);
 *   assertEquals(await (await packs.read(id)).text(), "sent");
 * }
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export async function indexGitPack(
  folder: string | URL,
  pack: AsyncIterable<Uint8Array>,
  options: GitIndexPackOptions = {},
): Promise<GitCreatedPack> {
  checkKeys(options, INDEX_OPTIONS);
  checkArgument(isAnyIterable(pack), "index a pack", pack, "a stream of bytes");
  return await takePack(toPath(folder), pack, options, openIncoming);
}
