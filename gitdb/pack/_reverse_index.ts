/**
 * The rows of a pack index in the order of their offsets: from a reverse index (`.rev`) that fits, else by sorting.
 */
import type { ByteSource } from "@sluice/internal";
import { readU32BE } from "../object/_big_endian.ts";
import { hashBytes } from "../object/_codec.ts";
import { HASH_SIZE } from "../object/_object_id.ts";
import type { GitHashAlgorithm } from "../object/_object_id.ts";

const SIGNATURE = 0x52494458;
const HEADER = 12;

/** What a reverse index has to fit. */
export interface ReverseIndexOwner {
  readonly algorithm: GitHashAlgorithm;
  /** By row. */
  readonly offsets: Float64Array;
  readonly packChecksum: Uint8Array;
}

/** The order that a reverse index tells, or what is wrong with it. */
export async function readReverseIndex(
  source: ByteSource,
  owner: ReverseIndexOwner,
): Promise<Uint32Array | string> {
  const { algorithm, offsets, packChecksum } = owner;
  const hashSize = HASH_SIZE[algorithm];
  const { length: count } = offsets;
  if (source.size !== HEADER + 4 * count + 2 * hashSize) return "the reverse index has another size";
  const bytes = await source.read(0, source.size);
  if (readU32BE(bytes, 0) !== SIGNATURE) return "the reverse index does not start as one";
  if (readU32BE(bytes, 4) !== 1) return `the reverse index has version ${readU32BE(bytes, 4)}`;
  if (readU32BE(bytes, 8) !== (algorithm === "sha1" ? 1 : 2)) return "the reverse index is of another hash";
  const trailer = HEADER + 4 * count;
  if (packChecksum.some((byte, i) => byte !== bytes[trailer + i])) {
    return "the reverse index is of another pack";
  }
  const order = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    const row = readU32BE(bytes, HEADER + 4 * i);
    if (row >= count || i > 0 && offsets[row]! <= offsets[order[i - 1]!]!) {
      return `the reverse index is wrong in row ${i}`;
    }
    order[i] = row;
  }
  return order;
}

/** Whether a reverse index ends with its own checksum. */
export async function hasReverseChecksum(source: ByteSource, algorithm: GitHashAlgorithm): Promise<boolean> {
  const bytes = await source.read(0, source.size);
  const end = bytes.length - HASH_SIZE[algorithm];
  return !hashBytes(bytes.subarray(0, end), algorithm).some((byte, i) => byte !== bytes[end + i]);
}

/** The rows by rising offsets; by the reverse index where there is one that fits. */
export async function storageOrder(
  owner: ReverseIndexOwner,
  reverse: ByteSource | undefined,
): Promise<Uint32Array> {
  const order = reverse === undefined ? "there is none" : await readReverseIndex(reverse, owner);
  return typeof order === "string" ? sortedRows(owner.offsets) : order;
}

function sortedRows(offsets: Float64Array): Uint32Array {
  const { length: count } = offsets;
  const largest = offsets.reduce((a, b) => Math.max(a, b), 0);
  // Offset and row in one number sort without a call for each comparison.
  if ((largest + 1) * count <= Number.MAX_SAFE_INTEGER) {
    return Uint32Array.from(offsets.map((offset, row) => offset * count + row).sort(), (key) => key % count);
  }
  return Uint32Array.from(offsets.keys()).sort((a, b) => offsets[a]! - offsets[b]! || a - b);
}
