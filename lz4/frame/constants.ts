/**
 * Numbers of the format and of the library.
 *
 * @module
 */
import { BLOCK_ID_MAX, BLOCK_ID_MIN, blockMaxOf } from "./_format.ts";

/** The version of the lz4 library inside. */
export const LZ4_VERSION = "1.10.0";

/**
 * The block maximum in bytes that a number of the format stands for; 0 stands for the smallest.
 *
 * @throws {RangeError} If it is none of 0, 4, 5, 6 and 7.
 *
 * @example The largest
 * ```ts
 * import { lz4BlockSizeOf } from "@sluice/lz4";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(lz4BlockSizeOf(7), 4 * 1024 * 1024);
 * ```
 */
export function lz4BlockSizeOf(id: number): number {
  if (id === 0) return blockMaxOf(BLOCK_ID_MIN);
  if (Number.isInteger(id) && id >= BLOCK_ID_MIN && id <= BLOCK_ID_MAX) return blockMaxOf(id);
  throw new RangeError(`Cannot use the block size id ${id}: expected 0 or 4 to 7`);
}
