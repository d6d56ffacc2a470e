/**
 * Compression as a pair of Web Streams.
 *
 * @module
 */
import { createPullStream, splitStreamOptions } from "@sluice/internal";
import type { BytesSource } from "@sluice/internal";
import { resolveCompressOptions } from "./_compress_options.ts";
import { STREAM_CHUNK_SIZE } from "./_decompress_options.ts";
import { EncoderCodec } from "./_encoder_codec.ts";
import type { ZpaqCompressOptions } from "./compress_options.ts";
import type { ZpaqStreamOptions } from "./decompress_options.ts";

/**
 * Compresses a stream into blocks. Use it with `pipeThrough`. One block of content is held and compressed as a whole when
 * it is full or the stream ends; natively that runs off the event loop.
 *
 * @example Small blocks
 * ```ts
 * import { decompressZpaq, ZpaqCompressionStream } from "@sluice/zpaq";
 * import { assertEquals } from "@std/assert";
 *
 * const chunks = ReadableStream.from([new Uint8Array(5000), new Uint8Array(5000)])
 *   .pipeThrough(new ZpaqCompressionStream({ method: "3", blockSize: 4096 }));
 * const archive = await new Blob(await Array.fromAsync(chunks)).bytes();
 * assertEquals(decompressZpaq(archive).length, 10_000);
 * ```
 */
export class ZpaqCompressionStream {
  /** The compressed bytes. */
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Takes the content in chunks of any size. */
  readonly writable: WritableStream<BytesSource>;

  /**
   * Checks the options; contexts are taken block by block.
   *
   * @throws {TypeError} If an option has the wrong type or is not known.
   * @throws {RangeError} If an option is out of range or the method is not known.
   */
  constructor(options: ZpaqCompressOptions & ZpaqStreamOptions = {}) {
    const [codecOptions, stream] = splitStreamOptions(options, STREAM_CHUNK_SIZE);
    const codec = new EncoderCodec(resolveCompressOptions(codecOptions), stream.offload !== "never");
    ({ readable: this.readable, writable: this.writable } = createPullStream(codec, stream));
  }
}
