/**
 * LZ4 frames for Deno, browsers and edge: whole values, Web Streams, push engines and iterables over one codec, native
 * or WASM; states that decoding resumes from, and random access by index.
 *
 * @example Compress and decompress
 * ```ts
 * import { compressLz4, decompressLz4 } from "@sluice/lz4";
 * import { assertEquals } from "@std/assert";
 *
 * const data = new TextEncoder().encode("data");
 * assertEquals(decompressLz4(compressLz4(data)), data);
 * ```
 *
 * @module
 */
export * from "./index/archive.ts";
export * from "./block/block.ts";
export * from "./codec/checkpoint.ts";
export * from "./codec/checkpointable_decompressor.ts";
export * from "./codec/compress.ts";
export * from "./codec/compress_iterable.ts";
export * from "./codec/compress_options.ts";
export * from "./codec/compression_stream.ts";
export * from "./frame/constants.ts";
export * from "./codec/decoder.ts";
export * from "./codec/position.ts";
export * from "./codec/decompress.ts";
export * from "./codec/decompress_iterable.ts";
export * from "./codec/decompress_options.ts";
export * from "./codec/decompression_stream.ts";
export * from "./index/aes_ctr_source.ts";
export * from "./index/aes_gcm_source.ts";
export * from "./index/decrypting_source.ts";
export * from "./codec/encoder.ts";
export * from "./frame/frame_header.ts";
export * from "./frame/frame_list.ts";
export * from "./index/index_builder.ts";
export * from "./index/index_file.ts";
export * from "./index/index_scan.ts";
export * from "./salvage/recover.ts";
export * from "./index/join_parts.ts";
export * from "./index/plan_splits.ts";
export * from "./index/read_split.ts";
export * from "./index/repack.ts";
export * from "./index/splits.ts";
export * from "./codec/stream_options.ts";
export * from "./frame/xxh32.ts";
export type { BackendChoice } from "@sluice/ffi";
export * from "@sluice/internal/faults";
export * from "@sluice/internal/sources";
