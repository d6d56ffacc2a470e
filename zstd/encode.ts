/**
 * Zstandard compression alone, for programs that never decompress and start often: half of the modules of
 * `@sluice/zstd`, and nothing of the decoder. Dictionaries come from `@sluice/zstd/decode`.
 *
 * @example Compress
 * ```ts
 * import { compressZstd } from "@sluice/zstd/encode";
 * import { assert } from "@std/assert";
 *
 * assert(compressZstd(new Uint8Array(1000)).length < 30);
 * ```
 *
 * @module
 */
export type { BackendChoice } from "@sluice/ffi";
export { SegmentedBuffer } from "@sluice/internal";
export type { BytesSource, ChunkSource } from "@sluice/internal";
export * from "@sluice/internal/faults";
export * from "./codec/batch_options.ts";
export * from "./options/checkpoint.ts";
export type * from "./options/dictionary.ts";
export type { ZstdFormat } from "./frame/frame_header.ts";
export * from "./codec/compress.ts";
export * from "./codec/compress_batch.ts";
export * from "./codec/compress_iterable.ts";
export * from "./options/compress_options.ts";
export * from "./codec/compression_stream.ts";
export * from "./codec/compressor.ts";
export * from "./frame/constants.ts";
export * from "./codec/copy_compressed.ts";
export type { ZstdCopied } from "./codec/copy_decompressed.ts";
export * from "./codec/encoder.ts";
export * from "./options/parameters.ts";
export * from "./options/stream_options.ts";
