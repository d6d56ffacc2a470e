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
export * from "./archive/archive.ts";
export * from "./zpaql/assemble.ts";
export * from "./block/block_plan.ts";
export * from "./block/compress.ts";
export * from "./block/compress_config.ts";
export * from "./block/compress_iterable.ts";
export * from "./block/compress_options.ts";
export * from "./block/compression_stream.ts";
export * from "./block/decoder.ts";
export * from "./block/decompress.ts";
export * from "./block/decompress_iterable.ts";
export * from "./block/decompress_options.ts";
export * from "./block/decompression_stream.ts";
export * from "./zpaql/disassemble.ts";
export * from "./block/encoder.ts";
export * from "./archive/encrypted_source.ts";
export * from "./block/join_blocks.ts";
export * from "./block/list_blocks.ts";
export * from "./block/plan_blocks.ts";
export * from "./block/read_block.ts";
export * from "./zpaql/header.ts";
export * from "./zpaql/machine.ts";
export * from "./block/run_program.ts";
export * from "./block/trace_predictions.ts";
export * from "./archive/update_archive.ts";
export type { BackendChoice } from "@sluice/ffi";
export type { ChunkSource, SluiceProgress } from "@sluice/internal";
export * from "@sluice/internal/faults";
export * from "@sluice/internal/sources";
export type { ZpaqComponentName } from "./zpaql/_format.ts";
export type { ZpaqAttributes, ZpaqUnixAttributes, ZpaqWindowsAttributes } from "./archive/_attributes.ts";
