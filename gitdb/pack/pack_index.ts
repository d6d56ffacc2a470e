/**
 * Pack indexes, versions 1 and 2: from ids to offsets in a pack.
 *
 * @module
 */
import { checkPrefix } from "../object/_ids.ts";
import { checkArgument, checkByteSource, checkNumber, openByteSource } from "@sluice/internal";
import type { ByteSource, ByteSourceLike } from "@sluice/internal";
import { hashBytes } from "../object/_codec.ts";
import { corrupt } from "../object/_errors.ts";
import { lowerBound, prefixRange } from "../object/_id_search.ts";
import { readU32BE, readU64BE } from "../object/_big_endian.ts";
import { GitObjectId as Id, HASH_SIZE } from "../object/_object_id.ts";
import { FANOUT_SIZE, HEADER_V2, indexLayout } from "./_index_layout.ts";
import type { GitIndexLayout } from "./_pack_engine.ts";
import { storageOrder } from "./_reverse_index.ts";
import type { GitHashAlgorithm, GitObjectId } from "../object/object_id.ts";

/** One row of an index. */
export interface PackIndexEntry {
  /** The object. */
  readonly id: GitObjectId;
  /** Where its entry starts in the pack. */
  readonly offset: number;
  /** CRC-32 of the entry as it is stored; undefined in version 1. */
  readonly crc: number | undefined;
}

const SIGNATURE = 0xff744f63;
/** Rows that an iteration reads at once. */
const ROWS = 4096;

/**
 * A pack index over any source of bytes; nothing but its header is held.
 *
 * @example The first row
 * ```ts
 * import { PackIndex, PackWriter } from "@sluice/gitdb";
 * import { byteSourceFromBytes } from "@sluice/gitdb";
 * import { assertEquals } from "@std/assert";
 *
 * const writer = new PackWriter();
 * const id = await writer.add({ type: "blob", body: "content" });
 * const { index } = await writer.finish();
 * const parsed = await PackIndex.open(byteSourceFromBytes(index), "sha1");
 * assertEquals(parsed.count, 1);
 * assertEquals(await parsed.offsetAt((await parsed.indexOf(id))!), 12);
 * ```
 */
export class PackIndex {
  /** The hash of its ids. */
  readonly hashAlgorithm: GitHashAlgorithm;
  /** 1 or 2. */
  readonly version: 1 | 2;
  /** How many ids it has. */
  readonly count: number;
  /** Ids up to each first byte. */
  readonly fanout: Uint32Array;
  readonly #source: ByteSource;
  readonly #hashSize: number;

  private constructor(source: ByteSource, algorithm: GitHashAlgorithm, version: 1 | 2, fanout: Uint32Array) {
    this.#source = source;
    this.hashAlgorithm = algorithm;
    this.#hashSize = HASH_SIZE[algorithm];
    this.version = version;
    this.fanout = fanout;
    this.count = fanout[255]!;
  }

  /**
   * Reads and checks the header of an index.
   *
   * @throws {CorruptDataError} If the header, the fan-out or the size of the file is wrong.
   */
  static async open(data: ByteSourceLike, algorithm: GitHashAlgorithm): Promise<PackIndex> {
    const source = await openByteSource(data);
    const hashSize = HASH_SIZE[algorithm];
    if (source.size < FANOUT_SIZE + 2 * hashSize) throw corruptIndex("it is too short", source.size);
    const head = await source.read(0, Math.min(source.size, HEADER_V2 + FANOUT_SIZE));
    const version = readU32BE(head, 0) === SIGNATURE ? readU32BE(head, 4) : 1;
    if (version !== 1 && version !== 2) throw corruptIndex(`its version is ${version}, expected 1 or 2`, 4);
    const start = version === 2 ? HEADER_V2 : 0;
    const fanout = new Uint32Array(256);
    for (let i = 0; i < 256; i++) {
      fanout[i] = readU32BE(head, start + i * 4);
      if (i > 0 && fanout[i]! < fanout[i - 1]!) {
        throw corruptIndex("its fan-out falls", start + i * 4);
      }
    }
    const index = new PackIndex(source, algorithm, version, fanout);
    const { count } = index;
    const fixed = version === 1
      ? FANOUT_SIZE + count * (4 + hashSize) + 2 * hashSize
      : HEADER_V2 + FANOUT_SIZE + count * (hashSize + 8) + 2 * hashSize;
    const extra = source.size - fixed;
    const fits = version === 1
      ? extra === 0
      : extra >= 0 && extra % 8 === 0 && extra / 8 <= Math.max(count - 1, 0);
    if (!fits) throw corruptIndex(`it has ${source.size} bytes, which ${count} ids do not make`, source.size);
    return index;
  }

