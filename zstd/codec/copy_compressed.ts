/**
 * From one stream to another with compression in between.
 *
 * @module
 */
import { checkArgument, untilAborted } from "@sluice/internal";
import type { BytesSource } from "@sluice/internal";
import type { ZstdCompressOptions } from "../options/compress_options.ts";
import { ZstdCompressionStream } from "./compression_stream.ts";
import type { ZstdCopied } from "./copy_decompressed.ts";
import type { ZstdStreamOptions } from "../options/stream_options.ts";

/**
 * Compresses everything of `source` into `target` and closes it; returns how many bytes were read and written.
 *
 * @throws {unknown} What the source or the target fails with, unchanged.
 *
 * @example Counting bytes
 * ```ts
 * import { copyCompressedZstd } from "@sluice/zstd";
 * import { assert, assertEquals } from "@std/assert";
 *
 * const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
 * const frame = new Response(readable).bytes();
 * const { read, written } = await copyCompressedZstd(ReadableStream.from([new Uint8Array(5000)]), writable);
 * assertEquals(read, 5000);
 * assertEquals((await frame).length, written);
 * assert(written < 100);
 * ```
 */
export async function copyCompressedZstd(
  source: ReadableStream<BytesSource>,
  target: WritableStream<Uint8Array<ArrayBuffer>>,
  options: ZstdCompressOptions & ZstdStreamOptions = {},
): Promise<ZstdCopied> {
  checkArgument(source instanceof ReadableStream, "compress a stream", source, "a ReadableStream");
  const stream = new ZstdCompressionStream(options);
  // A target that stalls would keep the pipe from ending after an abort.
  await untilAborted(source.pipeThrough(stream).pipeTo(target), options.signal);
  return { read: stream.bytesIn, written: stream.bytesOut };
}
