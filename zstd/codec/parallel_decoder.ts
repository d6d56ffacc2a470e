/**
 * Decompression of a stream of many frames on several threads.
 *
 * @module
 */
import { checkBoolean, checkInteger, checkSignal, chunksOf, iterateCodec } from "@sluice/internal";
import type { ChunkSource } from "@sluice/internal";
import { resolveBackend } from "../kernel/decoder.ts";
import { threadCount } from "./_batch.ts";
import type { ZstdBatchOptions } from "./batch_options.ts";
import { DecoderCodec } from "./_decoder_codec.ts";
import { ParallelDecompression } from "./_parallel_decompression.ts";
import { resolveStreamingOptions } from "../options/_decompress_options.ts";
import type { DecompressSettings } from "../options/_decompress_options.ts";
import type { ZstdDecompressOptions } from "../options/decompress_options.ts";

const CHUNK_SIZE_DEFAULT = 4 << 20;
const CHUNK_SIZE_MAX = 1 << 30;

/** How a {@linkcode ZstdParallelDecoder} works. */
export interface ZstdParallelOptions extends ZstdDecompressOptions, ZstdBatchOptions {
  /** The most bytes of one output chunk. @default {4194304} */
  readonly chunkSize?: number | undefined;
  /** Aborts the iteration. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Whether the memory of a chunk may be overwritten as soon as the next one is asked for, which saves a quarter of the
   * time. Chunks belong to the caller otherwise. @default {false}
   */
  readonly reuseChunks?: boolean | undefined;
}

/**
 * Decompresses a stream of several frames with one thread for each frame: files of `pzstd`, seekable files, and frames
 * that were appended to one another. Iterate over it once for the content, in order; output and errors are those of
 * `decompressZstdIterable`.
 *
 * The source may have any length: frames are found by their block headers as they come. Frames of up to 32 MiB are
 * decoded side by side, larger ones as they come. At most `threads + 1` times 32 MiB of frames and content are held.
 * Everything is decoded in order on WASM, and with `format`, `frames`, `skipBytes`, `maxMemory` or `onSkippable`.
 *
 * @example Frames that were appended
 * ```ts
 * import { compressZstd, ZstdParallelDecoder } from "@sluice/zstd";
 * import { assertEquals } from "@std/assert";
 *
 * const frames = [1, 2, 3].map((byte) => compressZstd(new Uint8Array(100_000).fill(byte)));
 * const decoder = new ZstdParallelDecoder(frames, { threads: 2 });
 * let size = 0;
 * for await (const chunk of decoder) size += chunk.length;
 * assertEquals([size, decoder.bytesOut], [300_000, 300_000]);
 * ```
 */
export class ZstdParallelDecoder implements AsyncIterable<Uint8Array<ArrayBuffer>> {
  #counters: { readonly bytesIn: number; readonly bytesOut: number } = { bytesIn: 0, bytesOut: 0 };
  #chunks: AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> | undefined;

  /**
   * Opens the source; nothing is read before the first chunk is asked for.
   *
   * @throws {TypeError} If the source is neither bytes nor iterable, or an option has the wrong type or is not known.
   * @throws {RangeError} If an option is out of range.
   */
  constructor(source: ChunkSource, options: ZstdParallelOptions = {}) {
    const { threads, chunkSize, signal, reuseChunks, ...codecOptions } = options;
    const settings = resolveStreamingOptions(codecOptions);
    const stream = {
      threads: threadCount(threads, Infinity),
      chunkSize: checkInteger("chunkSize", chunkSize ?? CHUNK_SIZE_DEFAULT, 1, CHUNK_SIZE_MAX),
      reuseChunks: checkBoolean("reuseChunks", reuseChunks ?? false),
      signal: checkSignal(signal),
    };
    const parallel = stream.threads > 1 && ParallelDecompression.fits(settings) &&
      resolveBackend(settings.backend) === "native";
    if (parallel) {
      const decompression = new ParallelDecompression(source, settings, stream);
      this.#counters = decompression;
      this.#chunks = decompression.run();
    } else {
      this.#chunks = this.#inOrder(chunksOf(source), settings, stream);
    }
  }

  async *#inOrder(
    source: ChunkSource,
    settings: DecompressSettings,
    stream: { readonly chunkSize: number; readonly signal: AbortSignal | undefined },
  ): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
    const codec = new DecoderCodec(settings, "always");
    this.#counters = codec;
    yield* iterateCodec(codec, source, stream);
  }

  /** Input bytes used so far. */
  get bytesIn(): number {
    return this.#counters.bytesIn;
  }

  /** Output bytes returned so far. */
  get bytesOut(): number {
    return this.#counters.bytesOut;
  }

  /**
   * The content. Leaving the loop frees everything and ends the source.
   *
   * @throws {TypeError} If the content is being iterated over already.
   * @throws {SluiceError} As `decompressZstd`, after the output before the fault.
   */
  [Symbol.asyncIterator](): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
    const chunks = this.#chunks;
    if (chunks === undefined) throw new TypeError("Cannot iterate over the decoder: it was used already");
    this.#chunks = undefined;
    return chunks;
  }
}
