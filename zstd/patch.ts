/**
 * Patches: zstd frames that turn one version of a file into the next, the same as the reference tool makes and applies with
 * `--patch-from`.
 *
 * @example From one version to the next
 * ```ts
 * import { applyZstdPatch, createZstdPatch } from "@sluice/zstd/patch";
 * import { assertEquals } from "@std/assert";
 *
 * const text = (value: string) => new TextEncoder().encode(value);
 * const patch = await createZstdPatch(text("version 1 of a long text"), text("version 2 of a long text"));
 * assertEquals(await applyZstdPatch(text("version 1 of a long text"), patch), text("version 2 of a long text"));
 * ```
 *
 * @module
 */
export type { BackendChoice } from "@sluice/ffi";
export type { ChunkSource } from "@sluice/internal";
export * from "@sluice/internal/faults";
export * from "@sluice/internal/sources";
export * from "./options/compress_options.ts";
export * from "./options/decompress_options.ts";
export * from "./options/dictionary.ts";
export type { ZstdFormat, ZstdFrameHeader } from "./frame/frame_header.ts";
export * from "./options/stream_options.ts";
export * from "./patch/apply_patch.ts";
export * from "./patch/chunked_patch.ts";
export * from "./patch/create_patch.ts";
export * from "./patch/patch_compression_stream.ts";
export * from "./patch/patch_decompression_stream.ts";
export * from "./patch/patch_options.ts";
