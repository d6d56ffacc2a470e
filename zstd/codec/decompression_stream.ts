/**
 * Decompression as a pair of Web Streams.
 *
 * @module
 */
import { createPullStream, splitStreamOptions } from "@sluice/internal";
import type { BytesSource } from "@sluice/internal";
import { splitResumeOptions } from "../options/_checkpoint_options.ts";
import { DecoderCodec } from "./_decoder_codec.ts";
import { resolveStreamingOptions } from "../options/_decompress_options.ts";
import { CHUNK_SIZE_DEFAULT } from "../options/_stream_options.ts";
import type { ZstdCheckpointOptions } from "../options/checkpoint.ts";
import type { ZstdDecompressOptions } from "../options/decompress_options.ts";
import type { ZstdFrameHeader } from "../frame/frame_header.ts";
import type { ZstdStreamOptions } from "../options/stream_options.ts";

/**
 * Decompresses a zstd stream. Use it with `pipeThrough`.
 *
 * Output appears as soon as a block is complete, in chunks of at most `chunkSize` bytes, one for each pull; the reader
 * owns them. Held back: one input chunk, one output chunk and the frame's window. A write settles when its chunk is used
 * up. Closing the writable inside a frame fails. Cancelling or aborting either side frees the context at once and errors
 * the other. A checksum is checked at the end of its frame, after the frame's content has been given out. A download that
 * broke off is taken up at the last checkpoint, with `resumeAt` and a Range request from its `compressedOffset`.
 *
 * @example Through a pipe
 * ```ts
 * import { compressZstd, ZstdDecompressionStream } from "@sluice/zstd";
 * import { assertEquals } from "@std/assert";
 *
 * const frame = compressZstd(new TextEncoder().encode("streams"));
 * const text = ReadableStream.from([frame])
 *   .pipeThrough(new ZstdDecompressionStream())
 *   .pipeThrough(new TextDecoderStream());
 * assertEquals((await Array.fromAsync(text)).join(""), "streams");
 * ```
 */
export class ZstdDecompressionStream {
  readonly #codec: DecoderCodec;
  /** The decompressed bytes: a byte stream, so BYOB readers are served without a copy. */
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Takes the compressed bytes in chunks of any size. */
  readonly writable: WritableStream<BytesSource>;

  /**
   * Takes a context from the backend; it goes with the end of the stream.
   *
   * @throws {TypeError} If an option has the wrong type or is not known.
   * @throws {RangeError} If an option is out of range.
   */
  constructor(options: ZstdDecompressOptions & ZstdStreamOptions & ZstdCheckpointOptions = {}) {
    const [rest, checkpoints] = splitResumeOptions<ZstdDecompressOptions & ZstdStreamOptions>(options);
    const [codecOptions, stream] = splitStreamOptions(rest, CHUNK_SIZE_DEFAULT);
    this.#codec = new DecoderCodec(
      resolveStreamingOptions(codecOptions),
      stream.offload,
      undefined,
      checkpoints,
    );
    ({ readable: this.readable, writable: this.writable } = createPullStream(this.#codec, stream));
  }

  /** Input bytes used so far, from the start of the whole stream. */
  get bytesIn(): number {
    return this.#codec.bytesIn;
  }

  /**
   * Bytes that the context holds.
   *
   * @throws {TypeError} If the stream has ended, or a call off the event loop is under way.
   */
  get memoryUsage(): number {
    return this.#codec.memoryUsage;
  }

  /** Output bytes given so far. */
  get bytesOut(): number {
    return this.#codec.bytesOut;
  }

  /** The header of the frame at hand; undefined before the first is complete. */
  get header(): ZstdFrameHeader | undefined {
    return this.#codec.header;
  }
}
