/**
 * Compression of whole values.
 *
 * @module
 */
import { toBytes } from "@sluice/internal";
import type { BytesSource } from "@sluice/internal";
import { resolveCompressOptions } from "./_compress_options.ts";
import { boundOf, compressWhole, compressWholeAsync } from "./_compress_whole.ts";
import type { Lz4CompressOptions } from "./compress_options.ts";

/**
 * Compresses a value to one frame with its content size. Blocks are no larger than the value needs.
 *
 * @throws {TypeError} If the value holds no bytes, or an option has the wrong type or is not known.
 * @throws {RangeError} If an option is out of range.
 * @throws {LimitExceededError} With code "MEMORY_LIMIT" if `maxMemory` is too little.
 *
 * @example There and back
 * ```ts
 * import { compressLz4, decompressLz4 } from "@sluice/lz4";
 * import { assertEquals } from "@std/assert";
 *
 * const data = new TextEncoder().encode("data ".repeat(100));
 * const frame = compressLz4(data, { level: 9 });
 * assertEquals(decompressLz4(frame), data);
 * ```
 */
export function compressLz4(data: BytesSource, options?: Lz4CompressOptions): Uint8Array<ArrayBuffer> {
  return compressWhole(toBytes(data), resolveCompressOptions(options));
}

/**
 * As {@linkcode compressLz4}, off the event loop natively.
 *
 * @example On two threads
 * ```ts
 * import { compressLz4Async, decompressLz4 } from "@sluice/lz4";
 * import { assertEquals } from "@std/assert";
 *
 * const frame = await compressLz4Async(new Uint8Array(1000), { threads: 2 });
 * assertEquals(decompressLz4(frame).length, 1000);
 * ```
 */
export async function compressLz4Async(
  data: BytesSource,
  options?: Lz4CompressOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  return await compressWholeAsync(toBytes(data), resolveCompressOptions(options));
}

/**
 * The most bytes that a value of `size` bytes takes when it is compressed with these options.
 *
 * @example Room for a value
 * ```ts
 * import { compressLz4, lz4CompressBound } from "@sluice/lz4";
 * import { assert } from "@std/assert";
 *
 * const data = crypto.getRandomValues(new Uint8Array(1000));
 * assert(compressLz4(data).length <= lz4CompressBound(1000));
 * ```
 */
export function lz4CompressBound(size: number, options?: Lz4CompressOptions): number {
  return boundOf(size, resolveCompressOptions(options));
}
