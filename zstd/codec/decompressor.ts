/**
 * A decompression context that is used again and again.
 *
 * @module
 */
import type { ZstdDecoderKernel } from "../kernel/decoder.ts";
import { checkKeys, checkLimit, toBytes } from "@sluice/internal";
import type { BytesSource } from "@sluice/internal";
import { makeDecoderKernel } from "./_decoder_codec.ts";
import { releaseDecoderDictionary } from "../options/_decoder_dictionaries.ts";
import { resolveWholeValueOptions } from "../options/_decompress_options.ts";
import type { DecompressSettings } from "../options/_decompress_options.ts";
import { decompressWhole, decompressWholeAsync, decompressWholeInto } from "./_decompress_whole.ts";
import type { ZstdDecompressOptions } from "../options/decompress_options.ts";

/** What one call of a {@linkcode ZstdDecompressor} may change. */
export interface ZstdDecompressCallOptions {
  /** The most bytes of output of this call. @default {the context's own limit} */
  readonly maxOutputSize?: number | undefined;
}

const CALL_KEYS: ReadonlySet<string> = new Set<keyof ZstdDecompressCallOptions>(["maxOutputSize"]);

/**
 * Decompresses many values with one set of options. It holds native memory: close it, or declare it with `using`.
 * Usable again after any error.
 *
 * @example Many small messages
 * ```ts
 * import { compressZstd, ZstdDecompressor } from "@sluice/zstd";
 * import { assertEquals } from "@std/assert";
 *
 * using decompressor = new ZstdDecompressor({ maxOutputSize: 1024 });
 * for (const size of [1, 10, 100]) {
 *   assertEquals(decompressor.decompress(compressZstd(new Uint8Array(size))).length, size);
 * }
 * ```
 */
export class ZstdDecompressor implements Disposable {
  readonly #settings: DecompressSettings;
  readonly #kernel: ZstdDecoderKernel;

  /**
   * Takes a context from the backend.
   *
   * @throws {TypeError} If an option has the wrong type or is not known.
   * @throws {RangeError} If an option is out of range.
   */
  constructor(options: ZstdDecompressOptions = {}) {
    this.#settings = resolveWholeValueOptions(options);
    this.#kernel = makeDecoderKernel(this.#settings);
  }

  /** Bytes that the context holds. */
  get memoryUsage(): number {
    return this.#kernel.memoryUsage;
  }

  /**
   * Decompresses all frames of a value.
   *
   * @throws {SluiceError} As `decompressZstd`.
   * @throws {TypeError} If the context is closed, or an asynchronous call of it is under way.
   */
  decompress(data: BytesSource, options?: ZstdDecompressCallOptions): Uint8Array<ArrayBuffer> {
    return decompressWhole(this.#kernel, toBytes(data), this.#forCall(options));
  }

  /**
   * Decompresses into a target that the caller brings; returns how many bytes were written.
   *
   * @throws {LimitExceededError} With code "OUTPUT_LIMIT" if the content does not fit.
   */
  decompressInto(data: BytesSource, target: Uint8Array, options?: ZstdDecompressCallOptions): number {
    return decompressWholeInto(this.#kernel, toBytes(data), target, this.#forCall(options));
  }

  /**
   * As `decompress`, without holding up the event loop.
   *
   * @throws {SluiceError} As `decompressZstd`.
   */
  async decompressAsync(
    data: BytesSource,
    options?: ZstdDecompressCallOptions,
  ): Promise<Uint8Array<ArrayBuffer>> {
    return await decompressWholeAsync(this.#kernel, toBytes(data), this.#forCall(options), 1);
  }

  /** Frees the context; calling it again does nothing. */
  close(): void {
    this.#kernel.close();
    releaseDecoderDictionary(this.#settings);
  }

  /** Frees the context. */
  [Symbol.dispose](): void {
    this.close();
  }

  #forCall(options: ZstdDecompressCallOptions | undefined): DecompressSettings {
    if (options === undefined) return this.#settings;
    checkKeys(options, CALL_KEYS);
    if (options.maxOutputSize === undefined) return this.#settings;
    return { ...this.#settings, maxOutputSize: checkLimit("maxOutputSize", options.maxOutputSize) };
  }
}
