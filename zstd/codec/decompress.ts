/**
 * Decompression of values that are whole in memory.
 *
 * @module
 */
import { toBytes } from "@sluice/internal";
import type { BytesSource } from "@sluice/internal";
import { threadCount } from "./_batch.ts";
import { resolveWholeValueOptions } from "../options/_decompress_options.ts";
import {
  decompressWhole,
  decompressWholeAsync,
  decompressWholeInto,
  withDecoder,
} from "./_decompress_whole.ts";
import type { ZstdBatchOptions } from "./batch_options.ts";
import type { ZstdDecompressOptions } from "../options/decompress_options.ts";

/**
 * Decompresses all frames of a zstd stream. Works whether or not frames declare their content size; at most
 * `maxOutputSize` bytes (256 MiB unless said otherwise) are ever allocated for the output.
 *
 * @throws {CorruptDataError} "BAD_MAGIC" if no frame starts at the first byte, "TRAILING_DATA" if junk follows the last
 *   one, "CORRUPT" if a frame breaks the rules.
 * @throws {TruncatedDataError} If the input ends too early, or is empty (see `allowEmpty`).
 * @throws {ChecksumMismatchError} If the content does not match its checksum.
 * @throws {LimitExceededError} "OUTPUT_LIMIT", "WINDOW_TOO_LARGE" or "MEMORY_LIMIT".
 * @throws {DictionaryMismatchError} If a frame needs a dictionary.
 * @throws {UnsupportedFeatureError} If a header has its reserved bit set.
 *
 * @example Both directions
 * ```ts
 * import { compressZstd, decompressZstd } from "@sluice/zstd";
 * import { assertEquals } from "@std/assert";
 *
 * const text = new TextEncoder().encode("hello hello hello hello");
 * assertEquals(decompressZstd(compressZstd(text)), text);
 * ```
 */
export function decompressZstd(data: BytesSource, options?: ZstdDecompressOptions): Uint8Array<ArrayBuffer> {
  const bytes = toBytes(data);
  const settings = resolveWholeValueOptions(options);
  return withDecoder(settings, (kernel) => decompressWhole(kernel, bytes, settings));
}

/**
 * Decompresses into a target that the caller brings; returns how many bytes were written.
 *
 * @throws {LimitExceededError} With code "OUTPUT_LIMIT" if the content does not fit.
 * @throws {SluiceError} As {@linkcode decompressZstd}.
 *
 * @example Into a target that is kept
 * ```ts
 * import { compressZstd, decompressZstdInto } from "@sluice/zstd";
 * import { assertEquals } from "@std/assert";
 *
 * const target = new Uint8Array(100);
 * assertEquals(decompressZstdInto(compressZstd(new Uint8Array(60).fill(1)), target), 60);
 * assertEquals(target.subarray(59, 61), new Uint8Array([1, 0]));
 * ```
 */
export function decompressZstdInto(
  data: BytesSource,
  target: Uint8Array,
  options?: ZstdDecompressOptions,
): number {
  const bytes = toBytes(data);
  const settings = resolveWholeValueOptions(options);
  return withDecoder(settings, (kernel) => decompressWholeInto(kernel, bytes, target, settings));
}

/**
 * As {@linkcode decompressZstd}, without holding up the event loop: natively on another thread, in WASM in slices of a
 * few milliseconds. With `threads` the frames of a value are decoded side by side. Do not change `data` before the promise
 * settles.
 *
 * @example Off the event loop
 * ```ts
 * import { compressZstd, decompressZstdAsync } from "@sluice/zstd";
 * import { assertEquals } from "@std/assert";
 *
 * const frame = compressZstd(new Uint8Array(1_000_000));
 * assertEquals((await decompressZstdAsync(frame)).length, 1_000_000);
 * ```
 */
export async function decompressZstdAsync(
  data: BytesSource,
  options: ZstdDecompressOptions & ZstdBatchOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const { threads = 1, ...codecOptions } = options;
  const bytes = toBytes(data);
  const settings = resolveWholeValueOptions(codecOptions);
  const count = threadCount(threads, bytes.length);
  return await withDecoder(settings, (kernel) => decompressWholeAsync(kernel, bytes, settings, count));
}
