/**
 * ZPAQ for Deno, browsers and edge: blocks and journaling archives, compression by zpaq's own methods, and the ZPAQL
 * machine with its assembler, native or WASM.
 *
 * @example Compress and decompress
 * ```ts
 * import { compressZpaq, decompressZpaq } from "@sluice/zpaq";
 * import { assertEquals } from "@std/assert";
 *
 * const data = new TextEncoder().encode("data");
 * assertEquals(decompressZpaq(compressZpaq(data, { method: "3" })), data);
 * ```
 *
 * @module
 */
export * from "./archive.ts";
export * from "./assemble.ts";
export * from "./compress.ts";
export * from "./compress_config.ts";
export * from "./compress_iterable.ts";
export * from "./compress_options.ts";
export * from "./compression_stream.ts";
export * from "./decoder.ts";
export * from "./decompress.ts";
export * from "./decompress_iterable.ts";
export * from "./decompress_options.ts";
export * from "./decompression_stream.ts";
export * from "./disassemble.ts";
export * from "./encoder.ts";
export * from "./encrypted_source.ts";
export * from "./header.ts";
export * from "./machine.ts";
export * from "./trace_predictions.ts";
export * from "./update_archive.ts";
export type { BackendChoice } from "@sluice/ffi";
export {
  ChecksumMismatchError,
  CorruptDataError,
  LimitExceededError,
  SluiceError,
  TruncatedDataError,
  UnsupportedFeatureError,
} from "@sluice/internal";
export type { ByteSource, BytesSource, ChunkSource, ReadOptions, SluiceErrorOptions } from "@sluice/internal";
export type { ComponentName } from "./_format.ts";
export type { ZpaqAttributes } from "./_journal_format.ts";
