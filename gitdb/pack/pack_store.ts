/**
 * Packs as a place to read from.
 *
 * @module
 */
import {
  checkEnumerateOptions,
  checkReadOptions,
  checkRefreshOptions,
  STORE_OPTIONS,
} from "../object/_options.ts";
import {
  checkArgument,
  checkKeys,
  checkLimit,
  isAnyIterable,
  openByteSource,
  SluiceError,
} from "@sluice/internal";
import type { ByteSourceLike } from "@sluice/internal";
import type { BackendChoice } from "@sluice/ffi";
import { checkPrefix, mergeIds } from "../object/_ids.ts";
import {
  fileSource,
  isMissing,
  isSettled,
  joinPath,
  LazyFileSource,
  listFolder,
  statPath,
  toPath,
  touchFile,
} from "../object/_fs.ts";
import { idsWithPrefix } from "../object/_id_search.ts";
import type { IdTable } from "../object/_id_search.ts";
import { BulkReads } from "./_bulk_reads.ts";
import { MultiPacks } from "./_multi_packs.ts";
import type { MultiPackUnit } from "./_multi_packs.ts";
import { mergeSorted } from "../object/_merge.ts";
import { PackEngine } from "./_pack_engine.ts";
import { PackView } from "./_pack_view.ts";
import { PackReads } from "./_pack_reads.ts";
import { addPackUnit, checkPackHeader, restFiles } from "./_pack_unit.ts";
import type { PackFiles, PackUnit } from "./_pack_unit.ts";
import { isRescuable, rescueObject } from "./_rescue.ts";
import type { IdWindow } from "../object/_windows.ts";
import type {
  GitEnumerateOptions,
  GitObject,
  GitObjectBatch,
  GitObjectInfo,
  GitReadOptions,
  GitResult,
} from "../object/object.ts";
import { GitObjectId } from "../object/object_id.ts";
import type { GitHashAlgorithm, GitIdLike } from "../object/object_id.ts";
import { GitObjectStore } from "../object/object_store.ts";
import { PackIndex } from "./pack_index.ts";
import type { GitPack } from "./pack.ts";

/** What a store of packs keeps in memory and runs on. */
export interface PackStoreOptions {
  /** The hash of its ids. @default {"sha1"} */
  readonly hashAlgorithm?: GitHashAlgorithm | undefined;
  /** Bytes of file pages that are kept. @default {67108864} */
  readonly pageCacheSize?: number | undefined;
  /** Bytes of delta bases that are kept for reads that follow. @default {100663296} */
  readonly baseCacheSize?: number | undefined;
  /** The backend; the configured one where none is named. */
  readonly backend?: BackendChoice | undefined;
  /** Called for packs that can't be used and are passed over. */
  readonly onWarning?: ((error: Error) => void) | undefined;
}

/** A pack and its index, wherever they are: bytes, Blobs, URLs, paths or sources. */
export interface PackSource {
  /** A name to know it by. */
  readonly name: string;
  /** The pack. */
  readonly pack: ByteSourceLike;
  /** Its index. */
  readonly index: ByteSourceLike;
  /** Its reverse index, which spares sorting where entries are wanted as they are stored. */
  readonly reverseIndex?: ByteSourceLike | undefined;
}

/** Codes of failures that say nothing of what is in a file. */
const UNREADABLE: ReadonlySet<string> = new Set(["READ_FAILED", "SYSTEM_CALL_FAILED", "OUT_OF_MEMORY"]);
const PAGE_CACHE = 64 << 20;
const BASE_CACHE = 96 << 20;

/**
 * All packs of a folder, or packs from other sources of bytes. Objects are looked up in every pack; deltas may have
 * their bases in any of them.
 *
 * Files are read by position, never mapped: a pack that is cut short while it is open gives an error, and one that is
 * removed stays readable until the next `refresh`. Memory: the two caches, what is in flight, and for each pack its
 * fan-out.
 *
 * @example Reading from a pack in memory
 * ```ts
 * import { PackStore, PackWriter } from "@sluice/gitdb";
 * import { byteSourceFromBytes } from "@sluice/gitdb";
 * import { assertEquals } from "@std/assert";
 *
 * const writer = new PackWriter();
 * const id = await writer.add({ type: "blob", body: "packed" });
 * const { pack, index } = await writer.finish();
 * await using store = await PackStore.fromSources([
 *   { name: "one", pack: byteSourceFromBytes(pack), index: byteSourceFromBytes(index) },
 * ]);
 * assertEquals(await (await store.read(id)).text(), "packed");
 * ```
 */
