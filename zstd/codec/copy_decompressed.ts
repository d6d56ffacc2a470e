/**
 * From one stream to another with decompression in between.
 *
 * @module
 */
import { checkArgument, untilAborted } from "@sluice/internal";
import type { BytesSource } from "@sluice/internal";
import type { ZstdDecompressOptions } from "../options/decompress_options.ts";
import { ZstdDecompressionStream } from "./decompression_stream.ts";
import type { ZstdStreamOptions } from "../options/stream_options.ts";

/** What a copy moved, in bytes. */
export interface ZstdCopied {
  /** Bytes taken from the source. */
  readonly read: number;
  /** Bytes given to the target. */
  readonly written: number;
}

/**
 * Decompresses everything of `source` into `target` and closes it; returns how many bytes were read and written.
 *
 * @throws {SluiceError} As `decompressZstd`.
 * @throws {unknown} What the source or the target fails with, unchanged.
 *
 * @example Counting bytes
 * ```ts
 * import { compressZstd, copyDecompressedZstd } from "@sluice/zstd";
 * import { assertEquals } from "@std/assert";
 *
 * const frame = compressZstd(new Uint8Array(5000));
 * const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
 * const content = new Response(readable).bytes();
 * const copied = await copyDecompressedZstd(ReadableStream.from([frame]), writable);
 * assertEquals(copied, { read: frame.length, written: 5000 });
 * assertEquals((await content).length, 5000);
 * ```
 */
export async function copyDecompressedZstd(
  source: ReadableStream<BytesSource>,
  target: WritableStream<Uint8Array<ArrayBuffer>>,
  options: ZstdDecompressOptions & ZstdStreamOptions = {},
): Promise<ZstdCopied> {
  checkArgument(source instanceof ReadableStream, "decompress a stream", source, "a ReadableStream");
  const stream = new ZstdDecompressionStream(options);
  // A target that stalls would keep the pipe from ending after an abort.
  await untilAborted(source.pipeThrough(stream).pipeTo(target), options.signal);
  return { read: stream.bytesIn, written: stream.bytesOut };
}
