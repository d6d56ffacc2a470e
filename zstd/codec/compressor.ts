/**
 * A compression context that is used again and again.
 *
 * @module
 */
import type { ZstdEncoderKernel } from "../kernel/encoder.ts";
import { toBytes } from "@sluice/internal";
import type { BytesSource } from "@sluice/internal";
import { resolveCompressOptions } from "../options/_compress_options.ts";
import type { CompressSettings } from "../options/_compress_options.ts";
import { compressWhole, compressWholeAsync, compressWholeInto } from "./_compress_whole.ts";
import { makeEncoderKernel } from "./_encoder_codec.ts";
import type { ZstdCompressOptions } from "../options/compress_options.ts";

/**
 * Compresses many values with one set of options. It holds native memory: close it, or declare it with `using`.
 * Usable again after any error.
 *
 * @example Many small messages
 * ```ts
 * import { decompressZstd, ZstdCompressor } from "@sluice/zstd";
 * import { assertEquals } from "@std/assert";
 *
 * using compressor = new ZstdCompressor({ level: 1 });
 * for (const size of [0, 10, 1000]) {
 *   assertEquals(decompressZstd(compressor.compress(new Uint8Array(size))).length, size);
 * }
 * ```
 */
export class ZstdCompressor implements Disposable {
  readonly #settings: CompressSettings;
  readonly #kernel: ZstdEncoderKernel;

  /**
   * Takes a context from the backend.
   *
   * @throws {TypeError} If an option has the wrong type or is not known.
   * @throws {RangeError} If an option is out of range.
   * @throws {UnsupportedFeatureError} If the backend does not have an option.
   */
  constructor(options: ZstdCompressOptions = {}) {
    this.#settings = resolveCompressOptions(options);
    this.#kernel = makeEncoderKernel(this.#settings);
  }

  /** Bytes that the context holds; it grows with the first use. */
  get memoryUsage(): number {
    return this.#kernel.memoryUsage;
  }

  /**
   * Compresses a value to one frame.
   *
   * @throws {TypeError} If the context is closed, or an asynchronous call of it is under way.
   * @throws {LimitExceededError} With code "MEMORY_LIMIT" if `maxMemory` is too little.
   */
  compress(data: BytesSource): Uint8Array<ArrayBuffer> {
    return compressWhole(this.#kernel, toBytes(data), this.#settings);
  }

  /**
   * Compresses into a target that the caller brings; returns the size of the frame.
   *
   * @throws {LimitExceededError} With code "OUTPUT_TOO_SMALL" if the frame does not fit.
   */
  compressInto(data: BytesSource, target: Uint8Array): number {
    return compressWholeInto(this.#kernel, toBytes(data), target, this.#settings);
  }

  /** As `compress`, without holding up the event loop. */
  async compressAsync(data: BytesSource): Promise<Uint8Array<ArrayBuffer>> {
    return await compressWholeAsync(this.#kernel, toBytes(data), this.#settings);
  }

  /** Frees the context; calling it again does nothing. */
  close(): void {
    this.#kernel.close();
  }

  /** Frees the context. */
  [Symbol.dispose](): void {
    this.close();
  }
}
