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
export * from "./write/connectivity.ts";
export * from "./write/create_pack.ts";
export * from "./object/delta.ts";
export * from "./object/hash_stream.ts";
export * from "./write/index_pack.ts";
export * from "./write/index_pack_source.ts";
export * from "./write/inspect.ts";
export * from "./write/lock_file.ts";
export * from "./loose/loose_object_stream.ts";
export * from "./write/maintenance.ts";
export * from "./database/isomorphic_git.ts";
export * from "./pack/pack_entries.ts";
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
export * from "./repository.ts";
