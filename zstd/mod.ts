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
export * from "./compress.ts";
export * from "./compress_batch.ts";
export * from "./compress_iterable.ts";
export * from "./compress_options.ts";
export * from "./compression_stream.ts";
export * from "./compressor.ts";
export * from "./constants.ts";
export * from "./copy_compressed.ts";
export * from "./decode.ts";
export * from "./encoder.ts";
export * from "./parameters.ts";
export * from "./train_dictionary.ts";
