/**
 * Compression as a pair of Web Streams.
 *
 * @module
 */
import { checkChoice, createPullStream, splitStreamOptions } from "@sluice/internal";
import type { BytesSource, PullStream } from "@sluice/internal";
import { resolveCompressOptions } from "./_compress_options.ts";
import { EncoderCodec } from "./_encoder_codec.ts";
import { COMPRESS_CHUNK_SIZE_DEFAULT } from "./_stream_options.ts";
import type { Lz4CompressOptions } from "./compress_options.ts";
import type { Lz4Flush } from "./encoder.ts";
import type { Lz4StreamOptions } from "./stream_options.ts";

/**
 * Compresses a stream. Use it with `pipeThrough`.
 *
 * Input is held back until a block is full (4 MiB by default); `flush` brings it out. Output comes in chunks of at most
 * `chunkSize` bytes, one for each pull; the reader owns them. A write settles when its chunk is used up. Closing ends the
 * frame; closing without a write gives an empty frame. Cancelling or aborting either side frees the context at once and
 * errors the other.
 *
 * @example Through a pipe and back
 * ```ts
 * import { Lz4CompressionStream, Lz4DecompressionStream } from "@sluice/lz4";
 * import { assertEquals } from "@std/assert";
 *
 * const copy = ReadableStream.from([new TextEncoder().encode("there and back")])
 *   .pipeThrough(new Lz4CompressionStream({ level: 9 }))
 *   .pipeThrough(new Lz4DecompressionStream())
 *   .pipeThrough(new TextDecoderStream());
 * assertEquals((await Array.fromAsync(copy)).join(""), "there and back");
 * ```
 */
export class Lz4CompressionStream {
  readonly #codec: EncoderCodec;
  readonly #flush: PullStream["flush"];
  /** The compressed bytes: a byte stream. */
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Takes the content in chunks of any size. */
  readonly writable: WritableStream<BytesSource>;

  /**
   * Takes a context from the backend; it goes with the end of the stream.
   *
   * @throws {TypeError} If an option has the wrong type or is not known.
   * @throws {RangeError} If an option is out of range.
   */
  constructor(options: Lz4CompressOptions & Lz4StreamOptions = {}) {
    const [codecOptions, stream] = splitStreamOptions(
      options,
      COMPRESS_CHUNK_SIZE_DEFAULT,
    );
    this.#codec = new EncoderCodec(resolveCompressOptions(codecOptions), stream.offload);
    ({ readable: this.readable, writable: this.writable, flush: this.#flush } = createPullStream(
      this.#codec,
      stream,
    ));
  }

  /** Input bytes used so far. */
  get bytesIn(): number {
    return this.#codec.bytesIn;
  }

  /** Output bytes given so far. */
  get bytesOut(): number {
    return this.#codec.bytesOut;
  }

  /** Brings out everything written so far: as a block, or by ending the frame. Settles when it has been read. */
  async flush(kind: Lz4Flush = "block"): Promise<void> {
    checkChoice("kind", kind, ["block", "frame"]);
    await this.#flush(() => this.#codec.flush(kind));
  }
}
