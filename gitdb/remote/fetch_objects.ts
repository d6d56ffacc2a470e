/**
 * Objects of a server into a database.
 *
 * @module
 */
import {
  byteSourceFromBytes,
  checkArgument,
  checkKeys,
  concatBytes,
  isAnyIterable,
  readChunks,
} from "@sluice/internal";
import { GitCompoundDatabase } from "../database/compound_database.ts";
import { GitDatabase } from "../database/git_database.ts";
import { tooLarge } from "../object/_errors.ts";
import type { GitObjectReader, GitObjectWriter } from "../object/object.ts";
import { GitObjectId } from "../object/_object_id.ts";
import { PackStore } from "../pack/pack_store.ts";
import { takePack } from "../write/_take_pack.ts";
import type { GitIntakeOptions } from "../write/_take_pack.ts";
import type { GitCreatedPack } from "../write/create_pack.ts";
import { buildPackIndex } from "../write/_build_index.ts";
import { writeObjects } from "../write/_write_objects.ts";
import type { IncomingCheck, PackOpener } from "../write/_pack_indexes.ts";
import { checkConnected, checkPresent } from "./_connected.ts";
import type { Wanted } from "./_connected.ts";
import { GitDirectoryStore } from "./directory_store.ts";
import type { GitFetchOptions } from "./_fetch_lines.ts";
import { OBJECT_OPTIONS } from "./_who.ts";
import type { GitOfferedPack } from "./_offered_packs.ts";
import { takeTogether } from "./_packs_together.ts";
import type { TogetherOptions } from "./_packs_together.ts";
import { GitRemote } from "./remote.ts";

export type { GitIntakeOptions };

/** What is fetched, and how it is taken in. */
export interface GitFetchObjectsOptions extends GitFetchOptions, GitIntakeOptions {
  /** Let deltas stand on objects that are here already, which are added. @default {true for a GitDatabase} */
  readonly thin?: boolean | undefined;
  /** Mark the pack as one of a partial clone: what it refers to may be missing. @default {true with a filter} */
  readonly promisor?: boolean | undefined;
  /** Called with the size of the pack so far, or of several together. */
  readonly onReceived?: ((bytes: number) => void) | undefined;
  /** The largest pack, in bytes. @default {Infinity; 1 GiB where the target has no folder of packs} */
  readonly maxInputSize?: number | undefined;
}

/** What came. */
export interface GitFetchedObjects {
  /** How many objects the packs have, with the bases that were added to them. */
  readonly count: number;
  /** The pack in the folder of the database; undefined where nothing came, or the target has no such folder. */
  readonly pack: GitCreatedPack | undefined;
  /** Packs that came from where the server said, not from itself. */
  readonly otherPacks: readonly GitCreatedPack[];
  /** Commits that both sides had. */
  readonly common: readonly GitObjectId[];
  /** Commits whose parents are left out from now on: the file `shallow` of a repository has to name them. */
  readonly shallow: readonly GitObjectId[];
  /** Commits whose parents are not left out any longer. */
  readonly unshallow: readonly GitObjectId[];
}

/** A pack in memory. */
const MEMORY_PACK_MAX = 1 << 30;
const OWN_OPTIONS: ReadonlySet<string> = new Set<keyof GitFetchObjectsOptions>([
  "promisor",
  "onReceived",
  ...OBJECT_OPTIONS,
]);

/**
 * Fetches objects into a database: as a pack where that is a {@linkcode GitDatabase} or a {@linkcode GitDirectoryStore},
 * else one by one. Every object is made
 * and hashed, what the database has under the same id is compared, and all that the wanted objects lead to has to be in the
 * pack or in the database; before that, nothing is stored. References are not set.
 *
 * With a `filter`, the pack is marked as one of a partial clone.
 *
 * @throws {SluiceError} If the server can't be reached, or sends what breaks the rules or is incomplete.
 *
 * @example A server that is not there
 * ```ts
 * import { fetchGitObjects, GitMemoryStore, GitRemote } from "@sluice/gitdb";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * const store = new GitMemoryStore();
 * const serve = () => Promise.resolve(new Response(null, { status: 503 }));
 * const remote = new GitRemote("https://example.org/project.git", { fetch: serve });
 * await assertRejects(() => fetchGitObjects(remote, store, { wants: ["1".repeat(40)] }), Error, "503");
 * assertEquals(await store.count(), 0);
 * ```
 */
