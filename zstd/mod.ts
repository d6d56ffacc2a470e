/**
 * Zstandard for Deno, browsers and edge: whole values, Web Streams, push engines and iterables over one codec, native
 * or WASM.
 *
 * @example Compress and decompress
 * ```ts
 * import { compressZstd, decompressZstd } from "@sluice/zstd";
 * import { assertEquals } from "@std/assert";
 *
 * const data = new TextEncoder().encode("data");
 * assertEquals(decompressZstd(compressZstd(data)), data);
 * ```
 *
 * @module
 */
export * from "./codec/compress.ts";
export * from "./codec/compress_batch.ts";
export * from "./codec/compress_iterable.ts";
export * from "./options/compress_options.ts";
export * from "./codec/compression_stream.ts";
export * from "./codec/compressor.ts";
export * from "./frame/constants.ts";
export * from "./codec/copy_compressed.ts";
export * from "./decode.ts";
export * from "./codec/encoder.ts";
export * from "./options/parameters.ts";
export * from "./codec/prepare_dictionary.ts";
export * from "./training/train_dictionary.ts";
