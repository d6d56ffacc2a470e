/**
 * The push engine of decompression: bytes in, bytes out, no I/O and no promises.
 *
 * @module
 */
import { embedsInput } from "./_checkpoint_options.ts";
import { checkTarget, concatBytes, OutputBuffers, toBytes } from "@sluice/internal";
import type { BytesSource } from "@sluice/internal";
import { Lz4DecoderKernel } from "../kernel/decoder.ts";
import { DecoderCodec } from "./_decoder_codec.ts";
import { resolveStreamingOptions } from "./_decompress_options.ts";
import { PIECE_SIZE, readWholeBlocks } from "./_whole_blocks.ts";
import { Lz4Checkpoint } from "./checkpoint.ts";
import type { Lz4CheckpointOptions } from "./checkpoint.ts";
import type { Lz4DecompressOptions } from "./decompress_options.ts";
import type { Lz4FrameHeader } from "../frame/frame_header.ts";
import type { Lz4Position } from "./position.ts";

/**
 * Decompresses a stream that is pushed in pieces. It holds native memory: close it, or declare it with `using`.
 * Output appears as soon as a block is complete, of stored blocks without checksum as their bytes come; at most one block, a buffer of a
 * block and 64 KiB of history are held.
 *
 * @example Piece by piece
 * ```ts
 * import { compressLz4, Lz4Decoder } from "@sluice/lz4";
 * import { assertEquals } from "@std/assert";
 *
 * const frame = compressLz4(new Uint8Array([1, 2, 3]));
 * using decoder = new Lz4Decoder();
 * const parts = [decoder.push(frame.subarray(0, 10)), decoder.push(frame.subarray(10))];
 * decoder.finish();
 * assertEquals(parts.map((part) => part.length), [0, 3]);
 * ```
 */
export class Lz4Decoder implements Disposable {
  readonly #options: Lz4DecompressOptions;
  readonly #kernel: Lz4DecoderKernel;
  readonly #buffers = new OutputBuffers(PIECE_SIZE);
  #codec: DecoderCodec;

  /**
   * Takes a context from the backend.
   *
   * @throws {TypeError} If an option has the wrong type or is not known.
   * @throws {RangeError} If an option is out of range.
   */
  constructor(options: Lz4DecompressOptions = {}) {
    this.#options = options;
    const settings = resolveStreamingOptions(options);
    this.#kernel = new Lz4DecoderKernel(settings);
    this.#codec = new DecoderCodec(settings, { wholeBlocks: true }, this.#kernel);
  }

  /**
   * A decoder that goes on from a checkpoint: its next input is the byte at `checkpoint.resumeFrom`.
   *
   * @throws {CorruptDataError} With code "STATE_INVALID" if the bytes are no valid state.
   * @throws {DictionaryMismatchError} If the frame needs a dictionary that `options` do not have.
   */
  static fromCheckpoint(
    checkpoint: Lz4Checkpoint | BytesSource,
    options: Lz4DecompressOptions = {},
  ): Lz4Decoder {
    const { state } = checkpoint instanceof Lz4Checkpoint ? checkpoint : Lz4Checkpoint.fromBytes(checkpoint);
    const decoder = new Lz4Decoder(options);
    try {
      decoder.#codec.loadState(state);
    } catch (error) {
      decoder.close();
      throw error;
    }
    return decoder;
  }

  /** Whether the stream is complete. */
  get ended(): boolean {
    return this.#codec.done;
  }

  /** How many input bytes are best fed next: the rest of the block at hand and the next word; 0 at the end. */
  get hint(): number {
    return this.#codec.hint;
  }

  /** Where the decoder stands. */
  get position(): Lz4Position {
    return this.#codec.position;
  }

  /** The header of the frame at hand, or of the last one. */
  get frame(): Lz4FrameHeader | undefined {
    return this.#codec.info;
  }

  /**
   * What followed the end in the piece that reached it, as a copy; empty before the end. Pieces that are pushed after the
   * end are dropped.
   */
  get unused(): Uint8Array<ArrayBuffer> {
    return this.#codec.unused;
  }

