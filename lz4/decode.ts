/**
 * Decompression alone, for programs that never compress and start often: half of the modules of `@sluice/lz4`.
 *
 * @example Decompress
 * ```ts
 * import { decompressLz4 } from "@sluice/lz4/decode";
 * import { assertEquals } from "@std/assert";
 *
 * const empty = new Uint8Array([0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82, 0, 0, 0, 0]);
 * assertEquals(decompressLz4(empty), new Uint8Array());
 * ```
 *
 * @module
 */
export type { BackendChoice } from "@sluice/ffi";
export { SegmentedBuffer } from "@sluice/internal";
export type { BytesSource, ChunkSource, Segment } from "@sluice/internal";
export * from "@sluice/internal/faults";
export * from "./codec/checkpoint.ts";
export * from "./codec/decoder.ts";
export * from "./codec/position.ts";
export * from "./codec/decompress.ts";
export * from "./codec/decompress_iterable.ts";
export * from "./codec/decompress_options.ts";
export * from "./codec/decompression_stream.ts";
export * from "./codec/stream_options.ts";
export * from "./frame/constants.ts";
export * from "./frame/frame_header.ts";
