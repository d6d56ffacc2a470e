/**
 * Repositories of git and the objects in them: what reads them, names them and commits to them, without packing, fetching
 * and cloning, so that programs which only look start sooner. `@sluice/gitdb` has all of this.
 *
 * @example The message of a commit
 * ```ts
 * import { GitRepository } from "@sluice/gitdb/repository";
 * import { assertEquals } from "@std/assert";
 *
 * const folder = await Deno.makeTempDir();
 * for (const name of ["objects", "refs"]) await Deno.mkdir(`${folder}/${name}`);
 * await Deno.writeTextFile(`${folder}/HEAD`, "ref: refs/heads/main\n");
 * {
 *   await using repository = await GitRepository.open(folder);
 *   const author = { name: "Ada", email: "ada@example.org", date: new Date(0), timezone: "+0000" };
 *   await repository.commit("main", { hello: "world\n" }, { author, message: "Start\n" });
 *   assertEquals((await repository.readCommit("main")).message, "Start\n");
 * }
 * await Deno.remove(folder, { recursive: true });
 * ```
 *
 * @module
 */
export * from "./database/alternates_store.ts";
export * from "./database/compound_database.ts";
export * from "./object/check_object.ts";
export * from "./object/commit.ts";
export * from "./database/git_database.ts";
export * from "./database/memory_store.ts";
export * from "./object/object.ts";
export * from "./object/object_id.ts";
export * from "./object/object_store.ts";
export * from "./pack/multi_pack_index.ts";
export * from "./pack/pack.ts";
export * from "./pack/pack_index.ts";
export * from "./pack/pack_store.ts";
export * from "./loose/loose_store.ts";
export * from "./repository/repository.ts";
export * from "./object/store_stream.ts";
export * from "./object/tree.ts";
export type { BackendChoice } from "@sluice/ffi";
export { AmbiguousIdError } from "@sluice/internal";
export type { SluiceProgress } from "@sluice/internal";
export * from "@sluice/internal/faults";
export * from "@sluice/internal/sources";
