/**
 * Multi-pack indexes: the ids of several packs in one table. Deno only where files are written.
 *
 * @module
 */
import type { ByteSource } from "@sluice/internal";
import { readU32BE, readU64BE, writeU32BE } from "./_big_endian.ts";
import { hashBytes } from "./_codec.ts";
import { corrupt } from "./_errors.ts";
import { HASH_SIZE, ObjectId as Id } from "./_object_id.ts";
import type { HashAlgorithm, ObjectId } from "./object_id.ts";
import type { Pack } from "./pack.ts";

/** A row of a multi-pack index. */
export interface MultiPackIndexEntry {
  /** The object. */
  readonly id: ObjectId;
  /** Name of the index of its pack, such as `pack-….idx`. */
  readonly pack: string;
  /** Where its entry starts in that pack. */
  readonly offset: number;
}

const SIGNATURE = 0x4d494458;
const CHUNKS = {
  names: 0x504e414d,
  fanout: 0x4f494446,
  ids: 0x4f49444c,
  offsets: 0x4f4f4646,
  large: 0x4c4f4646,
};
const SIZE_MAX = 1 << 30;

function fail(state: string, offset: number): Error {
  return corrupt("a multi-pack index", state, "CORRUPT_INDEX", offset);
}

/**
 * A multi-pack index of version 1 or 2, checked and held in memory.
 *
 * @example One pack
 * ```ts
 * import { buildMultiPackIndex, MultiPackIndex, PackStore, PackWriter } from "@sluice/gitdb";
 * import { byteSourceFromBytes } from "@sluice/internal";
 * import { assertEquals } from "@std/assert";
 *
 * const writer = new PackWriter();
 * const id = await writer.add({ type: "blob", body: "packed" });
 * const { pack, index } = await writer.finish();
 * await using store = await PackStore.fromSources([
 *   { name: "pack-1", pack: byteSourceFromBytes(pack), index: byteSourceFromBytes(index) },
 * ]);
 * const bytes = await buildMultiPackIndex(store.packs, "sha1");
 * const parsed = await MultiPackIndex.open(byteSourceFromBytes(bytes), "sha1");
 * assertEquals(parsed.find(id), { id, pack: "pack-1.idx", offset: 12 });
 * ```
 */
export class MultiPackIndex {
  /** 1 or 2. */
  readonly version: number;
  /** How many ids it has. */
  readonly count: number;
  /** Names of the indexes of its packs. */
  readonly packs: readonly string[];
  readonly #bytes: Uint8Array;
  readonly #hashSize: number;
  readonly #at: Readonly<Record<"ids" | "offsets", number>> & { readonly large: number | undefined };
  readonly #largeCount: number;

