/**
 * The frames of an lz4 file: where they are and what they say, by their headers alone.
 *
 * @module
 */
import { openByteSource } from "@sluice/internal";
import type { ByteSourceLike } from "@sluice/internal";
import { walkFrames } from "./_frame_walk.ts";
import type { Lz4FrameHeader } from "./frame_header.ts";

/** A frame's header together with its place. */
export interface Lz4FrameSummary extends Lz4FrameHeader {
  /** Where the frame starts. */
  readonly offset: number;
  /** Bytes of the whole frame. */
  readonly compressedSize: number;
  /** How many blocks it has. */
  readonly blockCount: number;
}

/**
 * Lists the frames of a file by hopping from block to block: no content is read or decoded.
 *
 * @throws {TruncatedDataError} If the file ends inside a frame.
 * @throws {CorruptDataError} If something between frames is none ("TRAILING_DATA", "BAD_MAGIC"), or a block is too large.
 *
 * @example Frames one after another
 * ```ts
 * import { compressLz4, listLz4Frames } from "@sluice/lz4";
 * import { assertEquals } from "@std/assert";
 *
 * const frame = compressLz4(new Uint8Array(10));
 * const frames = await Array.fromAsync(listLz4Frames(new Uint8Array([...frame, ...frame])));
 * assertEquals(frames.map((info) => info.offset), [0, frame.length]);
 * ```
 */
export async function* listLz4Frames(
  data: ByteSourceLike,
): AsyncGenerator<Lz4FrameSummary, void, undefined> {
  const source = await openByteSource(data);
  for await (const { info, offset, end, blockCount } of walkFrames(source, "list lz4 frames")) {
    yield { ...info, offset, compressedSize: end - offset, blockCount };
  }
}
