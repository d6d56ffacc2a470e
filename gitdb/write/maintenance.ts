/**
 * Looking after a database: checking it, and unpacking. Deno only.
 *
 * @module
 */
import { checkArgument, checkKeys, isAnyIterable, SluiceError } from "@sluice/internal";
import { hashObjectBody } from "../object/_object_hash.ts";
import { GitDatabase } from "../database/git_database.ts";
import { indexGitPack } from "./index_pack.ts";
import type { GitVerifyPackOptions } from "../pack/pack.ts";
import type { GitObjectReader, GitObjectWriter } from "../object/object.ts";
import type { GitObjectId } from "../object/object_id.ts";
import { PackStore } from "../pack/pack_store.ts";
import { writeObjects } from "./_write_objects.ts";

/** Something that {@linkcode verifyGitDatabase} found. */
export interface GitDatabaseFinding {
  /** The pack, or "loose". */
  readonly where: string;
  /** The object, where there is one. */
  readonly id: GitObjectId | undefined;
  /** What is wrong. */
  readonly message: string;
}

const VERIFY_OPTIONS: ReadonlySet<string> = new Set(["threads", "collisionDetection"]);

/**
 * Checks every pack and every loose object of a database by its hash. Finds, and does not throw.
 *
 * @example A database without damage
 * ```ts
 * import { GitDatabase, verifyGitDatabase } from "@sluice/gitdb";
 * import { assertEquals } from "@std/assert";
 *
 * const folder = await Deno.makeTempDir();
 * await Deno.mkdir(`${folder}/objects`);
 * {
 *   await using database = await GitDatabase.open(folder);
 *   await database.write({ type: "blob", body: "sound" });
 *   assertEquals(await Array.fromAsync(verifyGitDatabase(database)), []);
 * }
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export async function* verifyGitDatabase(
  database: GitDatabase,
  options: Omit<GitVerifyPackOptions, "level"> = {},
): AsyncGenerator<GitDatabaseFinding> {
  checkKeys(options, VERIFY_OPTIONS);
  checkArgument(database instanceof GitDatabase, "verify a database", database, "a GitDatabase");
  for (const [name, { message }] of database.packs.unusable) yield { where: name, id: undefined, message };
  for (const pack of database.packs.packs) {
    for await (const { id, message } of pack.verify(options)) {
      yield { where: pack.name, id, message };
    }
  }
  for await (const id of database.loose.ids()) {
    try {
      const object = await database.loose.read(id);
      const actual = await hashObjectBody(object, options);
      if (!actual.equals(id)) yield { where: "loose", id, message: `its content hashes to ${actual}` };
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      yield { where: "loose", id, message: error.message };
    }
  }
}

/**
 * Stores every object of a pack one by one; returns how many there were. A thin pack may stand on objects of the target.
 *
 * @example A pack into memory
 * ```ts
 * import { GitMemoryStore, PackWriter, unpackGitObjects } from "@sluice/gitdb";
 * import { assertEquals } from "@std/assert";
 *
 * const writer = new PackWriter();
 * const id = await writer.add({ type: "blob", body: "sent" });
 * const { pack } = await writer.finish();
 * const memory = new GitMemoryStore();
 * assertEquals(await unpackGitObjects(new Blob([pack]).stream(), memory), 1);
 * assertEquals(await (await memory.read(id)).text(), "sent");
 * ```
 */
export async function unpackGitObjects(
  pack: AsyncIterable<Uint8Array>,
  target: GitObjectReader & GitObjectWriter,
): Promise<number> {
  checkArgument(isAnyIterable(pack), "unpack a pack", pack, "a stream of bytes");
  const folder = await Deno.makeTempDir();
  try {
    const { hashAlgorithm } = target;
    await indexGitPack(folder, pack, { bases: target, hashAlgorithm, durable: false });
    const store = await PackStore.open(folder, { hashAlgorithm });
    try {
      return await writeObjects(store, target);
    } finally {
      await store[Symbol.asyncDispose]();
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
