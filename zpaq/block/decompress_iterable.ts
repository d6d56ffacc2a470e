/**
 * Decompression of iterables, without streams in between.
 *
 * @module
 */
import { iterateCodec } from "@sluice/internal";
import type { ChunkSource } from "@sluice/internal";
import { DecoderCodec } from "./_decoder_codec.ts";
import { resolveDecompressOptions, splitStreamOptions } from "./_decompress_options.ts";
import type { ZpaqDecompressOptions, ZpaqStreamOptions } from "./decompress_options.ts";

/**
 * Decompresses chunks as they come. Nothing is read before the first `next()`; ending the iteration early frees
 * everything. Errors are those of `decompressZpaq`, after all output in front of them.
 *
 * @example Chunk by chunk
 * ```ts
 * import { compressZpaq, decompressZpaqIterable } from "@sluice/zpaq";
 * import { assertEquals } from "@std/assert";
 *
 * const block = compressZpaq(new Uint8Array(30));
 * let size = 0;
 * for await (const chunk of decompressZpaqIterable([block.subarray(0, 9), block.subarray(9)])) size += chunk.length;
 * assertEquals(size, 30);
 * ```
 */
export async function* decompressZpaqIterable(
  source: ChunkSource,
  options: ZpaqDecompressOptions & ZpaqStreamOptions = {},
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  const [codecOptions, stream] = splitStreamOptions<ZpaqDecompressOptions>(options);
  const codec = new DecoderCodec(resolveDecompressOptions(codecOptions), true);
  for await (const chunk of iterateCodec(codec, source, stream.chunkSize)) {
    stream.signal?.throwIfAborted();
    yield chunk;
  }
}