export async function fetchGitObjects(
  remote: GitRemote,
  target: (GitObjectReader & GitObjectWriter) | GitDirectoryStore,
  options: GitFetchObjectsOptions,
): Promise<GitFetchedObjects> {
  checkArgument(remote instanceof GitRemote, "fetch objects", remote, "a GitRemote");
  checkArgument(
    target instanceof GitDirectoryStore || typeof target?.write === "function",
    "fetch objects",
    target,
    "a store that can be written",
  );
  checkArgument(
    typeof options === "object" && options !== null,
    "fetch objects",
    options,
    "options with wants",
  );
  const [own, asked] = split(options);
  checkKeys(own, OWN_OPTIONS);
  const isDatabase = target instanceof GitDatabase;
  checkArgument(isAnyIterable(options.wants), "fetch objects", options.wants, "ids that are wanted");
  if (options.thin === true && !isDatabase) {
    throw new TypeError('Cannot use option "thin": only a GitDatabase completes packs');
  }
  if (options.uriProtocols !== undefined && !isDatabase) {
    throw new TypeError('Cannot use option "uriProtocols": only a GitDatabase takes several packs at once');
  }
  const wants = Array.from(options.wants, (id) => GitObjectId.from(id, target.hashAlgorithm));
  const answer = await remote.fetch({ ...asked, wants, thin: options.thin ?? isDatabase });
  const { common, shallow, unshallow } = answer;
  const borders = new Set([...options.shallow ?? [], ...shallow].map(String));
  for (const id of unshallow) borders.delete(`${id}`);
  const wanted = {
    wants,
    shallow: borders,
    isPartial: options.promisor ?? options.filter !== undefined,
    existing: target,
  };
  const received = { bytes: 0 };
  const counting = (chunks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> =>
    counted(chunks, received, options.onReceived);
  const pack = counting(readChunks(answer.pack, options.signal));
  if (!isDatabase) {
    const count = target instanceof GitDirectoryStore
      ? await addPack(pack, target, own, wanted)
      : await unpackInMemory(pack, target, own, wanted);
    if (count === 0) await checkPresent(wants, target);
    return { count, pack: undefined, otherPacks: [], common, shallow, unshallow };
  }
  const [created, ...others] = await addPacks(pack, answer.packs, target, own, {
    wanted,
    counted: counting,
    signal: options.signal,
  });
  await target.refresh({ force: true });
  if (created!.count === 0) await checkPresent(wants, target);
  return {
    count: [created!, ...others].reduce((sum, { count }) => sum + count, 0),
    pack: created!.count === 0 ? undefined : created,
    otherPacks: others,
    common,
    shallow,
    unshallow,
  };
}

/** Stores the pack of an answer, and those that it names, in a database. */
async function addPacks(
  pack: AsyncIterable<Uint8Array>,
  offered: readonly GitOfferedPack[],
  target: GitDatabase,
  own: OwnOptions,
  together: Pick<TogetherOptions, "wanted" | "counted" | "signal">,
): Promise<GitCreatedPack[]> {
  const folder = target.resolvePath("pack");
  const { wanted } = together;
  const settings = {
    ...packOptions(own),
    hashAlgorithm: target.hashAlgorithm,
    bases: target,
    // Of a clone, there is nothing to compare with.
    existing: await isEmpty(target) ? undefined : target,
    promisor: wanted.isPartial ? new Uint8Array() : undefined,
    keepEmpty: false,
  };
  if (offered.length === 0) {
    const check: IncomingCheck = (each, table) => checkConnected(each, table, wanted);
    return [await takePack(folder, pack, { ...settings, check }, openIncoming)];
  }
  const join = (stores: readonly GitObjectReader[]): GitObjectReader => new GitCompoundDatabase(stores);
  return await takeTogether(pack, offered, { ...settings, ...together, folder, open: openIncoming, join });
}

/** A pack that comes in is read once, in the order of its entries. */
const INCOMING_CACHES = { pageCacheSize: 16 << 20, baseCacheSize: 32 << 20 };
const openIncoming: PackOpener = (pack, index, hashAlgorithm) =>
  PackStore.fromSources([{ name: "incoming", pack, index }], { hashAlgorithm, ...INCOMING_CACHES });

/** Whether a database has no object at all. */
async function isEmpty(database: GitDatabase): Promise<boolean> {
  for await (const _ of database.ids({ order: "storage" })) return false;
  return true;
}

type OwnOptions = GitIntakeOptions & Pick<GitFetchObjectsOptions, "promisor" | "onReceived">;

/** What is for taking a pack in, and what is for asking for it. */
function split(options: GitFetchObjectsOptions): [OwnOptions, GitFetchOptions] {
  const own: Record<string, unknown> = {};
  const asked: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(options)) (OWN_OPTIONS.has(key) ? own : asked)[key] = value;
  return [own, asked as unknown as GitFetchOptions];
}

function packOptions(
  { onReceived: _, promisor: __, ...options }: OwnOptions,
): GitIntakeOptions {
  return options;
}

async function* counted(
  chunks: AsyncIterable<Uint8Array>,
  received: { bytes: number },
  onReceived: ((bytes: number) => void) | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of chunks) {
    received.bytes += chunk.length;
    onReceived?.(received.bytes);
    yield chunk;
  }
}

/** Stores a pack in a directory of a browser, where it is made by one thread and always durable. */
function addPack(
  pack: AsyncIterable<Uint8Array>,
  target: GitDirectoryStore,
  { maxInputSize, maxObjects, maxObjectSize, collisionDetection }: OwnOptions,
  { wants, shallow, isPartial }: Wanted,
): Promise<number> {
  const limits = { maxInputSize, maxObjects, maxObjectSize, collisionDetection };
  return target.addPack(pack, { ...limits, wants, shallow, promisor: isPartial });
}

/** Stores every object of a pack one by one, from memory. */
async function unpackInMemory(
  pack: AsyncIterable<Uint8Array>,
  target: GitObjectReader & GitObjectWriter,
  own: OwnOptions,
  wanted: Wanted,
): Promise<number> {
  const { maxInputSize: limit = MEMORY_PACK_MAX, maxObjects, maxObjectSize, threads, collisionDetection } =
    own;
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  for await (const chunk of pack) {
    size += chunk.length;
    if (size > limit) throw tooLarge("the pack", size, limit);
    chunks.push(chunk.slice());
  }
  const source = byteSourceFromBytes(concatBytes(chunks));
  const { hashAlgorithm } = target;
  const limits = { maxObjects, maxObjectSize, threads, collisionDetection };
  const { index, count } = await buildPackIndex(source, undefined, {
    ...limits,
    hashAlgorithm,
    existing: target,
    check: (each, table) => checkConnected(each, table, wanted),
  }, openIncoming);
  if (count === 0) return 0;
  const store = await openIncoming(source, index, hashAlgorithm);
  try {
    await writeObjects(store, target);
  } finally {
    store.close();
  }
  return count;
}