  /**
   * Forgets everything and starts over with a new stream in the same context.
   *
   * @throws {TypeError} If the decoder is closed.
   */
  reset(): void {
    this.#codec.dropInput();
    this.#codec.end(); // a closed decoder refuses
    this.#codec = new DecoderCodec(
      resolveStreamingOptions(this.#options),
      { wholeBlocks: true },
      this.#kernel,
    );
  }

  /** Whether all input so far is decoded: a checkpoint now reads nothing again. */
  get atBoundary(): boolean {
    return this.#codec.atBoundary;
  }

  /** Bytes that the decoder holds. */
  get memoryUsage(): number {
    return this.#codec.memoryUsage;
  }

  /**
   * Takes the next piece and returns all output that it completes. Errors are those of `decompressLz4`; output in front
   * of one is returned first, and the next call throws.
   */
  push(chunk: BytesSource): Uint8Array<ArrayBuffer> {
    this.#codec.wholeBlocks = true;
    this.#codec.write(toBytes(chunk));
    const output = concatBytes(readWholeBlocks(this.#codec, this.#buffers));
    this.#codec.detachInput();
    return output;
  }

  /** Whether `readInto` has nothing to return before the next `write`. */
  get needsInput(): boolean {
    return this.#codec.needsInput;
  }

  /**
   * Hands over a piece for `readInto`, which takes all of it before the next one; it must not change until then. After
   * the last piece comes `end`. With several threads `readInto` waits until there are blocks for each of them.
   */
  write(chunk: BytesSource): void {
    this.#codec.wholeBlocks = false;
    this.#codec.write(toBytes(chunk));
  }

  /** Says that no more pieces come; `readInto` then goes on to the end, where it fails if the stream is not complete. */
  end(): void {
    this.#codec.wholeBlocks = false;
    this.#codec.end();
  }

  /**
   * Decodes into the caller's buffer, without any allocation; returns how many bytes were written, 0 when input is needed
   * or at the end. While part of a block waits for room, `checkpoint` fails with "NOT_READY".
   *
   * @throws {SluiceError} As `decompressLz4`.
   *
   * @example Into one buffer, again and again
   * ```ts
   * import { compressLz4, Lz4Decoder } from "@sluice/lz4";
   * import { assertEquals } from "@std/assert";
   *
   * using decoder = new Lz4Decoder();
   * decoder.write(compressLz4(new Uint8Array(1000)));
   * decoder.end();
   * const target = new Uint8Array(64);
   * let size = 0;
   * while (!decoder.ended) size += decoder.readInto(target);
   * assertEquals(size, 1000);
   * ```
   */
  readInto(target: Uint8Array<ArrayBuffer>): number {
    return this.#codec.read(checkTarget(target, this.#codec.input), 0);
  }

  /** As `readInto`, off the event loop where the backend can; nothing else may be called until it settles. */
  async readIntoAsync(target: Uint8Array<ArrayBuffer>): Promise<number> {
    return await this.#codec.readAsync(checkTarget(target, this.#codec.input), 0);
  }

  /**
   * Says that no more input comes, after `push`.
   *
   * @throws {TruncatedDataError} If the stream is not complete; `checkpoint()` still tells where to go on.
   */
  finish(): void {
    this.#codec.wholeBlocks = true;
    this.#codec.end();
    while (!this.#codec.done) readWholeBlocks(this.#codec, this.#buffers);
  }

  /** A place to resume from: the last block boundary. It also works after a truncated end. */
  checkpoint(options: Lz4CheckpointOptions = {}): Lz4Checkpoint {
    return new Lz4Checkpoint(this.#codec.saveState(embedsInput(options)));
  }

  /** A second decoder with the same state, independent of this one. */
  clone(): Lz4Decoder {
    return Lz4Decoder.fromCheckpoint(this.checkpoint({ carry: "embed" }), this.#options);
  }

  /** Frees the context; calling it again does nothing. */
  close(): void {
    this.#codec.close();
    this.#kernel.close();
  }

  /** Frees the context. */
  [Symbol.dispose](): void {
    this.close();
  }
}
