/**
 * Taking packs in that come from outside: they are written, their objects made and hashed, thin ones completed, and
 * only then do they get their names. Deno only.
 */
import { NotFoundError, readChunks } from "@sluice/internal";
import { deflateBytes } from "../object/_deflate.ts";
import { tooLarge } from "../object/_errors.ts";
import { LazyFileSource } from "../object/_fs.ts";
import { writeU32BE } from "../object/_big_endian.ts";
import { HASH_SIZE } from "../object/_object_id.ts";
import { KIND_OF_TYPE } from "../object/_object_kind.ts";
import { indexEntries, unresolved } from "../pack/_pack_entries.ts";
import type { IndexedPack } from "../pack/_pack_entries.ts";
import { PackFileWriter } from "../pack/_pack_files.ts";
import { entryHeader } from "../pack/_pack_format.ts";
import { GitHashKernel } from "../object/_codec.ts";
import { makeIndexes } from "./_pack_indexes.ts";
import type { GitCreatedPack } from "./create_pack.ts";
import { WHOLE_OBJECT_MAX } from "../object/_stored_object.ts";
import type { GitObjectReader } from "../object/object.ts";
import { GitObjectId } from "../object/_object_id.ts";
import type { GitHashAlgorithm } from "../object/_object_id.ts";
import type { PackStore } from "../pack/pack_store.ts";
import type { GitPackIndexBuildOptions } from "./_build_index.ts";
import type { IncomingCheck, PackOpener } from "./_pack_indexes.ts";

/** How a pack is taken in. */
export interface GitIndexPackOptions extends Omit<GitPackIndexBuildOptions, "backend"> {
  /** Where bases are looked for that a thin pack leaves out; they are added to it. */
  readonly bases?: GitObjectReader | undefined;
  /** The largest pack, in bytes. @default {Infinity} */
  readonly maxInputSize?: number | undefined;
  /** Wait until the files are on the disk. @default {true} */
  readonly durable?: boolean | undefined;
}

/** How objects from elsewhere are taken in, and their limits. */
export type GitIntakeOptions = Pick<
  GitIndexPackOptions,
  "maxInputSize" | "maxObjects" | "maxObjectSize" | "threads" | "collisionDetection" | "durable"
>;

/** As other rooms have packs taken in. */
export interface TakePackOptions extends GitIndexPackOptions {
  /** What the file says that marks a pack of a partial clone; without it there is none. */
  readonly promisor?: Uint8Array | undefined;
  /** Whether a pack without objects is stored, too. @default {true} */
  readonly keepEmpty?: boolean | undefined;
  /** Looks at the objects before the pack gets its name; what it throws refuses the pack. */
  readonly check?: IncomingCheck | undefined;
}

/** Stores a pack in a folder with its indexes, when every object of it has been made and hashed. */
export async function takePack(
  folder: string,
  pack: AsyncIterable<Uint8Array>,
  options: TakePackOptions,
  open: PackOpener,
): Promise<GitCreatedPack> {
  const received = await receivePack(folder, pack, options, open);
  try {
    received.commit();
    return received.created;
  } finally {
    received[Symbol.dispose]();
  }
}

/** A pack whose objects were made and hashed, and which readers of its folder do not see yet. */
export interface ReceivedPack extends Disposable {
  /** What it is when it has its name. */
  readonly created: GitCreatedPack;
  /** Opens it where it is now. */
  open(): Promise<PackStore>;
  /** Gives it its name, unless it has no objects and such a pack is not kept. */
  commit(): void;
}

