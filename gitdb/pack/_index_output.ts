/**
 * Writing indexes and reverse indexes (git's pack format document).
 */
import { hashBytes } from "../object/_codec.ts";
import { writeU32BE } from "../object/_big_endian.ts";
import { HASH_SIZE } from "../object/_object_id.ts";
import type { GitHashAlgorithm } from "../object/_object_id.ts";
import type { PackTable } from "./_pack_table.ts";

const INDEX_SIGNATURE = 0xff744f63;
const REVERSE_SIGNATURE = 0x52494458;
const FANOUT_SIZE = 1024;
const SHORT_OFFSET_MAX = 2 ** 31 - 1;

/** How an index is written. */
export interface IndexFormat {
  readonly version: 1 | 2;
  /** Offsets from here on go into the table of large ones. */
  readonly largeFrom?: number | undefined;
}

/** Writes numbers and bytes one after the other. */
class Output {
  readonly bytes: Uint8Array<ArrayBuffer>;
  #at = 0;

  constructor(size: number) {
    this.bytes = new Uint8Array(size);
  }

  u32(value: number): void {
    writeU32BE(this.bytes, this.#at, value);
    this.#at += 4;
  }

  put(bytes: Uint8Array): void {
    this.bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  /** Adds the checksum of the pack and that of all before. */
  finish(checksum: Uint8Array, algorithm: GitHashAlgorithm): Uint8Array<ArrayBuffer> {
    this.put(checksum);
    this.put(hashBytes(this.bytes.subarray(0, this.#at), algorithm));
    return this.bytes;
  }
}

function writeFanout(out: Output, table: PackTable): void {
  const counts = new Uint32Array(256);
  for (let row = 0; row < table.count; row++) counts[table.ids[row * table.hashSize]!]!++;
  let sum = 0;
  for (const count of counts) out.u32(sum += count);
}

/** An index of a pack, with its own checksum at the end. */
export function buildIndex(
  table: PackTable,
  checksum: Uint8Array,
  algorithm: GitHashAlgorithm,
  format: IndexFormat = { version: 2 },
): Uint8Array<ArrayBuffer> {
  return format.version === 1
    ? buildFirstVersion(table, checksum, algorithm)
    : buildSecondVersion(table, checksum, algorithm, format.largeFrom ?? SHORT_OFFSET_MAX + 1);
}

function buildFirstVersion(
  table: PackTable,
  checksum: Uint8Array,
  algorithm: GitHashAlgorithm,
): Uint8Array<ArrayBuffer> {
  const hashSize = HASH_SIZE[algorithm];
  // Rows are in the order of their offsets.
  if (table.count > 0 && table.offsetAt(table.count - 1) >= 2 ** 32) {
    throw new RangeError(
      "Cannot write an index of version 1: the pack has 4 GiB or more, expected version 2",
    );
  }
  const out = new Output(FANOUT_SIZE + table.count * (4 + hashSize) + 2 * hashSize);
  writeFanout(out, table);
  for (const row of table.sorted) {
    out.u32(table.offsetAt(row));
    out.put(table.bytesAt(row));
  }
  return out.finish(checksum, algorithm);
}

function buildSecondVersion(
  table: PackTable,
  checksum: Uint8Array,
  algorithm: GitHashAlgorithm,
  wanted: number,
): Uint8Array<ArrayBuffer> {
  const hashSize = HASH_SIZE[algorithm];
  const largeFrom = Math.min(wanted, SHORT_OFFSET_MAX + 1);
  const { sorted, count } = table;
  let large = 0;
  for (const row of sorted) if (table.offsetAt(row) >= largeFrom) large++;
  const out = new Output(8 + FANOUT_SIZE + count * (hashSize + 8) + large * 8 + 2 * hashSize);
  out.u32(INDEX_SIGNATURE);
  out.u32(2);
  writeFanout(out, table);
  for (const row of sorted) out.put(table.bytesAt(row));
  for (const row of sorted) out.u32(table.crcs[row]!);
  let place = 0;
  for (const row of sorted) {
    const offset = table.offsetAt(row);
    out.u32(offset < largeFrom ? offset : 2 ** 31 + place++);
  }
  for (const row of sorted) {
    if (table.offsetAt(row) < largeFrom) continue;
    out.u32(table.places[2 * row + 1]!);
    out.u32(table.places[2 * row]!);
  }
  return out.finish(checksum, algorithm);
}

/** A reverse index: rows of the index in the order of their offsets. */
export function buildReverseIndex(
  table: PackTable,
  checksum: Uint8Array,
  algorithm: GitHashAlgorithm,
): Uint8Array<ArrayBuffer> {
  const positions = new Uint32Array(table.count);
  for (const [position, row] of table.sorted.entries()) positions[row] = position;
  const out = new Output(12 + 4 * positions.length + 2 * HASH_SIZE[algorithm]);
  out.u32(REVERSE_SIGNATURE);
  out.u32(1);
  out.u32(algorithm === "sha1" ? 1 : 2);
  for (const position of positions) out.u32(position);
  return out.finish(checksum, algorithm);
}
