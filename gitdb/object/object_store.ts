/**
 * What every store does in the same way on top of a few calls of its own.
 *
 * @module
 */
import { AmbiguousIdError, NotFoundError, SluiceError } from "@sluice/internal";
import { ResultBatch } from "./_batch.ts";
import { createBulkStream } from "./_bulk_stream.ts";
import { objectNotFound, prefixAmbiguous, prefixNotFound } from "./_errors.ts";
import { IdSieve } from "./_id_sieve.ts";
import { checkPrefix } from "./_ids.ts";
import { bulkSettings, checkEnumerateOptions, checkRefreshOptions, readOptionsOf } from "./_options.ts";
import { verifyObject } from "./_object_hash.ts";
import { windowsOf } from "./_windows.ts";
import type { IdWindow } from "./_windows.ts";
import type {
  GitBulkOptions,
  GitEnumerateOptions,
  GitObject,
  GitObjectBatch,
  GitObjectInfo,
  GitObjectReader,
  GitReadOptions,
  GitResult,
  GitTransformStream,
} from "./object.ts";
import { GitObjectId } from "./object_id.ts";
import type { GitHashAlgorithm, GitIdLike } from "./object_id.ts";

/** Bodies of one batch, where a store makes batches of single reads. */
const BATCH_BYTES = 4 << 20;
const BATCH_RESULTS = 4096;

/**
 * The base of all stores: batches, streams and prefixes over single reads. A store of one's own needs `has`, `info`,
 * `read`, `ids` and `candidates`, and can stand in a {@linkcode GitCompoundDatabase}.
 *
 * @example A store that has one object
 * ```ts
 * import { GitMemoryStore } from "@sluice/gitdb";
 * import { assertEquals } from "@std/assert";
 *
 * const store = new GitMemoryStore();
 * const id = await store.write({ type: "blob", body: "one" });
 * assertEquals((await store.resolvePrefix(`${id}`.slice(0, 7))).equals(id), true);
 * ```
 */
export abstract class GitObjectStore implements GitObjectReader {
  #closed = false;

  /** The hash that names its objects. */
  abstract readonly hashAlgorithm: GitHashAlgorithm;
  /** Facts about an object. */
  abstract info(id: GitIdLike, options?: GitReadOptions): Promise<GitObjectInfo>;
  /** An object to read. */
  abstract read(id: GitIdLike, options?: GitReadOptions): Promise<GitObject>;
  /** The ids of all objects. */
  abstract ids(options?: GitEnumerateOptions): AsyncIterable<GitObjectId>;
  /** Ids that start with these hex digits, in order, at most `limit`. */
  abstract candidates(prefix: string, limit?: number): Promise<GitObjectId[]>;
  /** Lets go of files and memory. */
  abstract [Symbol.asyncDispose](): Promise<void>;

  /** Notes that the store was disposed of: `checkOpen` throws from now on. */
  protected markClosed(): void {
    this.#closed = true;
  }

