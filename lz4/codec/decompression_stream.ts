/**
 * Decompression as a pair of Web Streams.
 *
 * @module
 */
import { createPullStream } from "@sluice/internal";
import type { BytesSource } from "@sluice/internal";
import type { DecoderCodec } from "./_decoder_codec.ts";
import { openStreamDecoder } from "./_stream_decoder.ts";
import { Lz4Checkpoint } from "./checkpoint.ts";
import type { Lz4DecompressOptions } from "./decompress_options.ts";
import type { Lz4FrameHeader } from "../frame/frame_header.ts";
import type { Lz4StreamOptions } from "./stream_options.ts";

/**
 * Decompresses a stream of frames. Use it with `pipeThrough`.
 *
 * Output comes in chunks of at most `chunkSize` bytes, one for each pull; the reader owns them. At most one block and
 * 64 KiB of history are held back, however far the input expands. A write settles when its chunk is used up. Closing the
 * writable inside a frame fails. Cancelling or aborting either side frees the context at once and errors the other. A
 * checksum is checked at the end of its frame, after the frame's content has been given out.
 *
 * @example Through a pipe
 * ```ts
 * import { compressLz4, Lz4DecompressionStream } from "@sluice/lz4";
 * import { assertEquals } from "@std/assert";
 *
 * const frame = compressLz4(new TextEncoder().encode("streams"));
 * const text = ReadableStream.from([frame])
 *   .pipeThrough(new Lz4DecompressionStream())
 *   .pipeThrough(new TextDecoderStream());
 * assertEquals((await Array.fromAsync(text)).join(""), "streams");
 * ```
 */
export class Lz4DecompressionStream {
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
  constructor(options: Lz4DecompressOptions & Lz4StreamOptions = {}) {
    const [codec, stream] = openStreamDecoder(options, (state) => new Lz4Checkpoint(state));
    this.#codec = codec;
    ({ readable: this.readable, writable: this.writable } = createPullStream(codec, stream));
  }

  /** Input bytes used so far. */
  get bytesIn(): number {
    return this.#codec.bytesIn;
  }

  /** Output bytes given so far. */
  get bytesOut(): number {
    return this.#codec.bytesOut;
  }

  /** The header of the frame at hand; undefined before the first is complete. */
  get frame(): Lz4FrameHeader | undefined {
    return this.#codec.info;
  }
}
