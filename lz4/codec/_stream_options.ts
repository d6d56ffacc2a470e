/**
 * Sizes of output chunks.
 */

/** Output chunks of decompression: the largest block of a frame goes straight to its reader. */
export const DECOMPRESS_CHUNK_SIZE_DEFAULT = 4 << 20;
/** Output chunks of compression. */
export const COMPRESS_CHUNK_SIZE_DEFAULT = 256 << 10;
