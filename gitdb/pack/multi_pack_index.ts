/**
 * Multi-pack indexes: the ids of several packs in one table. Deno only where files are written.
 *
 * @module
 */
import { checkArgument, checkKeys, checkNumber, openByteSource, SluiceError } from "@sluice/internal";
import type { ByteSourceLike } from "@sluice/internal";
import { readU32BE, readU64BE, writeU32BE } from "../object/_big_endian.ts";
import { hashBytes } from "../object/_codec.ts";
import { corruptMultiPack, MIDX_CHUNK, MIDX_SIGNATURE, readMultiPackHeader } from "./_multi_pack_format.ts";
import type { MultiPackHeader } from "./_multi_pack_format.ts";
import { GitObjectId as Id, HASH_SIZE } from "../object/_object_id.ts";
import type { GitHashAlgorithm, GitObjectId } from "../object/object_id.ts";
import type { GitIndexLayout } from "./_pack_engine.ts";
import type { GitPack } from "./pack.ts";

/** A row of a multi-pack index. */
export interface GitMultiPackIndexEntry {
  /** The object. */
  readonly id: GitObjectId;
  /** Name of the index of its pack, such as `pack-….idx`. */
  readonly pack: string;
  /** Where its entry starts in that pack. */
  readonly offset: number;
}

const SIZE_MAX = 1 << 30;

/**
 * A multi-pack index of version 1 or 2, checked and held in memory.
 *
 * @example One pack
 * ```ts
 * import { buildGitMultiPackIndex, GitMultiPackIndex, PackStore, PackWriter } from "@sluice/gitdb";
 * import { byteSourceFromBytes } from "@sluice/gitdb";
 * import { assertEquals } from "@std/assert";
 *
 * const writer = new PackWriter();
 * const id = await writer.add({ type: "blob", body: "packed" });
 * const { pack, index } = await writer.finish();
 * await using store = await PackStore.fromSources([
 *   { name: "pack-1", pack: byteSourceFromBytes(pack), index: byteSourceFromBytes(index) },
 * ]);
 * const bytes = await buildGitMultiPackIndex(store.packs, "sha1");
 * const parsed = await GitMultiPackIndex.open(byteSourceFromBytes(bytes), "sha1");
 * assertEquals(parsed.find(id), { id, pack: "pack-1.idx", offset: 12 });
 * ```
 */
export class GitMultiPackIndex {
  /** 1 or 2. */
  readonly version: number;
  /** How many ids it has. */
  readonly count: number;
  /** Names of the indexes of its packs. */
  readonly packs: readonly string[];
  readonly #bytes: Uint8Array;
  readonly #hashSize: number;
  readonly #layout: GitIndexLayout;

  private constructor(bytes: Uint8Array, header: MultiPackHeader, hashSize: number) {
    this.version = header.version;
    this.count = header.count;
    this.packs = header.packs;
    this.#bytes = bytes;
    this.#hashSize = hashSize;
    this.#layout = header.layout;
  }

  /**
   * Reads and checks an index.
   *
   * @throws {CorruptDataError} If it breaks the rules of its format.
   */
  static async open(data: ByteSourceLike, algorithm: GitHashAlgorithm): Promise<GitMultiPackIndex> {
    const source = await openByteSource(data);
    if (source.size > SIZE_MAX) throw corruptMultiPack(`it has ${source.size} bytes`, source.size);
    const header = await readMultiPackHeader(source, algorithm, { isLayer: true });
    return new GitMultiPackIndex(await source.read(0, source.size), header, HASH_SIZE[algorithm]);
  }

