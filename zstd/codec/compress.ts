/**
 * Compression of values that are whole in memory.
 *
 * @module
 */
import { checkInteger, toBytes } from "@sluice/internal";
import type { BytesSource } from "@sluice/internal";
import { resolveCompressOptions } from "../options/_compress_options.ts";
import {
  compressBound,
  compressWhole,
  compressWholeAsync,
  compressWholeInto,
  withEncoder,
} from "./_compress_whole.ts";
import type { ZstdCompressOptions } from "../options/compress_options.ts";

/**
 * Compresses a value to one frame that declares its content size. Contexts are kept between calls, so small values are
 * cheap; `ZstdCompressor` saves the look-up as well. In WASM a value above 1 MiB is fed to the codec in pieces, so that
 * its memory stays small; the frame then differs from the native one in its bytes, not in its content.
 *
 * @throws {TypeError} If the data holds no bytes, or an option has the wrong type or is not known.
 * @throws {RangeError} If an option is out of range.
 * @throws {LimitExceededError} With code "MEMORY_LIMIT" if `maxMemory` is too little.
 * @throws {UnsupportedFeatureError} If the backend does not have an option: worker threads in WASM.
 *
 * @example A level and a checksum
 * ```ts
 * import { compressZstd, decompressZstd } from "@sluice/zstd";
 * import { assert, assertEquals } from "@std/assert";
 *
 * const text = new TextEncoder().encode("to be or not to be ".repeat(100));
 * const frame = compressZstd(text, { level: 19, contentChecksum: true });
 * assert(frame.length < text.length / 20);
 * assertEquals(decompressZstd(frame), text);
 * ```
 */
export function compressZstd(data: BytesSource, options?: ZstdCompressOptions): Uint8Array<ArrayBuffer> {
  const bytes = toBytes(data);
  const settings = resolveCompressOptions(options);
  return withEncoder(settings, (kernel) => compressWhole(kernel, bytes, settings));
}

/**
 * Compresses into a target that the caller brings; returns the size of the frame. {@linkcode zstdCompressBound} says
 * how much room is always enough.
 *
 * @throws {LimitExceededError} With code "OUTPUT_TOO_SMALL" if the frame does not fit.
 *
 * @example Into a target that is kept
 * ```ts
 * import { compressZstdInto, decompressZstd, zstdCompressBound } from "@sluice/zstd";
 * import { assertEquals } from "@std/assert";
 *
 * const data = new Uint8Array([1, 2, 3]);
 * const target = new Uint8Array(zstdCompressBound(data.length));
 * const size = compressZstdInto(data, target);
 * assertEquals(decompressZstd(target.subarray(0, size)), data);
 * ```
 */
export function compressZstdInto(
  data: BytesSource,
  target: Uint8Array,
  options?: ZstdCompressOptions,
): number {
  const bytes = toBytes(data);
  const settings = resolveCompressOptions(options);
  return withEncoder(settings, (kernel) => compressWholeInto(kernel, bytes, target, settings));
}

/**
 * As {@linkcode compressZstd}, without holding up the event loop: natively on another thread, in WASM in slices of a few
 * milliseconds. Do not change `data` before the promise settles.
 *
 * @example Off the event loop
 * ```ts
 * import { compressZstdAsync, decompressZstd } from "@sluice/zstd";
 * import { assertEquals } from "@std/assert";
 *
 * const frame = await compressZstdAsync(new Uint8Array(1_000_000), { level: 12 });
 * assertEquals(decompressZstd(frame).length, 1_000_000);
 * ```
 */
export async function compressZstdAsync(
  data: BytesSource,
  options?: ZstdCompressOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = toBytes(data);
  const settings = resolveCompressOptions(options);
  return await withEncoder(settings, (kernel) => compressWholeAsync(kernel, bytes, settings));
}

/**
 * The most bytes that a frame can have for content of `size` bytes.
 *
 * @throws {RangeError} If the size is negative or no integer.
 *
 * @example Room for what does not compress
 * ```ts
 * import { compressZstd, zstdCompressBound } from "@sluice/zstd";
 * import { assert } from "@std/assert";
 *
 * const noise = crypto.getRandomValues(new Uint8Array(1000));
 * assert(compressZstd(noise).length <= zstdCompressBound(noise.length));
 * ```
 */
export function zstdCompressBound(size: number): number {
  return compressBound(checkInteger("size", size, 0, Number.MAX_SAFE_INTEGER));
}