  /**
   * Where its tables lie, for the engine.
   * @internal
   */
  get layout(): GitIndexLayout {
    return indexLayout(this.version, this.count, this.#source.size, this.#hashSize);
  }

  #check(position: number): void {
    if (!Number.isInteger(checkNumber("position", position)) || position < 0 || position >= this.count) {
      throw new RangeError(`Cannot read row ${position} of an index: it has ${this.count} rows`);
    }
  }

  /** The id in a row. */
  async idAt(position: number): Promise<GitObjectId> {
    this.#check(position);
    const { idsPos, idsStride } = this.layout;
    return Id.from(await this.#source.read(idsPos + position * idsStride, this.#hashSize));
  }

  /** The offset in a row. */
  async offsetAt(position: number): Promise<number> {
    this.#check(position);
    const { offsetsPos, offsetsStride } = this.layout;
    return await this.#resolve(
      readU32BE(await this.#source.read(offsetsPos + position * offsetsStride, 4), 0),
    );
  }

  async #resolve(short: number): Promise<number> {
    if (this.version === 1 || short < 2 ** 31) return short;
    const row = short - 2 ** 31;
    const { largePos, largeCount } = this.layout;
    if (row >= largeCount) throw corruptIndex(`it names row ${row} of ${largeCount} large offsets`, largePos);
    return readU64BE(await this.#source.read(largePos + row * 8, 8), 0);
  }

  /** The CRC-32 in a row; undefined in version 1. */
  async crcAt(position: number): Promise<number | undefined> {
    this.#check(position);
    if (this.version === 1) return undefined;
    const at = HEADER_V2 + FANOUT_SIZE + this.count * this.#hashSize + position * 4;
    return readU32BE(await this.#source.read(at, 4), 0);
  }

  /** The row of an id; undefined where it is not there. */
  async indexOf(id: GitObjectId): Promise<number | undefined> {
    checkArgument(id instanceof Id, "look an id up", id, "a GitObjectId");
    const position = await lowerBound(this, id);
    return position < this.count && (await this.idAt(position)).equals(id) ? position : undefined;
  }

  /** The rows whose ids start with these hex digits: from `start` up to `end`. */
  async prefixRange(prefix: string): Promise<{ start: number; end: number }> {
    return await prefixRange(this, checkPrefix(prefix, this.hashAlgorithm, 0));
  }

  /** All rows in the order of their ids. */
  async *entries(): AsyncGenerator<PackIndexEntry> {
    const { idsPos, idsStride, offsetsPos, offsetsStride } = this.layout;
    const hashSize = this.#hashSize;
    for (let at = 0; at < this.count; at += ROWS) {
      const rows = Math.min(ROWS, this.count - at);
      const ids = await this.#source.read(idsPos + at * idsStride, (rows - 1) * idsStride + hashSize);
      const offsets = await this.#source.read(
        offsetsPos + at * offsetsStride,
        (rows - 1) * offsetsStride + 4,
      );
      const crcs = await this.#crcs(at, rows);
      for (let i = 0; i < rows; i++) {
        const short = readU32BE(offsets, i * offsetsStride);
        yield {
          id: Id.from(ids.slice(i * idsStride, i * idsStride + hashSize)),
          offset: this.version === 2 && short >= 2 ** 31 ? await this.#resolve(short) : short,
          crc: crcs === undefined ? undefined : readU32BE(crcs, i * 4),
        };
      }
    }
  }

  async #crcs(row: number, count: number): Promise<Uint8Array | undefined> {
    if (this.version === 1) return undefined;
    const at = HEADER_V2 + FANOUT_SIZE + this.count * this.#hashSize + row * 4;
    return await this.#source.read(at, count * 4);
  }

  /**
   * All rows with offsets rising. A reverse index (`.rev`) spares the sorting; one that does not fit is left aside.
   */
  entriesByOffset(reverse?: ByteSource): AsyncGenerator<PackIndexEntry> {
    return this.#byOffset(reverse, true);
  }

