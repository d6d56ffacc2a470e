/**
 * Logs in seekable files: records are appended, and any zstd decoder reads what was flushed, at any time.
 *
 * @example A log that is opened twice
 * ```ts
 * import { ZstdLog } from "@sluice/zstd/log";
 * import { assertEquals } from "@std/assert";
 *
 * const path = await Deno.makeTempFile({ suffix: ".zst" });
 * for (const record of ["first run", "second run"]) {
 *   await using log = await ZstdLog.open(path);
 *   await log.append(record);
 * }
 * await using log = await ZstdLog.open(path);
 * assertEquals(await Array.fromAsync(log.lines()), ["first run", "second run"]);
 * ```
 *
 * @module
 */
export type { BackendChoice } from "@sluice/ffi";
export type { BytesSource } from "@sluice/internal";
export * from "@sluice/internal/faults";
export type { ZstdFormat } from "./frame/frame_header.ts";
export * from "./log/log.ts";
export * from "./options/compress_options.ts";
export * from "./options/dictionary.ts";
export * from "./seekable/seek_index.ts";
