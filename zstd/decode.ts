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
export {
  BackendUnavailableError,
  ChecksumMismatchError,
  CorruptDataError,
  DictionaryMismatchError,
  LimitExceededError,
  SluiceError,
  TruncatedDataError,
  UnsupportedFeatureError,
} from "@sluice/internal";
export { SegmentedBuffer } from "@sluice/internal";
export type { BytesSource, ChunkSource, Segment, SluiceErrorOptions } from "@sluice/internal";
export * from "./batch_options.ts";
export * from "./checkpoint.ts";
export * from "./copy_decompressed.ts";
export * from "./decoder.ts";
export * from "./decompress.ts";
export * from "./decompress_batch.ts";
export * from "./decompress_iterable.ts";
export * from "./decompress_options.ts";
export * from "./decompression_stream.ts";
export * from "./decompressor.ts";
export * from "./dictionary.ts";
export * from "./frame_header.ts";
export * from "./frame_list.ts";
export * from "./skippable_frame.ts";
export * from "./stream_options.ts";
