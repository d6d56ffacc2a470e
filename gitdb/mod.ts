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
export * from "./database/alternates_store.ts";
export * from "./database/compound_database.ts";
export * from "./object/check_object.ts";
export * from "./write/connectivity.ts";
export * from "./write/create_pack.ts";
export * from "./object/commit.ts";
export * from "./object/delta.ts";
export * from "./database/git_database.ts";
export * from "./object/hash_stream.ts";
export * from "./write/index_pack.ts";
export * from "./write/index_pack_source.ts";
export * from "./write/inspect.ts";
export * from "./write/lock_file.ts";
export * from "./loose/loose_object_stream.ts";
export * from "./loose/loose_store.ts";
export * from "./write/maintenance.ts";
export * from "./database/isomorphic_git.ts";
export * from "./database/memory_store.ts";
export * from "./pack/multi_pack_index.ts";
export * from "./object/object.ts";
export * from "./object/object_id.ts";
export * from "./object/object_store.ts";
export * from "./pack/pack.ts";
export * from "./pack/pack_entries.ts";
export * from "./pack/pack_index.ts";
export * from "./pack/pack_store.ts";
export * from "./write/pack_writer.ts";
export * from "./write/repack.ts";
export * from "./remote/clone_repository.ts";
export * from "./remote/directory_store.ts";
export * from "./remote/fetch_objects.ts";
export * from "./remote/fetch_repository.ts";
export * from "./remote/promised_objects.ts";
export * from "./remote/remote.ts";
export * from "./remote/take_bundle.ts";
export * from "./remote/web_database.ts";
export * from "./repository/repository.ts";
export * from "./object/store_stream.ts";
export * from "./object/tree.ts";
export type { BackendChoice } from "@sluice/ffi";
export { AmbiguousIdError } from "@sluice/internal";
export type { SluiceProgress } from "@sluice/internal";
export * from "@sluice/internal/faults";
export * from "@sluice/internal/sources";
