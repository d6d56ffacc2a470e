/**
 * Compression alone, for programs that never decompress and start often: a third of the modules of `@sluice/lz4`.
 *
 * @example Compress
 * ```ts
 * import { compressLz4 } from "@sluice/lz4/encode";
 * import { assert } from "@std/assert";
 *
 * assert(compressLz4(new Uint8Array(1000)).length < 100);
 * ```
 *
 * @module
 */
export type { BackendChoice } from "@sluice/ffi";
export { SegmentedBuffer } from "@sluice/internal";
export type { BytesSource, ChunkSource } from "@sluice/internal";
export * from "@sluice/internal/faults";
export * from "./codec/compress.ts";
export * from "./codec/compress_iterable.ts";
export * from "./codec/compress_options.ts";
export * from "./codec/compression_stream.ts";
export * from "./codec/encoder.ts";
export * from "./codec/stream_options.ts";
export * from "./frame/constants.ts";