export class PackStore extends GitObjectStore {
  /** The hash that names its objects. */
  readonly hashAlgorithm: GitHashAlgorithm;
  /** The folder; undefined where the packs come from elsewhere. */
  readonly root: string | undefined;
  readonly #engine: PackEngine;
  readonly #reads: PackReads;
  readonly #bulkReads: BulkReads;
  readonly #options: PackStoreOptions;
  #units: PackUnit[] = [];
  /** What was removed from the folder while it was in use. */
  #gone: PackUnit[] = [];
  #goneMulti: MultiPackUnit[] = [];
  #refused = new Map<string, Error>();
  readonly #hopeless = new Set<string>();
  readonly #multi: MultiPacks | undefined;
  /** What the folder was like at the last scan; undefined where it may have changed since without a trace. */
  #stamp: string | undefined;
  #refreshing: Promise<boolean> | undefined;
  /** The look that comes after the one that is under way. */
  #following: Promise<boolean> | undefined;

  private constructor(root: string | undefined, options: PackStoreOptions) {
    super();
    this.root = root;
    this.hashAlgorithm = options.hashAlgorithm ?? "sha1";
    this.#options = options;
    this.#engine = new PackEngine({
      algorithm: this.hashAlgorithm,
      pageBudget: options.pageCacheSize ?? PAGE_CACHE,
      cacheBudget: options.baseCacheSize ?? BASE_CACHE,
      backend: options.backend,
    });
    this.#reads = new PackReads(this.#engine);
    this.#bulkReads = new BulkReads(
      this.#engine,
      this.hashAlgorithm,
      (id, failure) => this.#rescue(id, failure),
    );
    this.#multi = root === undefined ? undefined : new MultiPacks(this.#engine, root, this.hashAlgorithm);
  }

  /** Opens all packs of a folder; one that is not there is empty. Deno only. */
  static async open(folder: string | URL, options: PackStoreOptions = {}): Promise<PackStore> {
    checkKeys(options, STORE_OPTIONS);
    const store = new PackStore(toPath(folder), options);
    try {
      await store.refresh({ force: true });
      return store;
    } catch (error) {
      store.#engine.close();
      throw error;
    }
  }

  /** Opens packs from sources of bytes. */
  static async fromSources(
    sources: readonly PackSource[],
    options: PackStoreOptions = {},
  ): Promise<PackStore> {
    checkKeys(options, STORE_OPTIONS);
    checkArgument(isAnyIterable(sources), "open packs", sources, "an array of sources");
    const store = new PackStore(undefined, options);
    try {
      for (const { name, pack, index, reverseIndex } of sources) {
        const reverse = reverseIndex === undefined ? undefined : await openByteSource(reverseIndex);
        await store.#add({
          name,
          pack: { source: await openByteSource(pack) },
          index: { source: await openByteSource(index) },
          reverse: () => reverse,
        });
      }
      return store;
    } catch (error) {
      store.#engine.close();
      throw error;
    }
  }

  async #add(files: PackFiles): Promise<void> {
    const index = await PackIndex.open(files.index.source, this.hashAlgorithm);
    await checkPackHeader(files, index, this.hashAlgorithm);
    this.#units.push(await addPackUnit(this.#engine, files, index));
    restFiles(files);
  }

  /** The packs, in the order in which they were found. */
  get packs(): readonly GitPack[] {
    return this.#units.map((unit) => new PackView(this.#engine, unit, this.hashAlgorithm));
  }

  /** By name, why packs of the folder are damaged so that nothing is read from them. */
  get unusable(): ReadonlyMap<string, SluiceError> {
    return new Map(
      [...this.#refused].flatMap(([name, error]) => error instanceof SluiceError ? [[name, error]] : []),
    );
  }

  /** As `packs`, by the name that a compound database has for those of all its stores. */
  get allPacks(): readonly GitPack[] {
    return this.packs;
  }

  /** Bytes that its caches take now. */
  get memoryUsage(): number {
    return this.#engine.kernel.memoryUsage;
  }

  /** Whether single reads run at once, without promises: `hasSync` and `readSync` may be called. */
  get isSync(): boolean {
    return this.#engine.isDirect;
  }

  /** Whether an object is there. */
  override async has(id: GitIdLike, options?: GitReadOptions): Promise<boolean> {
    checkReadOptions(options);
    this.checkOpen();
    return await this.#reads.has(GitObjectId.from(id, this.hashAlgorithm), options?.signal);
  }

  /** As `has`, at once; native files only. */
  hasSync(id: GitIdLike): boolean {
    this.checkOpen();
    return this.#reads.hasSync(GitObjectId.from(id, this.hashAlgorithm));
  }

  /**
   * Marks a pack that has the object as in use, so that git's garbage collection takes its objects for new; returns false
   * where none can be marked. Cruft packs do not count: they keep a time for each object.
   *
   * @example A pack in memory has no file to mark
   * ```ts
   * import { PackStore, PackWriter } from "@sluice/gitdb";
   * import { assertEquals } from "@std/assert";
   *
   * const writer = new PackWriter();
   * const id = await writer.add({ type: "blob", body: "packed" });
   * const { pack, index } = await writer.finish();
   * await using store = await PackStore.fromSources([{ name: "one", pack, index }]);
   * assertEquals(await store.freshen(id), false);
   * ```
   */
  async freshen(id: GitIdLike): Promise<boolean> {
    this.checkOpen();
    const known = GitObjectId.from(id, this.hashAlgorithm);
    if (!await this.#reads.has(known)) return false;
    for (const { name, packNumber, files: { pack: { path } } } of this.#units) {
      if (path === undefined || !await this.#reads.has(known, undefined, packNumber)) continue;
      if (statPath(joinPath(this.root!, `${name}.mtimes`)) === undefined && touchFile(path)) return true;
    }
    return false;
  }

  /** Facts about an object. */
  override async info(id: GitIdLike, options?: GitReadOptions): Promise<GitObjectInfo> {
    checkReadOptions(options);
    this.checkOpen();
    const known = GitObjectId.from(id, this.hashAlgorithm);
    try {
      return await this.#reads.info(known, options?.signal);
    } catch (error) {
      return isRescuable(error) ? await this.#rescue(known, error) : Promise.reject(error);
    }
  }

  /** An object to read. */
  override async read(id: GitIdLike, options: GitReadOptions = {}): Promise<GitObject> {
    checkReadOptions(options);
    this.checkOpen();
    const known = GitObjectId.from(id, this.hashAlgorithm);
    try {
      return await this.#reads.read(known, options);
    } catch (error) {
      return isRescuable(error) ? await this.#rescue(known, error) : Promise.reject(error);
    }
  }

  /** An object whose nearest copy can't be read, from others in these packs. */
  async #rescue(id: GitObjectId, failure: unknown): Promise<GitObject> {
    const read = (base: GitObjectId): Promise<GitObject> => this.#reads.read(base, {});
    return await rescueObject(id, { packs: this.packs, hopeless: this.#hopeless, read }, failure);
  }

  /** As `read`, at once; native files only. */
  readSync(id: GitIdLike, options: GitReadOptions = {}): GitObject {
    checkReadOptions(options);
    this.checkOpen();
    if (!this.isSync) {
      throw new TypeError("Cannot read at once: the packs come from sources that answer later");
    }
    return this.#reads.readSync(GitObjectId.from(id, this.hashAlgorithm), options);
  }

  /** How many objects there are. */
  override async count(options: GitEnumerateOptions = {}): Promise<number> {
    checkEnumerateOptions(options);
    this.checkOpen();
    if (options.unique === false || this.#units.length <= 1) {
      return this.#units.reduce((sum, { index }) => sum + index.count, 0);
    }
    return await super.count(options);
  }

  /** The ids of all objects. */
  override async *ids(options: GitEnumerateOptions = {}): AsyncGenerator<GitObjectId> {
    checkEnumerateOptions(options);
    this.checkOpen();
    const { order = "id", unique = true } = options;
    if (order === "storage") {
      const seen = new Set<string>();
      for (const pack of this.packs) {
        for await (const { id } of pack.entries()) {
          if (unique && this.#units.length > 1) {
            if (seen.has(`${id}`)) continue;
            seen.add(`${id}`);
          }
          yield id;
        }
      }
      return;
    }
    yield* mergeSorted(this.#units.map(({ index }) => index.entries()), unique);
  }

  /** Ids that start with these hex digits, in order, at most `limit`. */
  override async candidates(prefix: string, limit: number = Infinity): Promise<GitObjectId[]> {
    this.checkOpen();
    checkLimit("limit", limit);
    const wanted = checkPrefix(prefix, this.hashAlgorithm, 2);
    const multi = (this.#multi?.units ?? []).filter(({ isWhole }) => isWhole);
    const covered = new Set(multi.flatMap(({ packs }) => packs));
    const tables: IdTable[] = [
      ...multi,
      ...this.#units.filter(({ name }) => !covered.has(name)).map(({ index }) => index),
    ];
    return mergeIds(
      await Promise.all(tables.map((table) => idsWithPrefix(table, wanted, limit + 1))),
      limit,
    );
  }

  /** Adds packs that came and drops those that went; looks only when the folder has changed. */
  override async refresh(options: { readonly force?: boolean | undefined } = {}): Promise<boolean> {
    checkRefreshOptions(options);
    const { root } = this;
    if (root === undefined) return false;
    this.checkOpen();
    const changed = statPath(root)?.mtime?.getTime() ?? 0;
    const stamp = `${changed} ${this.#multi!.stamp}`;
    if (stamp === this.#stamp && options.force !== true) return false;
    const settled = isSettled(changed) ? stamp : undefined;
    if (this.#refreshing !== undefined) {
      // It may have listed the folder before what the caller misses came; all who wait share the next look.
      const look = (): Promise<boolean> => {
        this.#following = undefined;
        return this.refresh(options);
      };
      const ended = this.#refreshing.catch(() => {});
      if (options.force === true) return await ended.then(() => this.refresh(options));
      return await (this.#following ??= ended.then(look));
    }
    return await (this.#refreshing = this.#scan(root, settled).finally(() => this.#refreshing = undefined));
  }

  async #scan(root: string, stamp: string | undefined): Promise<boolean> {
    this.#dropGone();
    const names = new Set(
      (await listFolder(root) ?? [])
        .filter(({ name }) => name.endsWith(".idx"))
        .map(({ name }) => name.slice(0, -".idx".length)),
    );
    const known = new Set(this.#units.map(({ name }) => name));
    for (const name of this.#refused.keys()) if (!names.has(name)) this.#refused.delete(name);
    let changed = false;
    for (const unit of this.#units.filter(({ name }) => !names.has(name))) {
      this.#gone.push(unit);
      changed = true;
    }
    this.#units = this.#units.filter(({ name }) => names.has(name));
    for (const name of [...names].sort()) {
      if (known.has(name)) continue;
      try {
        await this.#addPath(root, name);
        this.#refused.delete(name);
        changed = true;
      } catch (error) {
        if (!isMissing(error) && !(error instanceof SluiceError)) throw error;
        // A pack that is there and can't be read now is not one without objects.
        const isThere = [".pack", ".idx"].every((ending) =>
          statPath(joinPath(root, name + ending)) !== undefined
        );
        if (isThere && error instanceof SluiceError && UNREADABLE.has(error.code)) throw error;
        if (!this.#refused.has(name)) this.#options.onWarning?.(error as Error);
        this.#refused.set(name, error as Error);
      }
    }
    const numbers = new Map(this.#units.map(({ name, packNumber }) => [name, packNumber]));
    this.#goneMulti.push(...await this.#multi!.refresh(numbers, changed, this.#options.onWarning));
    this.#dropGone();
    if (changed) this.#hopeless.clear();
    this.#stamp = stamp;
    return changed;
  }

  async #addPath(root: string, name: string): Promise<void> {
    const file = (ending: string) => {
      const path = joinPath(root, name + ending);
      return { path, source: new LazyFileSource(path) };
    };
    const files = {
      name,
      pack: file(".pack"),
      index: file(".idx"),
      reverse: () => fileSource(joinPath(root, `${name}.rev`)),
    };
    try {
      await this.#add(files);
    } finally {
      restFiles(files);
    }
  }

  /** Lets files of removed packs go once nobody reads them. */
  #dropGone(): void {
    if (!this.#engine.isIdle) return;
    for (const unit of this.#gone) {
      this.#engine.removeFile(unit.indexFile);
      this.#engine.removeFile(unit.packFile);
      restFiles(unit.files);
    }
    this.#gone = [];
    for (const unit of this.#goneMulti) {
      this.#engine.removeFile(unit.file);
      unit.rest();
    }
    this.#goneMulti = [];
  }

  /**
   * Batches of one window of ids.
   * @internal
   */
  protected override readWindow(window: IdWindow, reuse: boolean): AsyncGenerator<GitObjectBatch> {
    return this.#bulkReads.window(window, reuse);
  }

  /**
   * Facts for one window of ids.
   * @internal
   */
  protected override infoWindow(window: IdWindow): AsyncGenerator<GitResult<GitObjectInfo>[]> {
    return this.#bulkReads.infos(window);
  }

  /** Closes the packs, once the reads that are under way have ended. */
  override [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return Promise.resolve();
  }

  /** As disposing of it; calling it again does nothing. */
  close(): void {
    this.markClosed();
    for (const unit of [...this.#units, ...this.#gone]) restFiles(unit.files);
    for (const unit of [...this.#multi?.units ?? [], ...this.#goneMulti]) unit.rest();
    this.#engine.close();
  }
}