  /**
   * Every call on a store starts with this: a store that was disposed of does not know what is missing.
   *
   * @throws {TypeError} If the store was disposed of.
   */
  protected checkOpen(): void {
    if (this.#closed) throw new TypeError("Cannot use a store: it was disposed of");
  }

  /** Whether an object is there. */
  async has(id: GitIdLike, options?: GitReadOptions): Promise<boolean> {
    try {
      await this.info(id, options);
      return true;
    } catch (error) {
      if (error instanceof NotFoundError) return false;
      throw error;
    }
  }

  /** How many objects there are. */
  async count(options?: GitEnumerateOptions): Promise<number> {
    checkEnumerateOptions(options);
    let count = 0;
    for await (const _ of this.ids({ ...options, order: options?.unique === false ? "storage" : "id" })) {
      count++;
    }
    return count;
  }

  /** Looks for what others have stored or removed; returns whether something changed. */
  refresh(options?: { readonly force?: boolean | undefined }): Promise<boolean> {
    return new Promise((resolve) => {
      checkRefreshOptions(options);
      resolve(false);
    });
  }

  /** The one id that starts with these hex digits. */
  async resolvePrefix(prefix: string): Promise<GitObjectId> {
    const [first, second, ...more] = await this.candidates(checkPrefix(prefix, this.hashAlgorithm), 16);
    if (first === undefined) throw prefixNotFound(prefix);
    if (second !== undefined) throw prefixAmbiguous(prefix, [first, second, ...more]);
    return first;
  }

  /** Batches of objects: the fastest way to read many. */
  async *readBatches(
    ids: Iterable<GitIdLike> | AsyncIterable<GitIdLike>,
    options: GitBulkOptions = {},
  ): AsyncGenerator<GitObjectBatch> {
    this.checkOpen();
    const settings = bulkSettings(options);
    let start = 0;
    for await (const window of windowsOf(ids, settings.window)) {
      yield* this.#readAny({ ids: window, start, settings, options }, true);
      start += window.length;
    }
  }

  /** Batches of one window of ids, which may have malformed ones among them. */
  async *#readAny(window: IdWindow, reuse: boolean): AsyncGenerator<GitObjectBatch> {
    const sieve = new IdSieve(window.ids, window.start, this.hashAlgorithm);
    if (sieve.isClean) return yield* this.readWindow(window, reuse);
    const clean = { ...window, ids: sieve.ids, options: sieve.options(window.options) };
    for await (const batch of this.readWindow(clean, reuse)) {
      yield new ResultBatch(
        batch.buffer as Uint8Array<ArrayBuffer>,
        sieve.merge(batch.results),
        () => batch[Symbol.dispose](),
      );
    }
    yield new ResultBatch(new Uint8Array(), sieve.rest());
  }

  /**
   * Batches of one window of ids whose first has the number `start`; stores with something faster have their own. With
   * `reuse`, the memory of a batch may serve for others once it is disposed of.
   * @internal
   */
  protected async *readWindow(
    { ids, start, settings, options }: IdWindow,
    _reuse: boolean,
  ): AsyncGenerator<GitObjectBatch> {
    const single = readOptionsOf(options);
    const mayHave = this.presence(ids);
    let results: GitResult<GitObject>[] = [];
    let bytes = 0;
    for (const [i, id] of ids.entries()) {
      settings.signal?.throwIfAborted();
      const index = start + i;
      try {
        if (!mayHave(i)) {
          tellMissing(results, index, id, options);
          continue;
        }
        const value = await this.read(id, single);
        if (settings.verifyChecksums) await verifyObject(value, options);
        bytes += value.size;
        results.push({ ok: true, index, value });
      } catch (error) {
        tellFailure(results, error, index, id, options);
      }
      if (bytes >= Math.min(BATCH_BYTES, settings.maxInFlightBytes) || results.length >= BATCH_RESULTS) {
        yield new ResultBatch(new Uint8Array(), results);
        results = [];
        bytes = 0;
      }
    }
    if (results.length > 0) yield new ResultBatch(new Uint8Array(), results);
  }

  /** Groups of facts: the fastest way to ask about many. */
  async *infoBatches(
    ids: Iterable<GitIdLike> | AsyncIterable<GitIdLike>,
    options: GitBulkOptions = {},
  ): AsyncGenerator<readonly GitResult<GitObjectInfo>[]> {
    this.checkOpen();
    const settings = bulkSettings(options);
    let start = 0;
    for await (const window of windowsOf(ids, settings.window)) {
      yield* this.#infoAny({ ids: window, start, settings, options });
      start += window.length;
    }
  }

