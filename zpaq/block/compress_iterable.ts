/**
 * Compression of iterables, without streams in between.
 *
 * @module
 */
import { iterateCodec, splitStreamOptions } from "@sluice/internal";
import type { ChunkSource } from "@sluice/internal";
import { resolveCompressOptions } from "./_compress_options.ts";
import { STREAM_CHUNK_SIZE } from "./_decompress_options.ts";
import { EncoderCodec } from "./_encoder_codec.ts";
import type { ZpaqCompressOptions } from "./compress_options.ts";
import type { ZpaqStreamOptions } from "./decompress_options.ts";

/**
 * Compresses chunks as they come, block by block.
 *
 * @example Chunk by chunk
 * ```ts
 * import { compressZpaqIterable, decompressZpaq } from "@sluice/zpaq";
 * import { assertEquals } from "@std/assert";
 *
 * const archive = await new Blob(await Array.fromAsync(compressZpaqIterable([new Uint8Array(10), new Uint8Array(20)]))).bytes();
 * assertEquals(decompressZpaq(archive).length, 30);
 * ```
 */
export async function* compressZpaqIterable(
  source: ChunkSource,
  options: ZpaqCompressOptions & ZpaqStreamOptions = {},
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  const [codecOptions, stream] = splitStreamOptions(options, STREAM_CHUNK_SIZE);
  const codec = new EncoderCodec(resolveCompressOptions(codecOptions), stream.offload !== "never");
  yield* iterateCodec(codec, source, stream);
}
