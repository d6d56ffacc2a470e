/**
 * Writing seekable files as a pair of Web Streams.
 *
 * @module
 */
import { createPullStream, splitStreamOptions } from "@sluice/internal";
import type { BytesSource, PullStream } from "@sluice/internal";
import { SeekableCodec } from "./_seekable_codec.ts";
import { resolveSeekableOptions } from "./_seekable_options.ts";
import { CHUNK_SIZE_DEFAULT } from "../options/_stream_options.ts";
import type { ZstdSeekableCompressOptions } from "./seekable_options.ts";
import type { ZstdStreamOptions } from "../options/stream_options.ts";

/**
 * Compresses a stream to a seekable file: frames of `frameSize` content bytes and a seek table behind them. Every zstd
 * decoder reads it; {@linkcode ZstdSeekableReader} reads any part of it without the rest.
 *
 * Frames are compressed by `threads` threads and come out in order. Held back: up to `threads` frames, their
 * content and their compressed form, beside the one that is being filled; and the table, 12 bytes a frame. A write
 * settles when its chunk has been taken into frames. Closing ends the last frame and gives the table; closing without a
 * write gives one empty frame. Cancelling or aborting either side errors the other; frames under way end by themselves.
 *
 * @example A file of two frames
 * ```ts
 * import { byteSourceFromBytes, ZstdSeekableCompressionStream, ZstdSeekableReader } from "@sluice/zstd/seekable";
 * import { assertEquals } from "@std/assert";
 *
 * const text = new TextEncoder().encode("random access");
 * const file = ReadableStream.from([text]).pipeThrough(new ZstdSeekableCompressionStream({ frameSize: 7 }));
 * const bytes = new Uint8Array(await new Response(file).arrayBuffer());
 * const reader = await ZstdSeekableReader.open(byteSourceFromBytes(bytes));
 * assertEquals(reader.frameCount, 2);
 * assertEquals(new TextDecoder().decode(await reader.read(7, 6)), "access");
 * ```
 */
export class ZstdSeekableCompressionStream {
  readonly #codec: SeekableCodec;
  readonly #flush: PullStream["flush"];
  /** The file: a byte stream. */
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Takes the content in chunks of any size. */
  readonly writable: WritableStream<BytesSource>;

  /**
   * Checks the options; contexts are taken frame by frame.
   *
   * @throws {TypeError} If an option has the wrong type or is not known.
   * @throws {RangeError} If an option is out of range.
   * @throws {UnsupportedFeatureError} If the backend does not have an option.
   */
  constructor(options: ZstdSeekableCompressOptions & ZstdStreamOptions = {}) {
    const [seekable, stream] = splitStreamOptions(options, CHUNK_SIZE_DEFAULT);
    this.#codec = new SeekableCodec(resolveSeekableOptions(seekable), stream.offload !== "never");
    ({ readable: this.readable, writable: this.writable, flush: this.#flush } = createPullStream(
      this.#codec,
      stream,
    ));
  }

  /** Content bytes taken so far. */
  get bytesIn(): number {
    return this.#codec.bytesIn;
  }

  /** Bytes of the file given so far. */
  get bytesOut(): number {
    return this.#codec.bytesOut;
  }

  /** Frames so far, with those under way. */
  get frameCount(): number {
    return this.#codec.frameCount;
  }

  /**
   * Ends a frame after everything written so far, so that a record starts a frame; settles when all frames up to it have
   * been read. Without content since the last end no frame is made.
   */
  async endFrame(): Promise<void> {
    await this.#flush(() => this.#codec.endFrame());
  }
}
