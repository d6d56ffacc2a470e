/**
 * Compression of iterables, without streams in between.
 *
 * @module
 */
import { iterateCodec, splitStreamOptions } from "@sluice/internal";
import type { ChunkSource } from "@sluice/internal";
import { resolveCompressOptions } from "./_compress_options.ts";
import { EncoderCodec } from "./_encoder_codec.ts";
import { COMPRESS_CHUNK_SIZE_DEFAULT } from "./_stream_options.ts";
import type { Lz4CompressOptions } from "./compress_options.ts";
import type { Lz4StreamOptions } from "./stream_options.ts";

/**
 * Compresses chunks as they come. Nothing is read before the first `next()`; one input chunk and one output chunk are
 * held beside the codec's own memory. Errors of the source pass through unchanged. Ending the iteration early frees
 * everything.
 *
 * @throws {TypeError} If an option has the wrong type or is not known, or a chunk holds no bytes.
 * @throws {RangeError} If an option is out of range.
 *
 * @example A generator of chunks
 * ```ts
 * import { compressLz4Iterable, decompressLz4 } from "@sluice/lz4";
 * import { assertEquals } from "@std/assert";
 *
 * const parts = await Array.fromAsync(compressLz4Iterable([new Uint8Array(10), new Uint8Array(20)]));
 * const frame = new Uint8Array(await new Blob(parts).arrayBuffer());
 * assertEquals(decompressLz4(frame).length, 30);
 * ```
 */
export async function* compressLz4Iterable(
  source: ChunkSource,
  options: Lz4CompressOptions & Lz4StreamOptions = {},
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  const [codecOptions, stream] = splitStreamOptions(options, COMPRESS_CHUNK_SIZE_DEFAULT);
  const codec = new EncoderCodec(resolveCompressOptions(codecOptions), stream.offload);
  yield* iterateCodec(codec, source, stream);
}
