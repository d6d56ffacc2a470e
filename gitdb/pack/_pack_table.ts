/**
 * What an index says of each object of a pack, in flat tables: a pack may have millions of them.
 */
import { idOfBytes } from "../object/_ids.ts";
import { HASH_SIZE } from "../object/_object_id.ts";
import type { GitHashAlgorithm, GitObjectId } from "../object/_object_id.ts";

const ROWS_MIN = 64;

/** Ids, places and checksums of entries, in the order of their places: 13 bytes and an id for each. */
export class PackTable {
  readonly hashSize: number;
  /** Ids one after the other; what follows the last row is not in use. */
  ids: Uint8Array<ArrayBuffer>;
  /** Pairs of the halves of offsets, the lower first. */
  places: Uint32Array<ArrayBuffer>;
  crcs: Uint32Array<ArrayBuffer>;
  /** Types of objects by their numbers, where they were made. */
  kinds: Uint8Array<ArrayBuffer>;
  #count = 0;
  #sorted: Uint32Array<ArrayBuffer> | undefined;

  constructor(algorithm: GitHashAlgorithm) {
    this.hashSize = HASH_SIZE[algorithm];
    this.ids = new Uint8Array(ROWS_MIN * this.hashSize);
    this.places = new Uint32Array(ROWS_MIN * 2);
    this.crcs = new Uint32Array(ROWS_MIN);
    this.kinds = new Uint8Array(ROWS_MIN);
  }

  get count(): number {
    return this.#count;
  }

  /** Makes room for so many rows more and counts them in; their fields are written by the caller. */
  extend(rows: number): void {
    this.#sorted = undefined;
    this.#count += rows;
    if (this.#count <= this.crcs.length) return;
    const room = Math.max(this.#count, this.crcs.length * 2);
    const grown = { ids: this.ids, places: this.places, crcs: this.crcs, kinds: this.kinds };
    this.ids = new Uint8Array(room * this.hashSize);
    this.places = new Uint32Array(room * 2);
    this.crcs = new Uint32Array(room);
    this.kinds = new Uint8Array(room);
    this.ids.set(grown.ids);
    this.places.set(grown.places);
    this.crcs.set(grown.crcs);
    this.kinds.set(grown.kinds);
  }

  /** Adds a row after those that are there. */
  push(id: GitObjectId, offset: number, crc: number): void {
    const row = this.#count;
    this.extend(1);
    this.ids.set(id.bytes, row * this.hashSize);
    this.places[2 * row] = offset % 2 ** 32;
    this.places[2 * row + 1] = Math.floor(offset / 2 ** 32);
    this.crcs[row] = crc;
  }

  offsetAt(row: number): number {
    return this.places[2 * row]! + this.places[2 * row + 1]! * 2 ** 32;
  }

  /** The row of the entry at an offset. */
  rowAt(offset: number): number | undefined {
    let [low, high] = [0, this.#count];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.offsetAt(middle) < offset) low = middle + 1;
      else high = middle;
    }
    return low < this.#count && this.offsetAt(low) === offset ? low : undefined;
  }

  /** The bytes of the id of a row; a view. */
  bytesAt(row: number): Uint8Array<ArrayBuffer> {
    return this.ids.subarray(row * this.hashSize, (row + 1) * this.hashSize);
  }

  /** The id of a row. */
  idAt(row: number): GitObjectId {
    return idOfBytes(this.bytesAt(row).slice());
  }

  /** Every id in the order of the rows, made as it is asked for. */
  *everyId(): Generator<GitObjectId> {
    for (let row = 0; row < this.#count; row++) yield this.idAt(row);
  }

  /** The rows in the order of their ids. */
  get sorted(): Uint32Array<ArrayBuffer> {
    return this.#sorted ??= this.#sort();
  }

  /** Whether two rows have the same id. */
  get hasDuplicates(): boolean {
    const { sorted } = this;
    for (let i = 1; i < sorted.length; i++) if (this.#compare(sorted[i - 1]!, sorted[i]!) === 0) return true;
    return false;
  }

  #compare(left: number, right: number): number {
    const { ids, hashSize } = this;
    for (let i = 0, a = left * hashSize, b = right * hashSize; i < hashSize; i++) {
      const difference = ids[a + i]! - ids[b + i]!;
      if (difference !== 0) return difference;
    }
    return 0;
  }

  /** Sorts by the first four bytes as numbers, and what is equal in them by the whole id. */
  #sort(): Uint32Array<ArrayBuffer> {
    const count = this.#count;
    const keys = new BigUint64Array(count);
    // The upper half of a number is the second word: on hosts of WASM and of the native library the lower comes first.
    const words = new Uint32Array(keys.buffer);
    const view = new DataView(this.ids.buffer);
    for (let row = 0; row < count; row++) {
      words[2 * row] = row;
      words[2 * row + 1] = view.getUint32(row * this.hashSize);
    }
    keys.sort();
    const rows = new Uint32Array(count);
    for (let i = 0; i < count; i++) rows[i] = words[2 * i]!;
    for (let from = 0; from < count;) {
      let to = from + 1;
      while (to < count && words[2 * to + 1] === words[2 * from + 1]) to++;
      // The rows of equal ids stay in their order.
      if (to - from > 1) rows.subarray(from, to).sort((a, b) => this.#compare(a, b) || a - b);
      from = to;
    }
    return rows;
  }
}
