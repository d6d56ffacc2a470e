/**
 * The object database of git: loose objects, packs and alternates as streams, read faster than git itself reads them,
 * and written as git reads them.
 *
 * @example An object of a repository
 * ```ts
 * import { GitDatabase } from "@sluice/gitdb";
 * import { assertEquals } from "@std/assert";
 *
 * const folder = await Deno.makeTempDir();
 * await Deno.mkdir(`${folder}/objects`);
 * {
 *   await using database = await GitDatabase.open(folder);
 *   const id = await database.write({ type: "blob", body: "hello\n" });
 *   const object = await database.read(id);
 *   assertEquals([object.type, object.size, await object.text()], ["blob", 6, "hello\n"]);
 * }
 * await Deno.remove(folder, { recursive: true });
 * ```
 *
 * @module
 */
export * from "./alternates_store.ts";
export * from "./compound_database.ts";
export * from "./create_pack.ts";
export * from "./delta.ts";
export * from "./git_database.ts";
export * from "./hash_stream.ts";
export * from "./index_pack.ts";
export * from "./index_pack_source.ts";
export * from "./lock_file.ts";
export * from "./loose_object_stream.ts";
export * from "./loose_store.ts";
export * from "./maintenance.ts";
export * from "./memory_store.ts";
export * from "./multi_pack_index.ts";
export * from "./object.ts";
export * from "./object_id.ts";
export * from "./object_store.ts";
export * from "./pack.ts";
export * from "./pack_index.ts";
export * from "./pack_store.ts";
export * from "./pack_writer.ts";
export * from "./store_stream.ts";
export type { BackendChoice } from "@sluice/ffi";
export {
  AmbiguousIdError,
  ChecksumMismatchError,
  CorruptDataError,
  LimitExceededError,
  NotFoundError,
  SluiceError,
  TruncatedDataError,
  UnsupportedFeatureError,
} from "@sluice/internal";
export type { ByteSource, ReadOptions as SourceReadOptions, SluiceErrorOptions } from "@sluice/internal";
export type { GitIndexLayout } from "@sluice/ffi/git-store";
export type { BulkSettings } from "./_options.ts";
export type { Durability } from "./_loose_files.ts";
