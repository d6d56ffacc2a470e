/**
 * Packs in a directory of a browser.
 *
 * @module
 */
import { checkArgument, checkKeys, isAnyIterable, readChunks } from "@sluice/internal";
import { GitCompoundDatabase } from "../database/compound_database.ts";
import type { GitAbsentHook } from "../database/compound_database.ts";
import { tooLarge } from "../object/_errors.ts";
import { GitObjectId } from "../object/_object_id.ts";
import type { GitHashAlgorithm, GitIdLike } from "../object/_object_id.ts";
import { PackStore } from "../pack/pack_store.ts";
import type { PackSource } from "../pack/pack_store.ts";
import { buildPackIndex } from "../write/_build_index.ts";
import type { PackOpener } from "../write/_pack_indexes.ts";
import type { GitIntakeOptions } from "../write/_take_pack.ts";
import { checkConnected } from "./_connected.ts";
import { DirectoryPack, openPacks } from "./_directory_packs.ts";
import type { GitDirectory, GitDirectoryFile, GitDirectoryWriter } from "./_directory_packs.ts";

export type { GitDirectory, GitDirectoryFile, GitDirectoryWriter };

/** How a directory is opened. */
export interface GitDirectoryStoreOptions {
  /** The hash that names the objects. @default {"sha1"} */
  readonly hashAlgorithm?: GitHashAlgorithm | undefined;
  /** Brings objects that no pack has, as a partial clone does. */
  readonly onAbsent?: GitAbsentHook | undefined;
}

/** How a pack is taken in. */
export interface GitDirectoryPackOptions extends Omit<GitIntakeOptions, "threads" | "durable"> {
  /** Objects that have to be in the pack or here already, with all that they lead to. @default {[]} */
  readonly wants?: Iterable<GitIdLike> | undefined;
  /** Commits whose parents are left out. @default {[]} */
  readonly shallow?: Iterable<GitIdLike> | undefined;
  /** Objects that the wanted ones lead to may be missing, as in a partial clone. @default {false} */
  readonly promisor?: boolean | undefined;
  /** Gives the work up. */
  readonly signal?: AbortSignal | undefined;
}

const STORE_OPTIONS: ReadonlySet<string> = new Set<keyof GitDirectoryStoreOptions>([
  "hashAlgorithm",
  "onAbsent",
]);
const PACK_OPTIONS: ReadonlySet<string> = new Set<keyof GitDirectoryPackOptions>([
  "wants",
  "shallow",
  "promisor",
  "maxInputSize",
  "maxObjects",
  "maxObjectSize",
  "collisionDetection",
  "signal",
]);

/** Pages have less memory than servers. */
const CACHES = { pageCacheSize: 16 << 20, baseCacheSize: 16 << 20 };
const openIncoming: PackOpener = (pack, index, hashAlgorithm) =>
  PackStore.fromSources([{ name: "incoming", pack, index }], { hashAlgorithm, ...CACHES });

/**
 * Packs in a directory of a browser, such as its origin private file system: what a page fetched is there when the page is
 * opened again. `fetchGitObjects` stores packs in it, which lie on the disk and not in memory. A pack counts when its index
 * has been written, so that a page that is closed meanwhile leaves nothing that is read.
 *
 * Files that are opened here are not locked: several pages and workers may read and add packs.
 *
 * @example A directory in memory; in a page it is one of `await navigator.storage.getDirectory()`
 * ```ts
 * import { GitDirectoryStore, PackWriter } from "@sluice/gitdb";
 * import { assertEquals } from "@std/assert";
 *
 * const files = new Map<string, Blob>();
 * const directory = {
 *   entries: () => ReadableStream.from([...files]),
 *   removeEntry: (name: string) => Promise.resolve(void files.delete(name)),
 *   getFileHandle: (name: string) => {
 *     const parts: Uint8Array<ArrayBuffer>[] = [];
 *     const write = (bytes: Uint8Array<ArrayBuffer>) => Promise.resolve(void parts.push(bytes));
 *     const close = () => Promise.resolve(void files.set(name, new Blob(parts)));
 *     const writer = { write, close, abort: () => Promise.resolve() };
 *     return Promise.resolve({
 *       getFile: () => Promise.resolve(files.get(name)!),
 *       createWritable: () => Promise.resolve(writer),
 *     });
 *   },
 * };
 * const writer = new PackWriter();
 * const id = await writer.add({ type: "blob", body: "kept" });
 * const { pack } = await writer.finish();
 * {
 *   await using store = await GitDirectoryStore.open(directory);
 *   assertEquals(await store.addPack(new Blob([pack]).stream(), { wants: [id] }), 1);
 * }
 * await using again = await GitDirectoryStore.open(directory);
 * assertEquals(await (await again.read(id)).text(), "kept");
 * ```
 */
