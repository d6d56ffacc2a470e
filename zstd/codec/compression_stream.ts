/**
 * Compression as a pair of Web Streams.
 *
 * @module
 */
import type { ZstdProgress } from "../kernel/encoder.ts";
import { checkChoice, createPullStream, splitStreamOptions } from "@sluice/internal";
import type { BytesSource, PullStream } from "@sluice/internal";
import { splitCheckpointOptions } from "../options/_checkpoint_options.ts";
import { resolveCompressOptions } from "../options/_compress_options.ts";
import { EncoderCodec } from "./_encoder_codec.ts";
import { CHUNK_SIZE_DEFAULT } from "../options/_stream_options.ts";
import type { ZstdCompressionCheckpointOptions } from "../options/checkpoint.ts";
import type { ZstdCompressOptions } from "../options/compress_options.ts";
import type { ZstdFlush } from "./encoder.ts";
import type { ZstdStreamOptions } from "../options/stream_options.ts";

/**
 * Compresses a stream to one frame. Use it with `pipeThrough`.
 *
 * Input is held back until a block is full (128 KiB); `flush` brings it out. Output comes in chunks of at most
 * `chunkSize` bytes, one for each pull; the reader owns them. A write settles when its chunk is used up. Closing ends the
 * frame; closing without a write gives an empty frame. Cancelling or aborting either side frees the context at once and
 * errors the other. Declare `size` to have the content size in the frame. With `checkpointEvery` there are several frames,
 * and `onCheckpoint` tells where each of them ends.
 *
 * @example Through a pipe and back
 * ```ts
 * import { ZstdCompressionStream, ZstdDecompressionStream } from "@sluice/zstd";
 * import { assertEquals } from "@std/assert";
 *
 * const copy = ReadableStream.from([new TextEncoder().encode("there and back")])
 *   .pipeThrough(new ZstdCompressionStream({ level: 9 }))
 *   .pipeThrough(new ZstdDecompressionStream())
 *   .pipeThrough(new TextDecoderStream());
 * assertEquals((await Array.fromAsync(copy)).join(""), "there and back");
 * ```
 */
export class ZstdCompressionStream {
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
   * @throws {UnsupportedFeatureError} If the backend does not have an option.
   */
  constructor(options: ZstdCompressOptions & ZstdStreamOptions & ZstdCompressionCheckpointOptions = {}) {
    const [rest, checkpoints] = splitCheckpointOptions<ZstdCompressOptions & ZstdStreamOptions>(options);
    const [codecOptions, stream] = splitStreamOptions(rest, CHUNK_SIZE_DEFAULT);
    this.#codec = new EncoderCodec(resolveCompressOptions(codecOptions), stream.offload, checkpoints);
    ({ readable: this.readable, writable: this.writable, flush: this.#flush } = createPullStream(
      this.#codec,
      stream,
    ));
  }

  /** Input bytes taken so far. */
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

  /** The level at hand; with `adapt` it moves. */
  get level(): number {
    return this.#codec.level;
  }

  /** How far the frame has come. */
  get progress(): ZstdProgress {
    return this.#codec.progress;
  }

  /**
   * Brings out everything written so far; settles when it has been read. "block" completes a block, "frame" ends the
   * frame and the next write starts a new one.
   */
  async flush(kind: ZstdFlush = "block"): Promise<void> {
    checkChoice("kind", kind, ["block", "frame"]);
    await this.#flush(() => this.#codec.flush(kind));
  }
}
