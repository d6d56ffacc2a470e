/**
 * Decompression as a pair of Web Streams.
 *
 * @module
 */
import { createPullStream, splitStreamOptions } from "@sluice/internal";
import type { BytesSource } from "@sluice/internal";
import { DecoderCodec } from "./_decoder_codec.ts";
import { resolveDecompressOptions, STREAM_CHUNK_SIZE } from "./_decompress_options.ts";
import type { ZpaqDecompressOptions, ZpaqStreamOptions } from "./decompress_options.ts";

/**
 * Decompresses a stream of blocks into the content of all their segments. Use it with `pipeThrough`.
 *
 * Output comes in chunks of at most `chunkSize` bytes, one for each pull; the reader owns them. Beside the model of one
 * block, whose size its header says and `maxMemory` bounds, nothing grows with the data. A checksum is checked at the
 * end of its segment, after the segment's content has been given out.
 *
 * @example Through a pipe
 * ```ts
 * import { compressZpaq, ZpaqDecompressionStream } from "@sluice/zpaq";
 * import { assertEquals } from "@std/assert";
 *
 * const block = compressZpaq(new TextEncoder().encode("streams"));
 * const text = ReadableStream.from([block])
 *   .pipeThrough(new ZpaqDecompressionStream())
 *   .pipeThrough(new TextDecoderStream());
 * assertEquals((await Array.fromAsync(text)).join(""), "streams");
 * ```
 */
export class ZpaqDecompressionStream {
  /** The decompressed bytes: a byte stream, so BYOB readers are served without a copy. */
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Takes the compressed bytes in chunks of any size. */
  readonly writable: WritableStream<BytesSource>;

  /**
   * Takes a context from the backend at the first block; it goes with the end of the stream.
   *
   * @throws {TypeError} If an option has the wrong type or is not known.
   * @throws {RangeError} If an option is out of range.
   */
  constructor(options: ZpaqDecompressOptions & ZpaqStreamOptions = {}) {
    const [codecOptions, stream] = splitStreamOptions(options, STREAM_CHUNK_SIZE);
    const codec = new DecoderCodec(resolveDecompressOptions(codecOptions), stream.offload !== "never");
    ({ readable: this.readable, writable: this.writable } = createPullStream(codec, stream));
  }
}