/** Receives a pack; what was not committed when it is disposed is removed. */
export async function receivePack(
  folder: string,
  pack: AsyncIterable<Uint8Array>,
  options: TakePackOptions,
  open: PackOpener,
): Promise<ReceivedPack> {
  const algorithm = options.hashAlgorithm ?? options.bases?.hashAlgorithm ?? "sha1";
  const limit = options.maxInputSize ?? Infinity;
  const files = new PackFileWriter(folder);
  try {
    let size = 0;
    for await (const chunk of readChunks(pack)) {
      size += chunk.length;
      if (size > limit) throw tooLarge("the pack", size, limit);
      files.write(chunk);
    }
    const indexed = await indexWhole(files, size, algorithm, options);
    const { table, checksum } = indexed;
    const hex = `${GitObjectId.from(checksum)}`;
    const { index, reverse } = await fromFile(
      files.path,
      (source) => makeIndexes({ path: files.path, source }, indexed, algorithm, options, open),
    );
    const { promisor, durable = true } = options;
    const created = { name: `pack-${hex}`, checksum: hex, count: table.count };
    return {
      created,
      open: () => open(new LazyFileSource(files.path), index, algorithm),
      commit: () => {
        if (table.count === 0 && options.keepEmpty === false) return;
        files.commit(created.name, { index, reverse, promisor, durable });
      },
      [Symbol.dispose]: () => files[Symbol.dispose](),
    };
  } catch (error) {
    files[Symbol.dispose]();
    throw error;
  }
}

/** Makes and hashes every object of a pack file, with the bases that it leaves out. */
async function indexWhole(
  files: PackFileWriter,
  size: number,
  algorithm: GitHashAlgorithm,
  options: TakePackOptions,
): Promise<IndexedPack> {
  const thin = await indexFile(files.path, algorithm, options);
  if (thin.missing.length === 0) return thin;
  await completeThin(files, size, thin, algorithm, options.bases);
  const whole = await indexFile(files.path, algorithm, options);
  if (whole.missing.length > 0) throw unresolved(whole.missing.length);
  return whole;
}

/** Runs something on a file, which is closed afterwards. */
async function fromFile<T>(path: string, run: (source: LazyFileSource) => Promise<T>): Promise<T> {
  const source = new LazyFileSource(path);
  try {
    return await run(source);
  } finally {
    source[Symbol.dispose]();
  }
}

/** Makes and hashes every object of a pack file. */
function indexFile(
  path: string,
  algorithm: GitHashAlgorithm,
  options: TakePackOptions,
): Promise<IndexedPack> {
  return fromFile(path, (source) => indexEntries({ path, source }, algorithm, options));
}

/** Appends the bases that a thin pack leaves out, and mends its count and its checksum. */
async function completeThin(
  files: PackFileWriter,
  size: number,
  indexed: IndexedPack,
  algorithm: GitHashAlgorithm,
  bases: GitObjectReader | undefined,
): Promise<void> {
  const hashSize = HASH_SIZE[algorithm];
  if (bases === undefined) throw unresolved(indexed.missing.length);
  let appended = 0;
  files.truncate(size - hashSize);
  for (const id of indexed.missing) {
    let base;
    try {
      base = await bases.read(id);
    } catch (error) {
      if (error instanceof NotFoundError) continue; // another missing base may make it
      throw error;
    }
    files.write(new Uint8Array(entryHeader(KIND_OF_TYPE[base.type], base.size)));
    files.write(deflateBytes(await base.bytes({ maxObjectSize: WHOLE_OBJECT_MAX }), 6));
    appended++;
  }
  if (appended === 0) throw unresolved(indexed.missing.length);
  const source = new LazyFileSource(files.path);
  try {
    const head = await source.read(0, 12);
    const count = new DataView(head.buffer, head.byteOffset).getUint32(8);
    const patch = new Uint8Array(4);
    writeU32BE(patch, 0, count + appended);
    files.overwrite(8, patch);
    const hash = new GitHashKernel(hashSize);
    try {
      for (let at = 0; at < source.size; at += 1 << 20) {
        hash.update(await source.read(at, Math.min(1 << 20, source.size - at)));
      }
      files.write(hash.digest());
    } finally {
      hash[Symbol.dispose]();
    }
  } finally {
    source[Symbol.dispose]();
  }
}
