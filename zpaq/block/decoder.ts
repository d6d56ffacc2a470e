/**
 * The push engine of decompression: bytes in, bytes out, no I/O and no promises.
 *
 * @module
 */
import { OutputCollector, toBytes } from "@sluice/internal";
import type { BytesSource } from "@sluice/internal";
import { DecoderCodec } from "./_decoder_codec.ts";
import { PUSH_CHUNK_SIZE, resolveDecompressOptions } from "./_decompress_options.ts";
import type { ZpaqDecompressOptions } from "./decompress_options.ts";

/**
 * Decompresses blocks that are pushed in pieces: the content of all segments, one after the other. It holds native
 * memory: close it, or declare it with `using`.
 *
 * @example Piece by piece
 * ```ts
 * import { compressZpaq, ZpaqDecoder } from "@sluice/zpaq";
 * import { assertEquals } from "@std/assert";
 *
 * const block = compressZpaq(new Uint8Array([1, 2, 3]));
 * using decoder = new ZpaqDecoder();
 * const parts = [decoder.push(block.subarray(0, 10)), decoder.push(block.subarray(10)), decoder.finish()];
 * assertEquals(parts.reduce((sum, part) => sum + part.length, 0), 3);
 * ```
 */
export class ZpaqDecoder implements Disposable {
  readonly #codec: DecoderCodec;
  readonly #collector = new OutputCollector(PUSH_CHUNK_SIZE);

  /**
   * Checks options; memory is taken when a block comes.
   *
   * @throws {TypeError} If an option has the wrong type or is not known.
   * @throws {RangeError} If an option is out of range.
   */
  constructor(options: ZpaqDecompressOptions = {}) {
    this.#codec = new DecoderCodec(resolveDecompressOptions(options), false);
  }

  /** Whether `finish` has been called and all is decoded. */
  get ended(): boolean {
    return this.#codec.done;
  }

  /**
   * Takes the next piece and returns all output that it completes. Errors are those of `decompressZpaq`.
   *
   * @throws {TypeError} If the decoder is finished or closed.
   */
  push(chunk: BytesSource): Uint8Array<ArrayBuffer> {
    this.#codec.write(toBytes(chunk));
    return this.#collector.collect(this.#codec, Infinity);
  }

  /**
   * Says that no more input comes, and returns the last output.
   *
   * @throws {TruncatedDataError} If the last block is not complete.
   */
  finish(): Uint8Array<ArrayBuffer> {
    this.#codec.end();
    return this.#collector.collect(this.#codec, Infinity);
  }

  /** Frees the context; calling it again does nothing. */
  close(): void {
    this.#codec.close();
  }

  /** Frees the context. */
  [Symbol.dispose](): void {
    this.close();
  }
}
