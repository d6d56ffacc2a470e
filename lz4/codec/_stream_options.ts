/**
 * Sizes of output chunks.
 */

/** Output chunks of decompression: the largest block of a frame goes straight to its reader. */
const DECOMPRESS_CHUNK_SIZE_DEFAULT = 4 << 20;
const THREAD_CHUNK_SIZE = 8 << 20;
const THREAD_CHUNK_SIZE_MAX = 64 << 20;

/** As `DECOMPRESS_CHUNK_SIZE_DEFAULT` for so many threads: each of them has two of the largest blocks to decode. */
export function decompressChunkSize(threads: number | undefined): number {
  if (threads === undefined || threads <= 1) return DECOMPRESS_CHUNK_SIZE_DEFAULT;
  return Math.min(threads * THREAD_CHUNK_SIZE, THREAD_CHUNK_SIZE_MAX);
}

/** Output chunks of compression. */
export const COMPRESS_CHUNK_SIZE_DEFAULT = 256 << 10;
