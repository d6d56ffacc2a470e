/**
 * Decompression of iterables, without streams in between.
 *
 * @module
 */
import { iterateCodec, splitStreamOptions } from "@sluice/internal";
import type { ChunkSource } from "@sluice/internal";
import { splitResumeOptions } from "../options/_checkpoint_options.ts";
import { DecoderCodec } from "./_decoder_codec.ts";
import { resolveStreamingOptions } from "../options/_decompress_options.ts";
import { CHUNK_SIZE_DEFAULT } from "../options/_stream_options.ts";
import type { ZstdCheckpointOptions } from "../options/checkpoint.ts";
import type { ZstdDecompressOptions } from "../options/decompress_options.ts";
import type { ZstdStreamOptions } from "../options/stream_options.ts";

/**
 * Decompresses chunks as they come. Nothing is read before the first `next()`; one input chunk, one output chunk and
 * the frame's window are held. Errors of the source pass through unchanged. Ending the iteration early frees everything.
 *
 * @throws {SluiceError} As `decompressZstd`, from `next()`, after the output before the fault.
 *
 * @example A generator of chunks
 * ```ts
 * import { compressZstd, decompressZstdIterable } from "@sluice/zstd";
 * import { assertEquals } from "@std/assert";
 *
 * const frame = compressZstd(new Uint8Array(300_000));
 * let size = 0;
 * for await (const chunk of decompressZstdIterable([frame])) size += chunk.length;
 * assertEquals(size, 300_000);
 * ```
 */
export async function* decompressZstdIterable(
  source: ChunkSource,
  options: ZstdDecompressOptions & ZstdStreamOptions & ZstdCheckpointOptions = {},
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  const [rest, checkpoints] = splitResumeOptions<ZstdDecompressOptions & ZstdStreamOptions>(options);
  const [codecOptions, stream] = splitStreamOptions(rest, CHUNK_SIZE_DEFAULT);
  const codec = new DecoderCodec(
    resolveStreamingOptions(codecOptions),
    stream.offload,
    undefined,
    checkpoints,
  );
  yield* iterateCodec(codec, source, stream);
}
