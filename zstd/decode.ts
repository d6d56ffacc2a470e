/**
 * Decompression alone: what an edge function needs, with the small decoder and nothing of the encoder.
 *
 * @example No permission needed
 * ```ts
 * import { decompressZstd } from "@sluice/zstd/decode";
 * import { assertEquals } from "@std/assert";
 *
 * const empty = new Uint8Array([0x28, 0xb5, 0x2f, 0xfd, 0x20, 0x00, 0x01, 0x00, 0x00]);
 * assertEquals(decompressZstd(empty), new Uint8Array());
 * ```
 *
 * @module
 */
export type { BackendChoice } from "@sluice/ffi";
export { SegmentedBuffer } from "@sluice/internal";
export type { BytesSource, ChunkSource, Segment } from "@sluice/internal";
export * from "@sluice/internal/faults";
export * from "./codec/batch_options.ts";
export * from "./options/checkpoint.ts";
export * from "./codec/copy_decompressed.ts";
export * from "./codec/decoder.ts";
export * from "./codec/decompress.ts";
export * from "./codec/decompress_batch.ts";
export * from "./codec/decompress_iterable.ts";
export * from "./options/decoder_memory.ts";
export * from "./options/decompress_options.ts";
export * from "./codec/decompression_stream.ts";
export * from "./codec/decompressor.ts";
export * from "./options/dictionary.ts";
export * from "./codec/parallel_decoder.ts";
export * from "./frame/frame_header.ts";
export * from "./frame/frame_list.ts";
export * from "./frame/skippable_frame.ts";
export * from "./options/stream_options.ts";
