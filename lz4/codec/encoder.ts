/**
 * The push engine of compression: bytes in, bytes out, no I/O and no promises.
 *
 * @module
 */
import { checkChoice, readAvailable, toBytes } from "@sluice/internal";
import type { BytesSource } from "@sluice/internal";
import { resolveCompressOptions } from "./_compress_options.ts";
import { EncoderCodec } from "./_encoder_codec.ts";
import { COMPRESS_CHUNK_SIZE_DEFAULT } from "./_stream_options.ts";
import type { Lz4CompressOptions } from "./compress_options.ts";

/** How far a flush goes: it completes a block, or ends the frame so that the next push starts a new one. */
export type Lz4Flush = "block" | "frame";

/**
 * Compresses a stream that is pushed in pieces. It holds native memory: close it, or declare it with `using`.
 * Input is held back until a block is full; how input is cut into pieces does not change the output.
 *
 * @example Piece by piece
 * ```ts
 * import { decompressLz4, Lz4Encoder } from "@sluice/lz4";
 * import { assertEquals } from "@std/assert";
 *
 * using encoder = new Lz4Encoder({ contentSize: 6 });
 * const parts = [
 *   encoder.push(new Uint8Array([1, 2, 3])),
 *   encoder.flush(),
 *   encoder.push(new Uint8Array([4, 5, 6])),
 *   encoder.finish(),
 * ];
 * const stream = new Uint8Array(await new Blob(parts).arrayBuffer());
 * assertEquals(decompressLz4(stream), new Uint8Array([1, 2, 3, 4, 5, 6]));
 * ```
 */
export class Lz4Encoder implements Disposable {
  readonly #codec: EncoderCodec;

  /**
   * Takes a context from the backend.
   *
   * @throws {TypeError} If an option has the wrong type or is not known.
   * @throws {RangeError} If an option is out of range.
   */
  constructor(options: Lz4CompressOptions = {}) {
    this.#codec = new EncoderCodec(resolveCompressOptions(options), "never");
  }

  /** Whether `finish` has been called. */
  get ended(): boolean {
    return this.#codec.done;
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

  /**
   * Takes the next piece and returns what is ready, often nothing.
   *
   * @throws {TypeError} If the encoder is finished or closed.
   * @throws {CorruptDataError} With code "SIZE_MISMATCH" if there is more input than `contentSize` announced.
   */
  push(chunk: BytesSource): Uint8Array<ArrayBuffer> {
    this.#codec.write(toBytes(chunk));
    return this.#read();
  }

  /**
   * Returns everything that was pushed: "block" completes a block, which costs a little compression, "frame" ends the
   * frame.
   *
   * @throws {TypeError} If the encoder is finished or closed.
   */
  flush(kind: Lz4Flush = "block"): Uint8Array<ArrayBuffer> {
    this.#codec.flush(checkChoice("kind", kind, ["block", "frame"]));
    return this.#read();
  }

  /**
   * Ends the stream and returns its last bytes. Without any push the result is an empty frame.
   *
   * @throws {TypeError} If the encoder is finished or closed.
   * @throws {CorruptDataError} With code "SIZE_MISMATCH" if `contentSize` announced another size.
   */
  finish(): Uint8Array<ArrayBuffer> {
    if (this.#codec.done) throw new TypeError("Cannot finish the encoder: it is finished already");
    this.#codec.end();
    return this.#read();
  }

  /** Frees the context; calling it again does nothing. */
  close(): void {
    this.#codec.close();
  }

  /** Frees the context. */
  [Symbol.dispose](): void {
    this.close();
  }

  #read(): Uint8Array<ArrayBuffer> {
    const output = readAvailable(this.#codec, COMPRESS_CHUNK_SIZE_DEFAULT, Infinity);
    this.#codec.detachInput();
    return output;
  }
}
