/**
 * The push engine of compression: bytes in, bytes out, no I/O and no promises.
 *
 * @module
 */
import { OutputCollector, toBytes } from "@sluice/internal";
import type { BytesSource } from "@sluice/internal";
import { resolveCompressOptions } from "./_compress_options.ts";
import { PUSH_CHUNK_SIZE } from "./_decompress_options.ts";
import { EncoderCodec } from "./_encoder_codec.ts";
import type { ZpaqCompressOptions } from "./compress_options.ts";

/**
 * Compresses content that is pushed in pieces. Input is held back until a block is full; how it is cut into pieces does
 * not change the output.
 *
 * @example Piece by piece
 * ```ts
 * import { decompressZpaq, ZpaqEncoder } from "@sluice/zpaq";
 * import { assertEquals } from "@std/assert";
 *
 * using encoder = new ZpaqEncoder({ method: "2" });
 * const parts = [encoder.push(new Uint8Array([1, 2])), encoder.push(new Uint8Array([3])), encoder.finish()];
 * const archive = new Uint8Array(await new Blob(parts).arrayBuffer());
 * assertEquals(decompressZpaq(archive), new Uint8Array([1, 2, 3]));
 * ```
 */
export class ZpaqEncoder implements Disposable {
  readonly #codec: EncoderCodec;
  readonly #collector = new OutputCollector(PUSH_CHUNK_SIZE);

  /**
   * Checks options; memory is taken as input comes.
   *
   * @throws {TypeError} If an option has the wrong type or is not known.
   * @throws {RangeError} If an option is out of range.
   */
  constructor(options: ZpaqCompressOptions = {}) {
    this.#codec = new EncoderCodec(resolveCompressOptions(options), false);
  }

  /** Whether `finish` has been called. */
  get ended(): boolean {
    return this.#codec.done;
  }

  /**
   * Takes the next piece and returns the blocks that it completes, often nothing.
   *
   * @throws {TypeError} If the encoder is finished or closed.
   */
  push(chunk: BytesSource): Uint8Array<ArrayBuffer> {
    this.#codec.write(toBytes(chunk));
    return this.#collector.collect(this.#codec, Infinity);
  }

  /**
   * Ends the last block and returns it. Without any push the result is a block without content.
   *
   * @throws {TypeError} If the encoder is closed.
   */
  finish(): Uint8Array<ArrayBuffer> {
    this.#codec.end();
    return this.#collector.collect(this.#codec, Infinity);
  }

  /** Lets go of what is held; calling it again does nothing. */
  close(): void {
    this.#codec.close();
  }

  /** Lets go of what is held. */
  [Symbol.dispose](): void {
    this.close();
  }
}
