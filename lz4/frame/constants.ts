/**
 * Numbers of the format and of the library.
 *
 * @module
 */
import {
  BLOCK_ID_MAX,
  BLOCK_ID_MIN,
  blockMaxOf,
  FRAME_MAGIC,
  LEGACY_MAGIC,
  SKIPPABLE_MAGIC,
} from "./_format.ts";

/** The version of the lz4 library inside. */
export const LZ4_VERSION = "1.10.0";
/** The first four bytes of a frame, as a little-endian number. */
export const LZ4_MAGIC_NUMBER: number = FRAME_MAGIC;
/** The first four bytes of a legacy frame. */
export const LZ4_LEGACY_MAGIC_NUMBER: number = LEGACY_MAGIC;
/** Skippable frames start with this number plus 0 to 15. */
export const LZ4_SKIPPABLE_MAGIC_START: number = SKIPPABLE_MAGIC;
/** The fastest level. */
export const LZ4_LEVEL_MIN: number = -65536;
/** The level that is used when none is given. */
export const LZ4_LEVEL_DEFAULT = 1;
/** The level that compresses most. */
export const LZ4_LEVEL_MAX = 12;

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
