/** Output chunks of streams, iterables and push engines: one block of content, the size that zstd recommends. */
export const CHUNK_SIZE_DEFAULT = 128 << 10;
