/**
 * Compression of iterables, without streams in between.
 *
 * @module
 */
import { iterateCodec, splitStreamOptions } from "@sluice/internal";
import type { ChunkSource } from "@sluice/internal";
import { splitCheckpointOptions } from "../options/_checkpoint_options.ts";
import { resolveCompressOptions } from "../options/_compress_options.ts";
import { EncoderCodec } from "./_encoder_codec.ts";
import { CHUNK_SIZE_DEFAULT } from "../options/_stream_options.ts";
import type { ZstdCompressionCheckpointOptions } from "../options/checkpoint.ts";
import type { ZstdCompressOptions } from "../options/compress_options.ts";
import type { ZstdStreamOptions } from "../options/stream_options.ts";

/**
 * Compresses chunks as they come to one frame. Nothing is read before the first `next()`; one input chunk and one
 * output chunk are held beside the codec's own memory. Errors of the source pass through unchanged. Ending the iteration
 * early frees everything.
 *
 * @throws {TypeError} If an option has the wrong type or is not known, or a chunk holds no bytes.
 * @throws {RangeError} If an option is out of range.
 *
 * @example A generator of chunks
 * ```ts
 * import { compressZstdIterable, decompressZstd } from "@sluice/zstd";
 * import { assertEquals } from "@std/assert";
 *
 * const parts = await Array.fromAsync(compressZstdIterable([new Uint8Array(10), new Uint8Array(20)]));
 * const frame = new Uint8Array(await new Blob(parts).arrayBuffer());
 * assertEquals(decompressZstd(frame).length, 30);
 * ```
 */
export async function* compressZstdIterable(
  source: ChunkSource,
  options: ZstdCompressOptions & ZstdStreamOptions & ZstdCompressionCheckpointOptions = {},
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  const [rest, checkpoints] = splitCheckpointOptions<ZstdCompressOptions & ZstdStreamOptions>(options);
  const [codecOptions, stream] = splitStreamOptions(rest, CHUNK_SIZE_DEFAULT);
  const codec = new EncoderCodec(resolveCompressOptions(codecOptions), stream.offload, checkpoints);
  yield* iterateCodec(codec, source, stream);
}
