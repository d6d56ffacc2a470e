/**
 * Decompression of iterables, without streams in between.
 *
 * @module
 */
import { iterateCodec } from "@sluice/internal";
import type { ChunkSource } from "@sluice/internal";
import { openStreamDecoder } from "./_stream_decoder.ts";
import { Lz4Checkpoint } from "./checkpoint.ts";
import type { Lz4DecompressOptions } from "./decompress_options.ts";
import type { Lz4StreamOptions } from "./stream_options.ts";

/**
 * Decompresses chunks as they come. Nothing is read before the first `next()`; one input chunk and one output chunk are
 * held beside the codec's own memory. Errors of the source pass through unchanged. Ending the iteration early frees
 * everything. Errors are those of `decompressLz4`, after all output before them.
 *
 * @throws {TypeError} If an option has the wrong type or is not known, or a chunk holds no bytes.
 * @throws {RangeError} If an option is out of range.
 *
 * @example Chunk by chunk
 * ```ts
 * import { compressLz4, decompressLz4Iterable } from "@sluice/lz4";
 * import { assertEquals } from "@std/assert";
 *
 * const frame = compressLz4(new Uint8Array(30));
 * let size = 0;
 * for await (const chunk of decompressLz4Iterable([frame.subarray(0, 9), frame.subarray(9)])) size += chunk.length;
 * assertEquals(size, 30);
 * ```
 */
export async function* decompressLz4Iterable(
  source: ChunkSource,
  options: Lz4DecompressOptions & Lz4StreamOptions = {},
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  const [codec, stream] = openStreamDecoder(options, (state) => new Lz4Checkpoint(state));
  yield* iterateCodec(codec, source, stream);
}
