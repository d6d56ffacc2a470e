/**
 * The frames of a zstd file: where they are and what they say, without decompressing them.
 *
 * @module
 */
import { checkArgument, isAnyIterable, toBytes } from "@sluice/internal";
import type { BytesSource, ChunkSource } from "@sluice/internal";
import { FrameWalker } from "./_frame_walker.ts";
import type { ZstdFrameInfo } from "./_types.ts";

export type { ZstdFrameInfo } from "./_types.ts";

/**
 * Lists the frames of a stream that is in memory.
 *
 * @throws {CorruptDataError} If something between the frames is no frame ("BAD_MAGIC"), or a block header is corrupt.
 * @throws {TruncatedDataError} If the data ends inside a frame.
 *
 * @example Frames one after another
 * ```ts
 * import { compressZstd, listZstdFrames } from "@sluice/zstd";
 * import { assertEquals } from "@std/assert";
 *
 * const frame = compressZstd(new Uint8Array(10));
 * const twice = new Uint8Array([...frame, ...frame]);
 * assertEquals([...listZstdFrames(twice)].map((info) => info.offset), [0, frame.length]);
 * ```
 */
export function* listZstdFrames(data: BytesSource): Generator<ZstdFrameInfo, void, undefined> {
  const walker = new FrameWalker();
  yield* walker.push(toBytes(data));
  walker.finish();
}

/**
 * Lists the frames of a stream that comes in chunks, holding none of them.
 *
 * @throws {CorruptDataError} As {@linkcode listZstdFrames}.
 * @throws {TruncatedDataError} As {@linkcode listZstdFrames}.
 *
 * @example Frames of a stream
 * ```ts
 * import { compressZstd, listZstdFramesIterable } from "@sluice/zstd";
 * import { assertEquals } from "@std/assert";
 *
 * const frame = compressZstd(new Uint8Array(10));
 * const frames = await Array.fromAsync(listZstdFramesIterable(ReadableStream.from([frame, frame])));
 * assertEquals(frames.map((info) => info.contentSize), [10, 10]);
 * ```
 */
export async function* listZstdFramesIterable(
  source: Exclude<ChunkSource, BytesSource>,
): AsyncGenerator<ZstdFrameInfo, void, undefined> {
  checkArgument(isAnyIterable(source), "list frames", source, "an iterable of chunks");
  const walker = new FrameWalker();
  for await (const chunk of source) yield* walker.push(toBytes(chunk));
  walker.finish();
}

/** The size of all content in a stream. */
export interface ZstdDecompressedSize {
  /** The sum of the declared sizes; undefined when a frame does not declare its own. */
  readonly exact: number | undefined;
  /** What the content can't exceed: declared sizes, else blocks times their largest size. */
  readonly upperBound: number;
}

/**
 * Adds up the content of all frames of a stream that is in memory, by their headers alone.
 *
 * @throws {CorruptDataError} As {@linkcode listZstdFrames}.
 * @throws {TruncatedDataError} As {@linkcode listZstdFrames}.
 *
 * @example Two frames
 * ```ts
 * import { compressZstd, zstdDecompressedSize } from "@sluice/zstd";
 * import { assertEquals } from "@std/assert";
 *
 * const stream = new Uint8Array([...compressZstd(new Uint8Array(10)), ...compressZstd(new Uint8Array(5))]);
 * assertEquals(zstdDecompressedSize(stream), { exact: 15, upperBound: 15 });
 * ```
 */
export function zstdDecompressedSize(data: BytesSource): ZstdDecompressedSize {
  let exact: number | undefined = 0;
  let upperBound = 0;
  for (const frame of listZstdFrames(data)) {
    if (frame.type === "skippable") continue;
    exact = exact === undefined || frame.contentSize === undefined ? undefined : exact + frame.contentSize;
    upperBound += frame.contentSize ?? frame.blockCount * frame.blockSizeMax;
  }
  return { exact, upperBound };
}
