/**
 * What decompression costs.
 *
 * @module
 */
import { checkInteger } from "@sluice/internal";
import type { BackendChoice } from "@sluice/ffi";
import { estimateZstdDecoder } from "../kernel/decoder.ts";

/**
 * Bytes that a streaming decompression context takes for frames with windows up to `2 ** windowLog`.
 *
 * @throws {RangeError} If the window is out of range.
 *
 * @example The window is most of it
 * ```ts
 * import { estimateZstdDecompressorMemory } from "@sluice/zstd";
 * import { assert } from "@std/assert";
 *
 * assert(estimateZstdDecompressorMemory(23) > 2 ** 23);
 * ```
 */
export function estimateZstdDecompressorMemory(windowLog: number, backend?: BackendChoice): number {
  return estimateZstdDecoder(2 ** checkInteger("windowLog", windowLog, 10, 30), backend);
}
