/**
 * Decompression of whole values.
 *
 * @module
 */
import { toBytes } from "@sluice/internal";
import type { BytesSource } from "@sluice/internal";
import { resolveWholeValueOptions } from "./_decompress_options.ts";
import { decompressWhole, decompressWholeAsync, decompressWholeInto } from "./_decompress_whole.ts";
import type { Lz4DecompressOptions } from "./decompress_options.ts";

/**
 * Decompresses all frames of a value, up to 256 MiB of content unless `maxOutputSize` says otherwise.
 *
 * @throws {TypeError} If the value holds no bytes, or an option has the wrong type or is not known.
 * @throws {TruncatedDataError} If the data ends early ("TRUNCATED", "TRUNCATED_MAGIC", "NO_DATA").
 * @throws {CorruptDataError} If it breaks the format ("BAD_MAGIC", "BLOCK_CORRUPT", "CONTENT_SIZE", "TRAILING_DATA" …).
 * @throws {ChecksumMismatchError} If a checksum does not fit ("HEADER_CHECKSUM", "BLOCK_CHECKSUM", "CONTENT_CHECKSUM").
 * @throws {LimitExceededError} If a limit would be passed ("OUTPUT_LIMIT", "BLOCK_LIMIT", "FRAME_LIMIT").
 * @throws {DictionaryMismatchError} With code "DICT_REQUIRED" if a frame names a dictionary that was not given.
 *
 * @example A bomb is refused
 * ```ts
 * import { compressLz4, decompressLz4 } from "@sluice/lz4";
 * import { assertThrows } from "@std/assert";
 *
 * const bomb = compressLz4(new Uint8Array(1_000_000));
 * assertThrows(() => decompressLz4(bomb, { maxOutputSize: 1000 }), Error, "at most 1000 bytes");
 * ```
 */
export function decompressLz4(data: BytesSource, options?: Lz4DecompressOptions): Uint8Array<ArrayBuffer> {
  return decompressWhole(toBytes(data), resolveWholeValueOptions(options));
}

/**
 * As {@linkcode decompressLz4}, off the event loop natively.
 *
 * @example Beside other work
 * ```ts
 * import { compressLz4, decompressLz4Async } from "@sluice/lz4";
 * import { assertEquals } from "@std/assert";
 *
 * const copy = await decompressLz4Async(compressLz4(new Uint8Array(1000)));
 * assertEquals(copy.length, 1000);
 * ```
 */
export async function decompressLz4Async(
  data: BytesSource,
  options?: Lz4DecompressOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  return await decompressWholeAsync(toBytes(data), resolveWholeValueOptions(options));
}

/**
 * Decompresses into a target that the caller brings, and may use again; returns the size of the content.
 *
 * @throws {LimitExceededError} With code "OUTPUT_TOO_SMALL" if the content does not fit; else as `decompressLz4`.
 *
 * @example One buffer for many values
 * ```ts
 * import { compressLz4, decompressLz4Into } from "@sluice/lz4";
 * import { assertEquals } from "@std/assert";
 *
 * const buffer = new Uint8Array(1000);
 * assertEquals(decompressLz4Into(compressLz4(new Uint8Array(700)), buffer), 700);
 * ```
 */
export function decompressLz4Into(
  data: BytesSource,
  target: Uint8Array<ArrayBuffer>,
  options?: Lz4DecompressOptions,
): number {
  return decompressWholeInto(toBytes(data), target, resolveWholeValueOptions(options));
}
