/**
 * Numbers as git writes them: the highest byte first.
 */

/** The u32 at `offset`. */
export function readU32BE(bytes: Uint8Array, offset: number): number {
  return (bytes[offset]! << 24 | bytes[offset + 1]! << 16 | bytes[offset + 2]! << 8 | bytes[offset + 3]!) >>>
    0;
}

/** The u64 at `offset`; what is too large to be exact stays too large for every file. */
export function readU64BE(bytes: Uint8Array, offset: number): number {
  return readU32BE(bytes, offset) * 2 ** 32 + readU32BE(bytes, offset + 4);
}

/** Writes a u32. */
export function writeU32BE(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value >>> 24;
  bytes[offset + 1] = value >>> 16;
  bytes[offset + 2] = value >>> 8;
  bytes[offset + 3] = value;
}