  /** The row at a position. */
  entryAt(position: number): GitMultiPackIndexEntry {
    if (!Number.isInteger(checkNumber("position", position)) || position < 0 || position >= this.count) {
      throw new RangeError(`Cannot read row ${position} of an index: it has ${this.count} rows`);
    }
    const bytes = this.#bytes;
    const at = this.#layout.offsetsPos + position * 8;
    const number = readU32BE(bytes, at);
    const pack = this.packs[number];
    if (pack === undefined) throw corruptMultiPack(`it names pack ${number} of ${this.packs.length}`, at);
    let offset = readU32BE(bytes, at + 4);
    if (this.#layout.largeBit && offset >= 2 ** 31) {
      const row = offset - 2 ** 31;
      if (row >= this.#layout.largeCount) {
        throw corruptMultiPack(`it names row ${row} of ${this.#layout.largeCount} large offsets`, at + 4);
      }
      offset = readU64BE(bytes, this.#layout.largePos + row * 8);
    }
    return { id: this.#idAt(position), pack, offset };
  }

  #idAt(position: number): GitObjectId {
    const start = this.#layout.idsPos + position * this.#hashSize;
    return Id.from(this.#bytes.slice(start, start + this.#hashSize));
  }

  /** The row of an id; undefined where it is not there. */
  find(id: GitObjectId): GitMultiPackIndexEntry | undefined {
    checkArgument(id instanceof Id, "look an id up", id, "a GitObjectId");
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const order = Id.compare(this.#idAt(middle), id);
      if (order === 0) return this.entryAt(middle);
      if (order < 0) low = middle + 1;
      else high = middle;
    }
    return undefined;
  }

  /** All rows in the order of their ids. */
  *entries(): Generator<GitMultiPackIndexEntry> {
    for (let i = 0; i < this.count; i++) yield this.entryAt(i);
  }

  /** What is wrong with the ids, the packs, the offsets or the checksum; nothing when all is well. */
  *verify(): Generator<string> {
    let before: GitObjectId | undefined;
    for (let i = 0; i < this.count; i++) {
      const id = this.#idAt(i);
      if (before !== undefined && Id.compare(before, id) >= 0) yield `ids do not rise at ${id}`;
      before = id;
      try {
        if (!Number.isSafeInteger(this.entryAt(i).offset)) yield `the offset of ${id} is none`;
      } catch (error) {
        if (!(error instanceof SluiceError)) throw error;
        yield error.message;
      }
    }
    const end = this.#bytes.length - this.#hashSize;
    const digest = hashBytes(this.#bytes.subarray(0, end), this.#hashSize === 20 ? "sha1" : "sha256");
    if (digest.some((byte, i) => byte !== this.#bytes[end + i])) yield "the checksum is wrong";
  }
}

const BUILD_OPTIONS: ReadonlySet<string> = new Set(["version"]);

/**
 * A multi-pack index of packs, version 1 unless told otherwise; an object in several packs is told for the first.
 *
 * @example Nothing in it
 * ```ts
 * import { buildGitMultiPackIndex, GitMultiPackIndex } from "@sluice/gitdb";
 * import { byteSourceFromBytes } from "@sluice/gitdb";
 * import { assertEquals } from "@std/assert";
 *
 * const empty = await buildGitMultiPackIndex([], "sha1", { version: 2 });
 * assertEquals((await GitMultiPackIndex.open(byteSourceFromBytes(empty), "sha1")).count, 0);
 * ```
 */
export async function buildGitMultiPackIndex(
  packs: readonly GitPack[],
  algorithm: GitHashAlgorithm,
  options: { readonly version?: 1 | 2 | undefined } = {},
): Promise<Uint8Array<ArrayBuffer>> {
  checkKeys(options, BUILD_OPTIONS);
  checkArgument(
    Array.isArray(packs) && packs.every((pack) => pack?.index !== undefined),
    "build an index",
    packs,
    "an array of packs",
  );
  const sorted = packs.toSorted((a, b) => a.name < b.name ? -1 : 1);
  const rows = new Map<string, { id: GitObjectId; pack: number; offset: number }>();
  for (const [number, pack] of sorted.entries()) {
    for await (const { id, offset } of pack.index.entries()) {
      if (!rows.has(`${id}`)) rows.set(`${id}`, { id, pack: number, offset });
    }
  }
  const table = [...rows.values()].sort((a, b) => Id.compare(a.id, b.id));
  const hashSize = HASH_SIZE[algorithm];
  const names = new TextEncoder().encode(sorted.map(({ name }) => `${name}.idx\0`).join(""));
  const large = table.some(({ offset }) => offset >= 2 ** 32)
    ? table.filter(({ offset }) => offset >= 2 ** 31)
    : [];
  const chunks: [number, number][] = [
    [MIDX_CHUNK.NAMES, names.length + 3 & ~3],
    [MIDX_CHUNK.FANOUT, 1024],
    [MIDX_CHUNK.IDS, table.length * hashSize],
    [MIDX_CHUNK.OFFSETS, table.length * 8],
    ...(large.length > 0 ? [[MIDX_CHUNK.LARGE, large.length * 8] as [number, number]] : []),
  ];
  const tableEnd = 12 + (chunks.length + 1) * 12;
  const size = chunks.reduce((sum, [, length]) => sum + length, tableEnd);
  const bytes = new Uint8Array(size + hashSize);
  writeU32BE(bytes, 0, MIDX_SIGNATURE);
  bytes.set([options.version ?? 1, algorithm === "sha1" ? 1 : 2, chunks.length, 0], 4);
  writeU32BE(bytes, 8, sorted.length);
  const starts: number[] = [];
  let at = tableEnd;
  for (const [i, [id, length]] of [...chunks, [0, 0] as const].entries()) {
    writeU32BE(bytes, 12 + i * 12, id);
    writeU32BE(bytes, 12 + i * 12 + 8, at);
    starts.push(at);
    at += length;
  }
  const [namesAt, fanoutAt, idsAt, offsetsAt, largeAt] = starts;
  bytes.set(names, namesAt);
  let position = 0;
  for (let byte = 0; byte < 256; byte++) {
    while (position < table.length && table[position]!.id.bytes[0]! <= byte) position++;
    writeU32BE(bytes, fanoutAt! + byte * 4, position);
  }
  let row = 0;
  for (const [i, { id, pack, offset }] of table.entries()) {
    bytes.set(id.bytes, idsAt! + i * hashSize);
    writeU32BE(bytes, offsetsAt! + i * 8, pack);
    if (large.length > 0 && offset >= 2 ** 31) {
      writeU32BE(bytes, offsetsAt! + i * 8 + 4, 2 ** 31 + row);
      writeU32BE(bytes, largeAt! + row * 8, Math.floor(offset / 2 ** 32));
      writeU32BE(bytes, largeAt! + row++ * 8 + 4, offset % 2 ** 32);
    } else writeU32BE(bytes, offsetsAt! + i * 8 + 4, offset);
  }
  bytes.set(hashBytes(bytes.subarray(0, size), algorithm), size);
  return bytes;
}