export class GitDirectoryStore extends GitCompoundDatabase {
  readonly #directory: GitDirectory;
  #stores: readonly PackStore[];

  private constructor(
    directory: GitDirectory,
    stores: readonly PackStore[],
    { hashAlgorithm, onAbsent }: GitDirectoryStoreOptions,
  ) {
    super([], hashAlgorithm, { onAbsent });
    this.#directory = directory;
    this.#stores = stores;
  }

  /**
   * Opens a directory, and removes what interrupted fetches left in it.
   *
   * @throws {SluiceError} If a pack there is damaged.
   */
  static async open(
    directory: GitDirectory,
    options: GitDirectoryStoreOptions = {},
  ): Promise<GitDirectoryStore> {
    checkArgument(
      typeof directory?.getFileHandle === "function",
      "open a directory",
      directory,
      "a directory of a browser",
    );
    checkKeys(options, STORE_OPTIONS);
    const { hashAlgorithm } = options;
    const store = await PackStore.fromSources(await openPacks(directory), { hashAlgorithm, ...CACHES });
    return new GitDirectoryStore(directory, [store], options);
  }

  /** The stores. */
  override get sources(): readonly PackStore[] {
    return this.#stores;
  }

  /**
   * Takes a pack in, whose every object is made and hashed before; returns how many those are. An empty pack is not stored.
   *
   * @throws {SluiceError} If the pack breaks the rules of its format or lacks what is wanted; nothing of it is left then.
   */
  async addPack(pack: AsyncIterable<Uint8Array>, options: GitDirectoryPackOptions = {}): Promise<number> {
    this.checkOpen();
    checkArgument(isAnyIterable(pack), "take a pack in", pack, "a stream of bytes");
    checkKeys(options, PACK_OPTIONS);
    const { wants = [], shallow = [], promisor = false, maxInputSize: limit = Infinity, signal, ...limits } =
      options;
    const { hashAlgorithm } = this;
    const wanted = {
      wants: Array.from(wants, (id) => GitObjectId.from(id, hashAlgorithm)),
      shallow: new Set(Array.from(shallow, String)),
      isPartial: promisor,
      existing: this,
    };
    const file = await DirectoryPack.create(this.#directory);
    try {
      let size = 0;
      for await (const chunk of readChunks(pack, signal)) {
        size += chunk.length;
        if (size > limit) throw tooLarge("the pack", size, limit);
        await file.write(chunk);
      }
      const source = await file.finish();
      const { index, count } = await buildPackIndex(source, undefined, {
        ...limits,
        hashAlgorithm,
        existing: this,
        check: (each, table) => checkConnected(each, table, wanted),
      }, openIncoming);
      if (count === 0) return 0;
      await this.#add({ name: file.name, pack: source, index: await file.commit(index) });
      return count;
    } finally {
      await file.removeUnfinished();
    }
  }

  async #add(source: PackSource): Promise<void> {
    const { hashAlgorithm } = this;
    this.#stores = [...this.#stores, await PackStore.fromSources([source], { hashAlgorithm, ...CACHES })];
  }
}
