/**
 * Looking after a database: checking it, packing what is loose, unpacking. Deno only.
 *
 * @module
 */
import { SluiceError } from "@sluice/internal";
import { hashOutsideObject } from "../object/_codec.ts";
import { isMissing, joinPath, listFolder, statPath } from "../object/_fs.ts";
import { createPack } from "./create_pack.ts";
import type { CreatedPack, CreatePackOptions } from "./create_pack.ts";
import type { GitDatabase } from "../database/git_database.ts";
import { indexPack } from "./index_pack.ts";
import type { VerifyPackOptions } from "../pack/pack.ts";
import type { ObjectReader, ObjectWriter } from "../object/object.ts";
import { ObjectId } from "../object/object_id.ts";
import { PackStore } from "../pack/pack_store.ts";

/** Something that {@linkcode verifyDatabase} found. */
export interface DatabaseFinding {
  /** The pack, or "loose". */
  readonly where: string;
  /** The object, where there is one. */
  readonly id: ObjectId | undefined;
  /** What is wrong. */
  readonly message: string;
}

/**
 * Checks every pack and every loose object of a database by its hash. Finds, and does not throw.
 *
 * @example A database without damage
 * ```ts
 * import { GitDatabase, verifyDatabase } from "@sluice/gitdb";
 * import { assertEquals } from "@std/assert";
 *
 * const folder = await Deno.makeTempDir();
 * await Deno.mkdir(`${folder}/objects`);
 * {
 *   await using database = await GitDatabase.open(folder);
 *   await database.write({ type: "blob", body: "sound" });
 *   assertEquals(await Array.fromAsync(verifyDatabase(database)), []);
 * }
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export async function* verifyDatabase(
  database: GitDatabase,
  options: Omit<VerifyPackOptions, "level"> = {},
): AsyncGenerator<DatabaseFinding> {
  for (const pack of database.packs.packs) {
    for await (const { id, message } of pack.verify(options)) {
      yield { where: pack.name, id, message };
    }
  }
  for await (const id of database.loose.ids()) {
    try {
      const object = await database.loose.read(id);
      const actual = hashOutsideObject(object.type, await object.bytes(), id.algorithm, options);
      if (!actual.equals(id)) yield { where: "loose", id, message: `its content hashes to ${actual}` };
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      yield { where: "loose", id, message: error.message };
    }
  }
}

/** How {@linkcode repack} works. */
export interface RepackOptions extends CreatePackOptions {
  /** Remove packs and loose objects that the new pack has; packs with a `.keep` stay. @default {false} */
  readonly delete?: boolean | undefined;
}

/**
 * Packs all objects of a database, without its alternates, into one new pack. Nothing is removed before that is on the
 * disk. Undefined where there is nothing to pack.
 *
 * @example Loose objects into a pack
 * ```ts
 * import { GitDatabase, repack } from "@sluice/gitdb";
 * import { assertEquals } from "@std/assert";
 *
 * const folder = await Deno.makeTempDir();
 * await Deno.mkdir(`${folder}/objects`);
 * {
 *   await using database = await GitDatabase.open(folder);
 *   const id = await database.write({ type: "blob", body: "loose no more" });
 *   assertEquals((await repack(database, { delete: true }))?.count, 1);
 *   assertEquals((await database.info(id)).storage, "packed");
 * }
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export async function repack(
  database: GitDatabase,
  options: RepackOptions = {},
): Promise<CreatedPack | undefined> {
  const folder = joinPath(database.root, "pack");
  await database.refresh({ force: true });
  const before = database.packs.packs.map(({ name }) => name);
  const ids = new Map<string, ObjectId>();
  for (const store of [database.packs, database.loose]) {
    for await (const id of store.ids({ order: "storage" })) ids.set(`${id}`, id);
  }
  if (ids.size === 0) return undefined;
  const paths = await pathsOf(database, [...ids.values()]);
  const requests = [...ids.values()].map((id) => ({ id, path: paths.get(`${id}`) }));
  const created = await createPack(folder, database, requests, options);
  if (options.delete === true) {
    const gone = before.filter((name) => name !== created.name && !isKept(folder, name));
    // An index of several packs would go on to name those that are gone.
    if (gone.length > 0) await removeMultiPackIndexes(folder);
    for (const name of gone) removePack(folder, name);
    for await (const id of database.loose.ids()) {
      const path = database.loose.findPath(id);
      if (ids.has(`${id}`) && path !== undefined) Deno.removeSync(path);
    }
  }
  await database.refresh({ force: true });
  return created;
}

function isKept(folder: string, name: string): boolean {
  return statPath(joinPath(folder, `${name}.keep`)) !== undefined;
}

/** Removes the files of a pack, the index first, so that readers stop to find it. */
function removePack(folder: string, name: string): void {
  for (const ending of [".idx", ".rev", ".bitmap", ".mtimes", ".promisor", ".pack"]) {
    removeFile(joinPath(folder, name + ending));
  }
}