  /** Facts for one window of ids, which may have malformed ones among them. */
  async *#infoAny(window: IdWindow): AsyncGenerator<readonly GitResult<GitObjectInfo>[]> {
    const sieve = new IdSieve(window.ids, window.start, this.hashAlgorithm);
    if (sieve.isClean) return yield* this.infoWindow(window);
    const clean = { ...window, ids: sieve.ids, options: sieve.options(window.options) };
    const groups = this.infoWindow(clean);
    for await (const group of groups) yield sieve.merge(group);
    yield sieve.rest();
  }

  /**
   * Facts for one window of ids; stores with something faster have their own.
   * @internal
   */
  protected async *infoWindow(
    { ids, start, settings, options }: IdWindow,
  ): AsyncGenerator<GitResult<GitObjectInfo>[]> {
    const results: GitResult<GitObjectInfo>[] = [];
    const mayHave = this.presence(ids);
    for (const [i, id] of ids.entries()) {
      settings.signal?.throwIfAborted();
      const index = start + i;
      try {
        if (!mayHave(i)) {
          tellMissing(results, index, id, options);
          continue;
        }
        results.push({ ok: true, index, value: await this.info(id) });
      } catch (error) {
        tellFailure(results, error, index, id, options);
      }
    }
    yield results;
  }

  /**
   * Tells by row whether an object may be there: a store that can say so for many at once spares the search for each.
   * @internal
   */
  protected presence(_ids: readonly GitIdLike[]): (row: number) => boolean {
    return () => true;
  }

  /** A pair of streams from ids to whether they are there; what is no id counts as absent, under an id of zeros. */
  hasStream(
    options: GitBulkOptions = {},
  ): GitTransformStream<GitIdLike, { id: GitObjectId; present: boolean }> {
    const settings = bulkSettings(options);
    const single = readOptionsOf(options);
    const present = async function* (
      this: GitObjectStore,
      ids: readonly GitIdLike[],
    ): AsyncGenerator<{ id: GitObjectId; present: boolean }[]> {
      const results: { id: GitObjectId; present: boolean }[] = [];
      const sieve = new IdSieve(ids, 0, this.hashAlgorithm);
      const malformed = new Set(sieve.rest().map(({ index }) => index));
      for (const [row, given] of ids.entries()) {
        if (malformed.has(row)) results.push({ id: GitObjectId.zero(this.hashAlgorithm), present: false });
        else results.push({ id: GitObjectId.from(given), present: await this.has(given, single) });
      }
      yield results;
    };
    return createBulkStream((ids: readonly GitIdLike[]) => present.call(this, ids), settings);
  }

  /** A pair of streams from ids to facts; a failure takes the place of its result. */
  infoStream(options: GitBulkOptions = {}): GitTransformStream<GitIdLike, GitResult<GitObjectInfo>> {
    const settings = bulkSettings(options);
    return createBulkStream(
      (ids: readonly GitIdLike[], start) => this.#infoAny({ ids, start, settings, options }),
      settings,
    );
  }

  /** A pair of streams from ids to objects; a failure takes the place of its result. */
  objectStream(options: GitBulkOptions = {}): GitTransformStream<GitIdLike, GitResult<GitObject>> {
    const settings = bulkSettings(options);
    const results = async function* (
      this: GitObjectStore,
      ids: readonly GitIdLike[],
      start: number,
    ): AsyncGenerator<readonly GitResult<GitObject>[]> {
      // Batches are not disposed of: their memory belongs to the objects.
      const window = { ids, start, settings, options };
      for await (const batch of this.#readAny(window, false)) yield batch.results;
    };
    return createBulkStream((ids: readonly GitIdLike[], start) => results.call(this, ids, start), settings);
  }
}

/** Tells of an id that is not there in the way that the caller wants. */
function tellMissing<T>(
  results: GitResult<T>[],
  index: number,
  given: GitIdLike,
  options: GitBulkOptions,
): void {
  const id = GitObjectId.from(given);
  if (options.onMissing !== undefined) options.onMissing(index, id);
  else results.push({ ok: false, index, id, error: objectNotFound(id) });
}

/** Puts a failure in the place of its result; of an id that is not there it tells in the way that the caller wants. */
function tellFailure<T>(
  results: GitResult<T>[],
  error: unknown,
  index: number,
  given: GitIdLike,
  options: GitBulkOptions,
): void {
  if (!(error instanceof SluiceError)) throw error;
  const id = GitObjectId.from(given);
  const isMissing = error instanceof NotFoundError && !(error instanceof AmbiguousIdError);
  if (isMissing && options.onMissing !== undefined) options.onMissing(index, id);
  else results.push({ ok: false, index, id, error });
}
