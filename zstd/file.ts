/**
 * Zstd files as file objects: read, seek, lines, text and write.
 *
 * @example Write lines, read them
 * ```ts
 * import { openZstd } from "@sluice/zstd/file";
 * import { assertEquals } from "@std/assert";
 *
 * const path = await Deno.makeTempFile({ suffix: ".zst" });
 * {
 *   await using file = await openZstd(path, "w", { level: 9 });
 *   await file.write("one\ntwo\n");
 * }
 * await using file = await openZstd(path);
 * assertEquals(await Array.fromAsync(file.lines()), ["one", "two"]);
 * await Deno.remove(path);
 * ```
 *
 * @module
 */
export type { BackendChoice } from "@sluice/ffi";
export * from "@sluice/internal/faults";
export * from "@sluice/internal/sources";
export type { ZstdFormat, ZstdFrameHeader } from "./frame/frame_header.ts";
export * from "./file/open_zstd.ts";
export * from "./file/readable_file.ts";
export * from "./file/writable_file.ts";
export * from "./options/compress_options.ts";
export * from "./options/decompress_options.ts";
export * from "./options/dictionary.ts";
export * from "./seekable/seek_index.ts";
