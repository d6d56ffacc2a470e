/**
 * Bodies compressed with a dictionary that both sides have (RFC 9842), whole in memory.
 *
 * @module
 */
import { concatBytes, iterateCodec, toBytes, WHOLE_OUTPUT_SIZE_MAX } from "@sluice/internal";
import type { BytesSource } from "@sluice/internal";
import { dczCodecOptions, makeHashHeader, openDcz } from "./_dcz.ts";
import { CHUNK_SIZE_DEFAULT } from "../options/_stream_options.ts";
import { compressZstdAsync } from "../codec/compress.ts";
import type { DczCompressOptions, DczDecompressOptions } from "./dcz_options.ts";

/**
 * Compresses a body for `Content-Encoding: dcz`: a header of 40 bytes with the SHA-256 of the dictionary, then a zstd
 * frame. The work is done off the event loop where the backend can.
 *
 * @throws {RangeError} If an option asks for a larger window than RFC 9842 allows with this dictionary.
 *
 * @example A new version of a resource
 * ```ts
 * import { compressDcz, DczDictionary, decompressDcz } from "@sluice/zstd/http";
 * import { assert, assertEquals } from "@std/assert";
 *
 * const previous = crypto.getRandomValues(new Uint8Array(10_000));
 * using dictionary = await DczDictionary.from(previous);
 * const next = previous.with(5000, 7);
 * const body = await compressDcz(next, { dictionary });
 * assert(body.length < 100);
 * assertEquals(await decompressDcz(body, { dictionaries: [dictionary] }), next);
 * ```
 */
export async function compressDcz(
  data: BytesSource,
  options: DczCompressOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = toBytes(data);
  const frame = await compressZstdAsync(bytes, dczCodecOptions(options, bytes.length));
  return concatBytes([makeHashHeader(options.dictionary.sha256), frame]);
}

/**
 * Decompresses a body that came with `Content-Encoding: dcz`. The header is checked before anything is decoded, so a wrong
 * dictionary never gives wrong content.
 *
 * @throws {CorruptDataError} With code "BAD_MAGIC" if the body does not start with a dcz header.
 * @throws {DictionaryMismatchError} With code "DICTIONARY_HASH_MISMATCH" if no dictionary has the hash.
 * @throws {SluiceError} As `decompressZstd`.
 *
 * @example A dictionary that the client does not have
 * ```ts
 * import { compressDcz, DczDictionary, decompressDcz } from "@sluice/zstd/http";
 * import { assertRejects } from "@std/assert";
 *
 * using dictionary = await DczDictionary.from(new Uint8Array(1000));
 * const body = await compressDcz(new Uint8Array(500), { dictionary });
 * await assertRejects(() => decompressDcz(body, { dictionaries: () => undefined }));
 * ```
 */
export async function decompressDcz(
  data: BytesSource,
  options: DczDecompressOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const codec = openDcz({ maxOutputSize: WHOLE_OUTPUT_SIZE_MAX, ...options }, "always");
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for await (const part of iterateCodec(codec, toBytes(data), { chunkSize: CHUNK_SIZE_DEFAULT })) {
    parts.push(part);
  }
  return concatBytes(parts);
}