  private constructor(bytes: Uint8Array, algorithm: HashAlgorithm) {
    this.#bytes = bytes;
    this.#hashSize = HASH_SIZE[algorithm];
    const end = bytes.length - this.#hashSize;
    if (end < 12 || readU32BE(bytes, 0) !== SIGNATURE) throw fail("it does not start as one", 0);
    this.version = bytes[4]!;
    if (this.version !== 1 && this.version !== 2) throw fail(`its version is ${this.version}`, 4);
    if (bytes[5] !== (algorithm === "sha1" ? 1 : 2)) throw fail("its ids have another hash", 5);
    if (bytes[7] !== 0) throw fail("it stands on others", 7);
    const chunks = readChunks(bytes, bytes[6]!, end);
    const chunk = (id: number, name: string) => {
      const found = chunks.get(id);
      if (found === undefined) throw fail(`it has no chunk ${name}`, 12);
      return found;
    };
    const fanout = chunk(CHUNKS.fanout, "OIDF");
    if (fanout.size !== 1024) throw fail("its fan-out has another size", fanout.start);
    for (let i = 1; i < 256; i++) {
      if (readU32BE(bytes, fanout.start + i * 4) < readU32BE(bytes, fanout.start + i * 4 - 4)) {
        throw fail("its fan-out falls", fanout.start + i * 4);
      }
    }
    this.count = readU32BE(bytes, fanout.start + 1020);
    const ids = chunk(CHUNKS.ids, "OIDL");
    const offsets = chunk(CHUNKS.offsets, "OOFF");
    if (ids.size !== this.count * this.#hashSize) throw fail("its table of ids has another size", ids.start);
    if (offsets.size !== this.count * 8) throw fail("its table of offsets has another size", offsets.start);
    const large = chunks.get(CHUNKS.large);
    this.#at = { ids: ids.start, offsets: offsets.start, large: large?.start };
    this.#largeCount = large === undefined ? 0 : Math.floor(large.size / 8);
    this.packs = readNames(bytes, chunk(CHUNKS.names, "PNAM"), readU32BE(bytes, 8), this.version);
  }

  /**
   * Reads and checks an index.
   *
   * @throws {CorruptDataError} If it breaks the rules of its format.
   */
  static async open(source: ByteSource, algorithm: HashAlgorithm): Promise<MultiPackIndex> {
    if (source.size > SIZE_MAX) throw fail(`it has ${source.size} bytes`, source.size);
    return new MultiPackIndex(await source.read(0, source.size), algorithm);
  }

  /** The row at a position. */
  entryAt(position: number): MultiPackIndexEntry {
    const bytes = this.#bytes;
    const size = this.#hashSize;
    const at = this.#at.offsets + position * 8;
    const number = readU32BE(bytes, at);
    const pack = this.packs[number];
    if (pack === undefined) throw fail(`it names pack ${number} of ${this.packs.length}`, at);
    let offset = readU32BE(bytes, at + 4);
    if (this.#at.large !== undefined && offset >= 2 ** 31) {
      const row = offset - 2 ** 31;
      if (row >= this.#largeCount) {
        throw fail(`it names row ${row} of ${this.#largeCount} large offsets`, at + 4);
      }
      offset = readU64BE(bytes, this.#at.large + row * 8);
    }
    const start = this.#at.ids + position * size;
    return { id: Id.from(bytes.slice(start, start + size)), pack, offset };
  }

  /** The row of an id; undefined where it is not there. */
  find(id: ObjectId): MultiPackIndexEntry | undefined {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const order = Id.compare(this.entryAt(middle).id, id);
      if (order === 0) return this.entryAt(middle);
      if (order < 0) low = middle + 1;
      else high = middle;
    }
    return undefined;
  }

  /** All rows in the order of their ids. */
  *entries(): Generator<MultiPackIndexEntry> {
    for (let i = 0; i < this.count; i++) yield this.entryAt(i);
  }

  /** What is wrong with the order of the ids or with the checksum; nothing when all is well. */
  *verify(): Generator<string> {
    let before: ObjectId | undefined;
    for (const { id } of this.entries()) {
      if (before !== undefined && Id.compare(before, id) >= 0) yield `ids do not rise at ${id}`;
      before = id;
    }
    const end = this.#bytes.length - this.#hashSize;
    const digest = hashBytes(this.#bytes.subarray(0, end), this.#hashSize === 20 ? "sha1" : "sha256");
    if (digest.some((byte, i) => byte !== this.#bytes[end + i])) yield "the checksum is wrong";
  }
}

interface ChunkPlace {
  readonly start: number;
  readonly size: number;
}

function readChunks(bytes: Uint8Array, count: number, end: number): Map<number, ChunkPlace> {
  const table = 12 + (count + 1) * 12;
  if (table > end) throw fail("its table of chunks is cut off", 12);
  const chunks = new Map<number, ChunkPlace>();
  for (let i = 0; i < count; i++) {
    const at = 12 + i * 12;
    const start = readU64BE(bytes, at + 4);
    const next = readU64BE(bytes, at + 16);
    if (start < table || next < start || next > end) throw fail("a chunk lies outside of it", at);
    const id = readU32BE(bytes, at);
    if (chunks.has(id)) throw fail("it has a chunk twice", at);
    chunks.set(id, { start, size: next - start });
  }
  return chunks;
}

function readNames(bytes: Uint8Array, place: ChunkPlace, count: number, version: number): string[] {
  const names = new TextDecoder().decode(bytes.subarray(place.start, place.start + place.size)).split("\0");
  if (names.length <= count) throw fail(`it has fewer than ${count} names of packs`, place.start);
  const packs = names.slice(0, count);
  for (const [i, name] of packs.entries()) {
    if (name === "" || /[/\\]/.test(name)) throw fail("a name of a pack is none", place.start);
    if (version === 1 && i > 0 && packs[i - 1]! >= name) throw fail("its names are not sorted", place.start);
  }
  return packs;
}

/**
 * A multi-pack index of packs, version 1 unless told otherwise; an object in several packs is told for the first.
 *
 * @example Nothing in it
 * ```ts
 * import { buildMultiPackIndex, MultiPackIndex } from "@sluice/gitdb";
 * import { byteSourceFromBytes } from "@sluice/internal";
 * import { assertEquals } from "@std/assert";
 *
 * const empty = await buildMultiPackIndex([], "sha1", { version: 2 });
 * assertEquals((await MultiPackIndex.open(byteSourceFromBytes(empty), "sha1")).count, 0);
 * ```
 */
export async function buildMultiPackIndex(
  packs: readonly Pack[],
  algorithm: HashAlgorithm,
  options: { readonly version?: 1 | 2 | undefined } = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const sorted = packs.toSorted((a, b) => a.name < b.name ? -1 : 1);
  const rows = new Map<string, { id: ObjectId; pack: number; offset: number }>();
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
    [CHUNKS.names, names.length + 3 & ~3],
    [CHUNKS.fanout, 1024],
    [CHUNKS.ids, table.length * hashSize],
    [CHUNKS.offsets, table.length * 8],
    ...(large.length > 0 ? [[CHUNKS.large, large.length * 8] as [number, number]] : []),
  ];
  const tableEnd = 12 + (chunks.length + 1) * 12;
  const size = chunks.reduce((sum, [, length]) => sum + length, tableEnd);
  const bytes = new Uint8Array(size + hashSize);
  writeU32BE(bytes, 0, SIGNATURE);
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
