/**
 * The push engine of compression: bytes in, bytes out, no I/O and no promises.
 *
 * @module
 */
import type { ZstdProgress } from "../kernel/encoder.ts";
import {
  checkChoice,
  checkInteger,
  checkTarget,
  concatBytes,
  OutputCollector,
  toBytes,
} from "@sluice/internal";
import type { BytesSource } from "@sluice/internal";
import { LEVEL_MAX, LEVEL_MIN, resolveCompressOptions } from "../options/_compress_options.ts";
import { EncoderCodec } from "./_encoder_codec.ts";
import { CHUNK_SIZE_DEFAULT } from "../options/_stream_options.ts";
import type { ZstdCompressOptions } from "../options/compress_options.ts";

export type { ZstdProgress };

/** How far a flush goes: it completes a block, or ends the frame so that the next push starts a new one. */
export type ZstdFlush = "block" | "frame";

/**
 * Compresses a stream that is pushed in pieces. It holds native memory: close it, or declare it with `using`.
 * The encoder holds back input until a block is full; how input is cut into pieces does not change the output.
 *
 * @example Piece by piece
 * ```ts
 * import { decompressZstd, ZstdEncoder } from "@sluice/zstd";
 * import { assertEquals } from "@std/assert";
 *
 * using encoder = new ZstdEncoder({ size: 6 });
 * const parts = [
 *   encoder.push(new Uint8Array([1, 2, 3])),
 *   encoder.flush(),
 *   encoder.push(new Uint8Array([4, 5, 6])),
 *   encoder.finish(),
 * ];
 * const stream = new Uint8Array(await new Blob(parts).arrayBuffer());
 * assertEquals(decompressZstd(stream), new Uint8Array([1, 2, 3, 4, 5, 6]));
 * ```
 */
export class ZstdEncoder implements Disposable {
  readonly #codec: EncoderCodec;
  readonly #collector = new OutputCollector(CHUNK_SIZE_DEFAULT);

  /**
   * Takes a context from the backend.
   *
   * @throws {TypeError} If an option has the wrong type or is not known.
   * @throws {RangeError} If an option is out of range.
   * @throws {UnsupportedFeatureError} If the backend does not have an option.
   */
  constructor(options: ZstdCompressOptions = {}) {
    this.#codec = new EncoderCodec(resolveCompressOptions(options), "never");
  }

  /** Whether `finish` has been called. */
  get ended(): boolean {
    return this.#codec.done && this.#held.length === 0;
  }

  /** Input bytes taken so far. */
  get bytesIn(): number {
    return this.#codec.bytesIn;
  }

  /** Output bytes given so far. */
  get bytesOut(): number {
    return this.#codec.bytesOut;
  }

  /** Bytes that the context holds. */
  get memoryUsage(): number {
    return this.#codec.memoryUsage;
  }

  /** The level at hand; with `adapt` it moves. */
  get level(): number {
    return this.#codec.level;
  }

  /** How far the frame has come. */
  get progress(): ZstdProgress {
    return this.#codec.progress;
  }

  /** Whether nothing more can come out before the next `write`, flush or end. */
  get needsInput(): boolean {
    return this.#codec.needsInput && this.#held.length === 0;
  }

  /** Hands over a piece for `readInto`; it must not change until it is used up. */
  write(chunk: BytesSource): void {
    this.#codec.write(toBytes(chunk));
  }

  /** Says that the input is over; `readInto` gives the rest of the output, until `ended`. */
  end(): void {
    if (this.#codec.done) throw new TypeError("Cannot end the encoder: it is finished already");
    this.#codec.end();
  }

  /**
   * Compresses into the caller's buffer, without any allocation; returns how many bytes were written, 0 when input is
   * needed or nothing is ready.
   *
   * @throws {CorruptDataError} With code "INPUT_SIZE_MISMATCH" if `size` announced another size.
   */
  readInto(target: Uint8Array<ArrayBuffer>): number {
    const start = this.#takeHeld(checkTarget(target, this.#codec.input));
    return start + this.#codec.read(target, start);
  }

  /** As `readInto`, off the event loop where the backend can; nothing else may be called until it settles. */
  async readIntoAsync(target: Uint8Array<ArrayBuffer>): Promise<number> {
    const start = this.#takeHeld(checkTarget(target, this.#codec.input));
    return start + await this.#codec.readAsync(target, start);
  }

  /**
   * Takes the next piece and returns what is ready, often nothing.
   *
   * @throws {TypeError} If the encoder is finished or closed.
   * @throws {CorruptDataError} With code "INPUT_SIZE_MISMATCH" if there is more input than `size` announced.
   */
  push(chunk: BytesSource): Uint8Array<ArrayBuffer> {
    this.#codec.write(toBytes(chunk));
    return this.#read();
  }

  /**
   * Takes the next piece and yields what is ready in chunks of exactly `chunkSize` bytes, holding back the rest: it comes
   * first in the output of whatever is called next.
   */
  *pushChunks(
    chunk: BytesSource,
    chunkSize: number = CHUNK_SIZE_DEFAULT,
  ): Generator<Uint8Array<ArrayBuffer>> {
    checkInteger("chunkSize", chunkSize, 1, 1 << 30);
    this.#codec.write(toBytes(chunk));
    try {
      while (true) {
        const target = new Uint8Array(chunkSize);
        const length = this.readInto(target);
        if (length < chunkSize) {
          this.#held = target.subarray(0, length);
          return;
        }
        yield target;
      }
    } finally {
      this.#codec.detachInput();
    }
  }

  /**
   * Returns everything that was pushed: "block" completes a block, which costs a little compression, "frame" ends the
   * frame.
   *
   * @throws {TypeError} If the encoder is finished or closed.
   */
  flush(kind: ZstdFlush = "block"): Uint8Array<ArrayBuffer> {
    this.#codec.flush(checkChoice("kind", kind, ["block", "frame"]));
    return this.#read();
  }

  /**
   * Ends the stream and returns its last bytes.
   *
   * @throws {TypeError} If the encoder is finished or closed.
   * @throws {CorruptDataError} With code "INPUT_SIZE_MISMATCH" if `size` announced another size.
   */
  finish(): Uint8Array<ArrayBuffer> {
    if (this.#codec.done) throw new TypeError("Cannot finish the encoder: it is finished already");
    this.#codec.end();
    return this.#read();
  }

  /**
   * Changes the level: from the next frame on, with worker threads from the next job on.
   *
   * @throws {RangeError} If the level is out of range.
   */
  setLevel(level: number): void {
    this.#codec.setLevel(checkInteger("level", level, LEVEL_MIN, LEVEL_MAX));
  }

  /** Frees the context; calling it again does nothing. */
  close(): void {
    this.#codec.close();
  }

  /** Frees the context. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** Output of `pushChunks` that did not fill a chunk; it comes before anything that the codec gives. */
  #held: Uint8Array<ArrayBuffer> = new Uint8Array();

  /** Copies held output to the start of the target; returns how much. */
  #takeHeld(target: Uint8Array): number {
    const part = this.#held.subarray(0, target.length);
    target.set(part);
    this.#held = this.#held.subarray(part.length);
    return part.length;
  }

  #read(): Uint8Array<ArrayBuffer> {
    const output = this.#collector.collect(this.#codec, Infinity);
    this.#codec.detachInput();
    if (this.#held.length === 0) return output;
    const held = this.#held;
    this.#held = new Uint8Array();
    return concatBytes([held, output]);
  }
}
