/**
 * Several stores as one.
 *
 * @module
 */
import {
  checkEnumerateOptions,
  checkReadOptions,
  checkRefreshOptions,
  readOptionsOf,
} from "../object/_options.ts";
import { checkArgument, checkKeys, checkLimit, NotFoundError, SluiceError } from "@sluice/internal";
import { orderedBatch, ResultBatch } from "../object/_batch.ts";
import { collect } from "../object/_collect.ts";
import { emptyObjectKind } from "../object/_empty_objects.ts";
import { objectNotFound } from "../object/_errors.ts";
import { mergeIds } from "../object/_ids.ts";
import { fittingParts } from "../object/_ordered_parts.ts";
import { mergeSorted } from "../object/_merge.ts";
import type { IdWindow } from "../object/_windows.ts";
import { isRescuable, rescueObject } from "../pack/_rescue.ts";
import { MemoryObject } from "../object/_stored_object.ts";
import type {
  GitBulkOptions,
  GitEnumerateOptions,
  GitObject,
  GitObjectBatch,
  GitObjectInfo,
  GitObjectReader,
  GitReadOptions,
  GitResult,
} from "../object/object.ts";
import { GitObjectId } from "../object/object_id.ts";
import type { GitHashAlgorithm, GitIdLike } from "../object/object_id.ts";
import { GitObjectStore } from "../object/object_store.ts";
import type { GitPack } from "../pack/pack.ts";
import { PackStore } from "../pack/pack_store.ts";

/**
 * Called with objects that no store has, in one call those of one read or batch. Returns whether it has brought some of
 * them, which are then looked for again; what it throws ends the read.
 */
export type GitAbsentHook = (ids: readonly GitObjectId[]) => Promise<boolean>;

/** What a database does beside asking its stores. */
export interface GitCompoundOptions {
  /** Brings objects that no store has, as a partial clone does; `has` and listings do not call it. */
  readonly onAbsent?: GitAbsentHook | undefined;
}

const COMPOUND_OPTIONS: ReadonlySet<string> = new Set<keyof GitCompoundOptions>(["onAbsent"]);

/**
 * Stores that are asked one after the other. A copy that can't be read is passed over where another store has the object.
 *
 * @example One memory store before another
 * ```ts
 * import { GitCompoundDatabase, GitMemoryStore } from "@sluice/gitdb";
 * import { assertEquals } from "@std/assert";
 *
 * const [first, second] = [new GitMemoryStore(), new GitMemoryStore()];
 * const id = await second.write({ type: "blob", body: "after" });
 * await using both = new GitCompoundDatabase([first, second]);
 * assertEquals(await (await both.read(id)).text(), "after");
 * ```
 */
export class GitCompoundDatabase extends GitObjectStore {
  /** The hash that names its objects. */
  readonly hashAlgorithm: GitHashAlgorithm;
  readonly #sources: readonly GitObjectReader[];
  readonly #onAbsent: GitAbsentHook | undefined;
  readonly #hopeless = new Set<string>();
  /** How often a refresh has found something. */
  #changes = 0;

  /** Takes stores over, in the order in which they are asked; all have to have the same hash. */
  constructor(
    sources: readonly GitObjectReader[],
    hashAlgorithm?: GitHashAlgorithm,
    options: GitCompoundOptions = {},
  ) {
    super();
    checkKeys(options, COMPOUND_OPTIONS);
    this.#onAbsent = options.onAbsent;
    const fits = Array.isArray(sources) && sources.every((source) => typeof source?.read === "function");
    checkArgument(fits, "open a database", sources, "an array of stores");
    this.hashAlgorithm = hashAlgorithm ?? sources[0]?.hashAlgorithm ?? "sha1";
    for (const source of sources) {
      if (source.hashAlgorithm !== this.hashAlgorithm) {
        throw new RangeError(
          `Cannot join stores: one is of ${source.hashAlgorithm}, expected ${this.hashAlgorithm}`,
        );
      }
    }
    this.#sources = sources;
  }

  /** The stores. */
  get sources(): readonly GitObjectReader[] {
    return this.#sources;
  }