  /** As `entriesByOffset`, without the rows whose offset is no number: `verify` reports those. */
  soundEntriesByOffset(reverse?: ByteSource): AsyncGenerator<PackIndexEntry> {
    return this.#byOffset(reverse, false);
  }

  async *#byOffset(reverse: ByteSource | undefined, isStrict: boolean): AsyncGenerator<PackIndexEntry> {
    const { count } = this;
    if (reverse !== undefined) checkByteSource(reverse);
    if (count === 0) return;
    const { idsPos, idsStride } = this.layout;
    const hashSize = this.#hashSize;
    const offsets = isStrict ? await this.offsets() : await this.#offsetsOrInfinity();
    const owner = { algorithm: this.hashAlgorithm, offsets, packChecksum: await this.packChecksum() };
    const order = await storageOrder(owner, reverse);
    const ids = await this.#source.read(idsPos, (count - 1) * idsStride + hashSize);
    const crcs = await this.#crcs(0, count);
    for (const row of order) {
      if (offsets[row] === Infinity) continue;
      yield {
        id: Id.from(ids.slice(row * idsStride, row * idsStride + hashSize)),
        offset: offsets[row]!,
        crc: crcs === undefined ? undefined : readU32BE(crcs, row * 4),
      };
    }
  }

  /**
   * All offsets, in the order of the ids.
   *
   * @throws {CorruptDataError} If one is in no row of the table of large offsets.
   */
  async offsets(): Promise<Float64Array<ArrayBuffer>> {
    const offsets = await this.#offsetsOrInfinity();
    const bad = offsets.indexOf(Infinity);
    if (bad >= 0) throw corruptIndex(`row ${bad} has no offset`, this.layout.offsetsPos + bad * 4);
    return offsets;
  }

  /** All offsets, infinite where a row names one that the table of large offsets does not have. */
  async #offsetsOrInfinity(): Promise<Float64Array<ArrayBuffer>> {
    const { offsetsPos, offsetsStride, largePos, largeCount } = this.layout;
    const offsets = new Float64Array(this.count);
    if (this.count === 0) return offsets;
    const bytes = await this.#source.read(offsetsPos, (this.count - 1) * offsetsStride + 4);
    const large = largeCount > 0 ? await this.#source.read(largePos, largeCount * 8) : new Uint8Array();
    for (let i = 0; i < this.count; i++) {
      const short = readU32BE(bytes, i * offsetsStride);
      if (this.version === 1 || short < 2 ** 31) offsets[i] = short;
      else {
        const row = short - 2 ** 31;
        offsets[i] = row < largeCount ? readU64BE(large, row * 8) : Infinity;
      }
    }
    return offsets;
  }

  /** The checksum that the pack has to end with. */
  async packChecksum(): Promise<Uint8Array> {
    return await this.#source.read(this.#source.size - 2 * this.#hashSize, this.#hashSize);
  }

  /** The checksum of the index itself. */
  async indexChecksum(): Promise<Uint8Array> {
    return await this.#source.read(this.#source.size - this.#hashSize, this.#hashSize);
  }

  /** What is wrong with the order of the ids, the offsets or the checksum; nothing when all is well. */
  async *verify(): AsyncGenerator<string> {
    const { idsPos, idsStride } = this.layout;
    const offsets = await this.#offsetsOrInfinity();
    let before: GitObjectId | undefined;
    for (let at = 0; at < this.count; at += ROWS) {
      const rows = Math.min(ROWS, this.count - at);
      const ids = await this.#source.read(idsPos + at * idsStride, (rows - 1) * idsStride + this.#hashSize);
      for (let i = 0; i < rows; i++) {
        const id = Id.from(ids.slice(i * idsStride, i * idsStride + this.#hashSize));
        if (before !== undefined && Id.compare(before, id) > 0) yield `ids are not sorted at ${id}`;
        if (!Number.isSafeInteger(offsets[at + i])) yield `the offset of ${id} is none`;
        before = id;
      }
    }
    const size = this.#source.size - this.#hashSize;
    const digest = hashBytes(await this.#source.read(0, size), this.hashAlgorithm);
    if (!Id.from(digest).equals(Id.from(await this.indexChecksum()))) {
      yield "the checksum of the index is wrong";
    }
  }
}

function corruptIndex(state: string, offset: number): Error {
  return corrupt("a pack index", state, "CORRUPT_INDEX", offset);
}
