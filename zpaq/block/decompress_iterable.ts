/**
 * Decompression of iterables, without streams in between.
 *
 * @module
 */
import { iterateCodec, splitStreamOptions } from "@sluice/internal";
import type { ChunkSource } from "@sluice/internal";
import { DecoderCodec } from "./_decoder_codec.ts";
import { resolveDecompressOptions, STREAM_CHUNK_SIZE } from "./_decompress_options.ts";
import type { ZpaqDecompressOptions, ZpaqStreamOptions } from "./decompress_options.ts";

/**
 * Decompresses chunks as they come. Nothing is read before the first `next()`; ending the iteration early frees
 * everything. Errors are those of `decompressZpaq`, after all output before them.
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
  const [codecOptions, stream] = splitStreamOptions(options, STREAM_CHUNK_SIZE);
  const codec = new DecoderCodec(resolveDecompressOptions(codecOptions), stream.offload !== "never");
  yield* iterateCodec(codec, source, stream);
}