  /** Asks one store after the other; on a miss again, as long as there is something new. */
  async #first<T>(
    id: GitObjectId,
    options: GitReadOptions | undefined,
    ask: (source: GitObjectReader) => Promise<T>,
  ): Promise<T> {
    this.checkOpen();
    const absent = new Absent(this.#onAbsent, options);
    for (let tries = 0;; tries++) {
      const seen = this.#changes;
      let failure: SluiceError | undefined;
      for (const source of this.sources) {
        try {
          return await ask(source);
        } catch (error) {
          if (!(error instanceof SluiceError)) throw error;
          if (!(error instanceof NotFoundError)) failure ??= error;
        }
      }
      if (await this.#isNewSince(seen, tries)) continue;
      if (failure !== undefined || !await absent.came([id])) throw failure ?? objectNotFound(id);
      await this.refresh({ force: true });
    }
  }

  /** Whether an object is there. */
  override async has(id: GitIdLike, options?: GitReadOptions): Promise<boolean> {
    checkReadOptions(options);
    const known = GitObjectId.from(id, this.hashAlgorithm);
    this.checkOpen();
    if (emptyObjectKind(known) !== undefined) return true;
    for (let tries = 0;; tries++) {
      const seen = this.#changes;
      for (const source of this.sources) if (await source.has(known, options)) return true;
      if (!await this.#isNewSince(seen, tries)) return false;
    }
  }

  /** Marks an object as in use in the first store that can; returns false where none can. */
  async freshen(id: GitIdLike): Promise<boolean> {
    this.checkOpen();
    for (const source of this.sources) if (await source.freshen?.(id) === true) return true;
    return false;
  }

  /** Facts about an object. */
  override async info(id: GitIdLike, options?: GitReadOptions): Promise<GitObjectInfo> {
    checkReadOptions(options);
    const known = GitObjectId.from(id, this.hashAlgorithm);
    this.checkOpen();
    try {
      return emptyObject(known) ?? await this.#first(known, options, (source) => source.info(known, options));
    } catch (error) {
      return isRescuable(error) ? await this.#rescue(known, error) : Promise.reject(error);
    }
  }

  /** An object to read. */
  override async read(id: GitIdLike, options?: GitReadOptions): Promise<GitObject> {
    checkReadOptions(options);
    const known = GitObjectId.from(id, this.hashAlgorithm);
    try {
      return await this.#readPlain(known, options);
    } catch (error) {
      return isRescuable(error) ? await this.#rescue(known, error) : Promise.reject(error);
    }
  }

  async #readPlain(id: GitObjectId, options?: GitReadOptions): Promise<GitObject> {
    this.checkOpen();
    return emptyObject(id) ?? await this.#first(id, options, (source) => source.read(id, options));
  }

  /** An object that no store can read by itself, with delta bases from any of them. */
  async #rescue(id: GitObjectId, failure: unknown): Promise<GitObject> {
    const read = (base: GitObjectId): Promise<GitObject> => this.#readPlain(base);
    return await rescueObject(id, { packs: this.allPacks, hopeless: this.#hopeless, read }, failure);
  }

  /** The packs of all stores, also of databases among them. */
  get allPacks(): readonly GitPack[] {
    return this.sources.flatMap((source) =>
      source instanceof GitCompoundDatabase || source instanceof PackStore ? source.allPacks : []
    );
  }

  /** The ids of all objects. */
  override async *ids(options: GitEnumerateOptions = {}): AsyncGenerator<GitObjectId> {
    checkEnumerateOptions(options);
    this.checkOpen();
    const { order = "id", unique = true } = options;
    if (order === "id") {
      const sources = this.sources.map((source) => withId(source.ids({ ...options, order })));
      yield* mergeSorted(sources, unique);
      return;
    }
    const seen = new Set<string>();
    for (const source of this.sources) {
      for await (const id of source.ids(options)) {
        if (unique) {
          if (seen.has(`${id}`)) continue;
          seen.add(`${id}`);
        }
        yield id;
      }
    }
  }

  /** Ids that start with these hex digits, in order, at most `limit`. */
  override async candidates(prefix: string, limit: number = Infinity): Promise<GitObjectId[]> {
    this.checkOpen();
    checkLimit("limit", limit);
    return mergeIds(
      await Promise.all(this.sources.map((source) => source.candidates(prefix, limit))),
      limit,
    );
  }

  /** Lets every store look for what has changed. */
  override async refresh(options?: { readonly force?: boolean | undefined }): Promise<boolean> {
    checkRefreshOptions(options);
    this.checkOpen();
    const changed = (await Promise.all(this.sources.map((source) => source.refresh(options)))).includes(true);
    if (changed) {
      this.#hopeless.clear();
      this.#changes++;
    }
    return changed;
  }

  /**
   * Whether there is something that was not there when `#changes` was `seen`, found by this call or by another. A store
   * that is packed again and again may move an object each time while it is looked for; after so many tries it is given up.
   */
  async #isNewSince(seen: number, tries: number): Promise<boolean> {
    return tries < LOOKS_MAX && (await this.refresh() || this.#changes !== seen);
  }

  /**
   * Batches of each store for what the stores before it lack.
   * @internal
   */
  protected override async *readWindow(window: IdWindow, _reuse: boolean): AsyncGenerator<GitObjectBatch> {
    yield* window.settings.ordered
      ? this.#ordered(window)
      : this.#unordered(window, Array.from(window.ids.keys()));
  }

  async *#unordered(
    { ids, start, options }: IdWindow,
    positions: readonly number[],
  ): AsyncGenerator<GitObjectBatch> {
    const left = new Left(positions);
    const absent = new Absent(this.#onAbsent, options);
    for (let tries = 0;; tries++) {
      const seen = this.#changes;
      for (const source of this.sources) {
        const asked = left.take();
        if (asked.length === 0) break;
        const inner: GitBulkOptions = {
          ...options,
          ordered: false,
          window: undefined,
          onMissing: (index) => left.missed(asked[index]!),
        };
        for await (const batch of source.readBatches(asked.map((position) => ids[position]!), inner)) {
          const results: GitResult<GitObject>[] = [];
          for (const result of batch.results) {
            if (result.ok) results.push(movedTo(start + asked[result.index]!, result));
            else left.failed(asked[result.index]!, result.error);
          }
          yield new ResultBatch(batch.buffer, results, () => batch[Symbol.dispose]());
        }
      }
      if (!left.hasMissed) break;
      if (await this.#isNewSince(seen, tries)) continue;
      if (!await absent.came(this.#lost(ids, left))) break;
      await this.refresh({ force: true });
    }
    if (!left.isEmpty) yield await this.#lastTry(ids, start, options, left);
  }

  /** The objects that no store has, each once. */
  #lost(ids: readonly GitIdLike[], left: Left): GitObjectId[] {
    const lost = new Map<string, GitObjectId>();
    for (const [position, isDamaged] of left.inOrder()) {
      const id = GitObjectId.from(ids[position]!, this.hashAlgorithm);
      if (!isDamaged && emptyObjectKind(id) === undefined) lost.set(`${id}`, id);
    }
    return [...lost.values()];
  }

  /** What no store gave in bulk: empty objects and damaged copies; else failures. */
  async #lastTry(
    ids: readonly GitIdLike[],
    start: number,
    options: GitBulkOptions,
    left: Left,
  ): Promise<GitObjectBatch> {
    const results: GitResult<GitObject>[] = [];
    for (const [position, isDamaged] of left.inOrder()) {
      const index = start + position;
      const id = GitObjectId.from(ids[position]!, this.hashAlgorithm);
      try {
        const value = isDamaged ? await this.read(id, readOptionsOf(options)) : emptyObject(id);
        if (value !== undefined) results.push({ ok: true, index, value });
        else if (options.onMissing !== undefined) options.onMissing(index, id);
        else results.push({ ok: false, index, id, error: objectNotFound(id) });
      } catch (error) {
        if (!(error instanceof SluiceError)) throw error;
        if (error instanceof NotFoundError && options.onMissing !== undefined) options.onMissing(index, id);
        else results.push({ ok: false, index, id, error });
      }
    }
    return new ResultBatch(new Uint8Array(), results);
  }

  /** Parts of the window that are small enough to be put in order within the limit of bytes in flight. */
  async *#ordered(window: IdWindow): AsyncGenerator<GitObjectBatch> {
    const { ids, settings } = window;
    for (let from = 0; from < ids.length; from += ORDERED_WINDOW) {
      const part = ids.slice(from, from + ORDERED_WINDOW);
      const sizes = await this.#sizesOf({ ...window, ids: part, start: 0 });
      for (const [first, end] of fittingParts(sizes, settings.maxInFlightBytes)) {
        const positions = Array.from({ length: end - first }, (_, i) => from + first + i);
        yield orderedBatch(await collect(this.#unordered(window, positions)));
      }
    }
  }

  /** Sizes of objects; zero for those that are not there. */
  async #sizesOf(window: IdWindow): Promise<Float64Array> {
    const sizes = new Float64Array(window.ids.length);
    const { promised } = window.options;
    for await (const infos of this.infoWindow({ ...window, options: { promised } })) {
      for (const info of infos) if (info.ok) sizes[info.index] = info.value.size;
    }
    return sizes;
  }

  /**
   * Facts of each store for what the stores before it lack.
   * @internal
   */
  protected override async *infoWindow(
    { ids, start, settings, options }: IdWindow,
  ): AsyncGenerator<GitResult<GitObjectInfo>[]> {
    // What an earlier store lacks is told by a later one; what stands after it waits here, so that the order stays.
    const results: (GitResult<GitObjectInfo> | "missing" | undefined)[] = new Array(ids.length);
    let told = 0;
    const ready = (): GitResult<GitObjectInfo>[] => {
      const from = told;
      while (results[told] !== undefined) told++;
      const group = results.slice(from, told).filter((result) => typeof result === "object");
      results.fill(undefined, from, told);
      return group;
    };
    const left = new Left(Array.from(ids.keys()));
    const absent = new Absent(this.#onAbsent, options);
    for (let tries = 0;; tries++) {
      const seen = this.#changes;
      for (const source of this.sources) {
        const asked = left.take();
        if (asked.length === 0) break;
        const wanted = asked.length === ids.length ? ids : asked.map((position) => ids[position]!);
        const inner = { ...settings, onMissing: (index: number) => left.missed(asked[index]!) };
        for await (const group of source.infoBatches(wanted, inner)) {
          for (const result of group) {
            const position = asked[result.index]!;
            if (result.ok) results[position] = movedTo(start + position, result);
            else left.failed(position, result.error);
          }
          const complete = ready();
          if (complete.length > 0) yield complete;
        }
      }
      if (!left.hasMissed) break;
      if (await this.#isNewSince(seen, tries)) continue;
      if (!await absent.came(this.#lost(ids, left))) break;
      await this.refresh({ force: true });
    }
    for (const [position, isDamaged] of left.inOrder()) {
      const index = start + position;
      const id = GitObjectId.from(ids[position]!, this.hashAlgorithm);
      results[position] = await this.#lastInfo(index, id, isDamaged, options);
    }
    const rest = ready();
    if (rest.length > 0) yield rest;
  }

  /** Facts of what no store gave in bulk: an empty object or one with damaged copies; else a failure. */
  async #lastInfo(
    index: number,
    id: GitObjectId,
    isDamaged: boolean,
    options: GitBulkOptions,
  ): Promise<GitResult<GitObjectInfo> | "missing"> {
    let failure: SluiceError;
    try {
      const value = isDamaged ? await this.info(id) : emptyObject(id);
      if (value !== undefined) return { ok: true, index, value };
      if (options.onMissing === undefined) return { ok: false, index, id, error: objectNotFound(id) };
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      failure = error;
      if (!(failure instanceof NotFoundError) || options.onMissing === undefined) {
        return { ok: false, index, id, error: failure };
      }
    }
    options.onMissing(index, id);
    return "missing";
  }

  /** Closes all stores. */
  override async [Symbol.asyncDispose](): Promise<void> {
    this.markClosed();
    for (const source of this.sources) await source[Symbol.asyncDispose]();
  }
}

const ORDERED_WINDOW = 4096;
/** How often stores are asked again for what was missed. */
const LOOKS_MAX = 16;

/** Positions of a bulk call that no store has answered yet. */
class Left {
  #open: number[];
  readonly #damaged = new Set<number>();

  constructor(positions: readonly number[]) {
    this.#open = [...positions];
  }

  /** What the next store is asked for; it comes back through the calls below. */
  take(): readonly number[] {
    const asked = this.#open;
    this.#open = [];
    return asked;
  }

  /** A store does not have it. */
  missed(position: number): void {
    this.#open.push(position);
  }

  /** A store has it and can't give it, or says in this way that it has it not. */
  failed(position: number, error: SluiceError): void {
    if (!(error instanceof NotFoundError)) this.#damaged.add(position);
    this.#open.push(position);
  }

  get isEmpty(): boolean {
    return this.#open.length === 0;
  }

  /** Whether there is one that no store has. */
  get hasMissed(): boolean {
    return this.#open.some((position) => !this.#damaged.has(position));
  }

  /** All of them, with whether a store has a copy that can't be read. */
  inOrder(): (readonly [position: number, isDamaged: boolean])[] {
    return this.#open.sort((a, b) => a - b).map((position) => [position, this.#damaged.has(position)]);
  }
}

/** Objects that no store has, which the hook is asked for once. */
class Absent {
  #hook: GitAbsentHook | undefined;

  constructor(hook: GitAbsentHook | undefined, options: GitReadOptions | undefined) {
    this.#hook = options?.promised === false ? undefined : hook;
  }

  /** Whether some of them are there now. */
  async came(ids: readonly GitObjectId[]): Promise<boolean> {
    const hook = this.#hook;
    this.#hook = undefined;
    return hook !== undefined && ids.length > 0 && await hook(ids);
  }
}

/** The result of an input that has another number here than in the store that gave it. */
function movedTo<T>(index: number, result: GitResult<T> & { readonly ok: true }): GitResult<T> {
  return result.index === index ? result : { ok: true, index, value: result.value };
}

/** The blob or tree without content, where the id is one of theirs. */
function emptyObject(id: GitObjectId): MemoryObject | undefined {
  const kind = emptyObjectKind(id);
  return kind === undefined
    ? undefined
    : new MemoryObject({ id, kind, size: 0, storage: "memory" }, new Uint8Array());
}

async function* withId(ids: AsyncIterable<GitObjectId>): AsyncGenerator<{ readonly id: GitObjectId }> {
  for await (const id of ids) yield { id };
}
