/**
 * Telling fast whether a table of a pack has an id: trees name millions of them.
 */
import { readU32BE } from "../object/_big_endian.ts";
import type { PackTable } from "./_pack_table.ts";

/** The ids of a table, by their first bytes. */
export class TableIds {
  readonly #table: PackTable;
  /** Rows plus one; zero is none. */
  readonly #slots: Uint32Array<ArrayBuffer>;
  readonly #mask: number;

  constructor(table: PackTable) {
    this.#table = table;
    let size = 16;
    while (size < 2 * table.count) size *= 2;
    this.#slots = new Uint32Array(size);
    this.#mask = size - 1;
    for (let row = 0; row < table.count; row++) {
      let at = readU32BE(table.ids, row * table.hashSize) & this.#mask;
      while (this.#slots[at] !== 0) at = (at + 1) & this.#mask;
      this.#slots[at] = row + 1;
    }
  }

  /** Whether the id that starts at `offset` of these bytes is in the table. */
  hasAt(bytes: Uint8Array, offset: number): boolean {
    const { ids, hashSize } = this.#table;
    for (let at = readU32BE(bytes, offset) & this.#mask;; at = (at + 1) & this.#mask) {
      const row = this.#slots[at]! - 1;
      if (row < 0) return false;
      let i = 4;
      for (const start = row * hashSize; i < hashSize && ids[start + i] === bytes[offset + i];) i++;
      if (i === hashSize && readU32BE(ids, row * hashSize) === readU32BE(bytes, offset)) return true;
    }
  }
}
