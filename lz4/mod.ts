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
export * from "./archive.ts";
export * from "./block.ts";
export * from "./checkpoint.ts";
export * from "./checkpointable_decompressor.ts";
export * from "./compress.ts";
export * from "./compress_iterable.ts";
export * from "./compress_options.ts";
export * from "./compression_stream.ts";
export * from "./constants.ts";
export * from "./decoder.ts";
export * from "./decompress.ts";
export * from "./decompress_iterable.ts";
export * from "./decompress_options.ts";
export * from "./decompression_stream.ts";
export * from "./decrypting_source.ts";
export * from "./encoder.ts";
export * from "./frame_header.ts";
export * from "./frame_list.ts";
export * from "./index_builder.ts";
export * from "./index_file.ts";
export * from "./index_scan.ts";
export * from "./recover.ts";
export * from "./repack.ts";
export * from "./stream_options.ts";
export * from "./xxh32.ts";
export type { BackendChoice } from "@sluice/ffi";
export {
  ChecksumMismatchError,
  CorruptDataError,
  DictionaryMismatchError,
  LimitExceededError,
  SluiceError,
  TruncatedDataError,
  UnsupportedFeatureError,
} from "@sluice/internal";
export type { BytesSource, ReadOptions, SluiceErrorOptions } from "@sluice/internal";
export type { DecoderState, DictionaryPrint } from "./_decoder_state.ts";
export type { IndexFrame, IndexModel, IndexPoint, StoredWindow, StoredWindowReader } from "./_index_model.ts";
