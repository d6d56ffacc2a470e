/**
 * Digesting a dictionary before its first use.
 *
 * @module
 */
import { resolveCompressOptions } from "../options/_compress_options.ts";
import type { ZstdCompressOptions } from "../options/compress_options.ts";
import type { ZstdDictionary } from "../options/dictionary.ts";
import { makeEncoderKernel } from "./_encoder_codec.ts";

/**
 * Digests a dictionary for both directions now: for compression with these options, and for decompression. The first
 * message is then as fast as the others, and a dictionary that is not well formed is refused here. A dictionary keeps its
 * last eight digests.
 *
 * @throws {CorruptDataError} With code "DICTIONARY_CORRUPT" if the dictionary is not well formed.
 * @throws {TypeError} If an option has the wrong type or is not known.
 * @throws {RangeError} If an option is out of range.
 *
 * @example Before the server listens
 * ```ts
 * import { compressZstd, decompressZstd, prepareZstdDictionary, ZstdDictionary } from "@sluice/zstd";
 * import { assertEquals } from "@std/assert";
 *
 * const dictionary = new ZstdDictionary(new TextEncoder().encode("a common beginning of messages"));
 * prepareZstdDictionary(dictionary, { level: 19 });
 * const frame = compressZstd(new Uint8Array(9), { dictionary, level: 19 });
 * assertEquals(decompressZstd(frame, { dictionary }), new Uint8Array(9));
 * ```
 */
export function prepareZstdDictionary(
  dictionary: ZstdDictionary,
  options: Omit<ZstdCompressOptions, "dictionary"> = {},
): ZstdDictionary {
  if ("dictionary" in options) {
    throw new TypeError('Cannot read options: "dictionary" is not known, it is the first argument');
  }
  const settings = resolveCompressOptions({ ...options, dictionary });
  makeEncoderKernel(settings).close();
  return dictionary.prepare({ backend: options.backend });
}
