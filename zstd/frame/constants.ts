/**
 * Numbers of the format and of the library.
 *
 * @module
 */
import { FRAME_MAGIC } from "./_format.ts";

/** The version of the zstd library inside. */
export const ZSTD_VERSION = "1.5.7";
/** The first four bytes of a frame, as a little-endian number. */
export const ZSTD_MAGIC_NUMBER: number = FRAME_MAGIC;
/** The fastest level. */
export const ZSTD_LEVEL_MIN: number = -131072;
/** The level that is used when none is given. */
export const ZSTD_LEVEL_DEFAULT = 3;
/** The level that compresses most. */
export const ZSTD_LEVEL_MAX = 22;
/** Chunk sizes that suit the codec best, in bytes (`ZSTD_CStreamInSize` and its kin). */
export const ZSTD_RECOMMENDED_SIZES = {
  compressInput: 131_072,
  compressOutput: 131_591,
  decompressInput: 131_075,
  decompressOutput: 131_072,
} as const;