/** Removes the single multi-pack index or the chain of an incremental one, and what belongs to them. */
async function removeMultiPackIndexes(folder: string): Promise<void> {
  removeFile(joinPath(folder, "multi-pack-index"));
  removeFile(joinPath(folder, "multi-pack-index.d/multi-pack-index-chain"));
  for (const { name } of await listFolder(folder) ?? []) {
    if (/^multi-pack-index-[0-9a-f]+\.(?:bitmap|rev)$/.test(name)) removeFile(joinPath(folder, name));
  }
}

function removeFile(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

/** Names by which trees know objects: similar names make similar content likely. */
async function pathsOf(database: GitDatabase, ids: readonly ObjectId[]): Promise<Map<string, string>> {
  const paths = new Map<string, string>();
  const hashSize = database.hashAlgorithm === "sha1" ? 20 : 32;
  const decoder = new TextDecoder();
  const trees: ObjectId[] = [];
  for await (const group of database.infoBatches(ids)) {
    for (const result of group) if (result.ok && result.value.type === "tree") trees.push(result.value.id);
  }
  for await (const batch of database.readBatches(trees)) {
    try {
      for (const result of batch) {
        if (!result.ok) continue;
        const bytes = await result.value.bytes();
        for (let at = 0; at < bytes.length;) {
          const space = bytes.indexOf(0x20, at);
          const end = bytes.indexOf(0, space);
          if (space < 0 || end < 0 || end + hashSize >= bytes.length + 1) break;
          const id = `${ObjectId.from(bytes.slice(end + 1, end + 1 + hashSize))}`;
          if (!paths.has(id)) paths.set(id, decoder.decode(bytes.subarray(space + 1, end)));
          at = end + 1 + hashSize;
        }
      }
    } finally {
      batch[Symbol.dispose]();
    }
  }
  return paths;
}

/**
 * Stores every object of a pack one by one; returns how many there were. A thin pack may stand on objects of the target.
 *
 * @example A pack into memory
 * ```ts
 * import { MemoryStore, PackWriter, unpackObjects } from "@sluice/gitdb";
 * import { assertEquals } from "@std/assert";
 *
 * const writer = new PackWriter();
 * const id = await writer.add({ type: "blob", body: "sent" });
 * const { pack } = await writer.finish();
 * const memory = new MemoryStore();
 * assertEquals(await unpackObjects(new Blob([pack]).stream(), memory), 1);
 * assertEquals(await (await memory.read(id)).text(), "sent");
 * ```
 */
export async function unpackObjects(
  pack: AsyncIterable<Uint8Array>,
  target: ObjectReader & ObjectWriter,
): Promise<number> {
  const folder = await Deno.makeTempDir();
  try {
    const { hashAlgorithm } = target;
    await indexPack(folder, pack, { bases: target, hashAlgorithm, durable: false });
    const store = await PackStore.open(folder, { hashAlgorithm });
    try {
      let count = 0;
      for await (const batch of store.readBatches(store.ids({ order: "storage" }))) {
        try {
          for (const result of batch) {
            if (!result.ok) throw result.error;
            const { type, id } = result.value;
            await target.write({ type, id, body: await result.value.bytes() });
            count++;
          }
        } finally {
          batch[Symbol.dispose]();
        }
      }
      return count;
    } finally {
      await store[Symbol.asyncDispose]();
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
