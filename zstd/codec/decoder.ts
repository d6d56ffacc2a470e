/**
 * The push engine of decompression: bytes in, bytes out, no I/O and no promises.
 *
 * @module
 */
import { checkKeys, checkLimit, checkTarget, OutputCollector, toBytes } from "@sluice/internal";
import type { BytesSource } from "@sluice/internal";
import type { ZstdDecoderKernel } from "../kernel/decoder.ts";
import { DecoderCodec, makeDecoderKernel } from "./_decoder_codec.ts";
import { releaseDecoderDictionary } from "../options/_decoder_dictionaries.ts";
import { resolveStreamingOptions } from "../options/_decompress_options.ts";
import type { DecompressSettings } from "../options/_decompress_options.ts";
import { CHUNK_SIZE_DEFAULT } from "../options/_stream_options.ts";
import type { ZstdDecompressOptions } from "../options/decompress_options.ts";
import type { ZstdFrameHeader } from "../frame/frame_header.ts";

/** What one push may produce. */
export interface ZstdPushOptions {
  /** Stop after this many bytes; the rest comes with the next push, of an empty chunk for example. @default {Infinity} */
  readonly maxOutput?: number | undefined;
}

const PUSH_KEYS: ReadonlySet<string> = new Set<keyof ZstdPushOptions>(["maxOutput"]);
const SKIP_CHUNK_SIZE = 128 << 10;

/**
 * Decompresses a stream that is pushed in pieces. It holds native memory: close it, or declare it with `using`.
 * Output appears as soon as a block is complete; at most a window and one block are held back.
 *
 * @example Piece by piece
 * ```ts
 * import { compressZstd, ZstdDecoder } from "@sluice/zstd";
 * import { assertEquals } from "@std/assert";
 *
 * const frame = compressZstd(new Uint8Array(100));
 * using decoder = new ZstdDecoder();
 * let size = 0;
 * for (const byte of frame) size += decoder.push(new Uint8Array([byte])).length;
 * decoder.finish();
 * assertEquals(size, 100);
 * ```
 */
export class ZstdDecoder implements Disposable {
  readonly #settings: DecompressSettings;
  readonly #kernel: ZstdDecoderKernel;
  #codec: DecoderCodec;
  #collector = new OutputCollector(CHUNK_SIZE_DEFAULT);

  /**
   * Takes a context from the backend.
   *
   * @throws {TypeError} If an option has the wrong type or is not known.
   * @throws {RangeError} If an option is out of range.
   */
  constructor(options: ZstdDecompressOptions = {}) {
    this.#settings = resolveStreamingOptions(options);
    this.#kernel = makeDecoderKernel(this.#settings);
    this.#codec = new DecoderCodec(this.#settings, "never", this.#kernel);
  }

  /** Whether the end was reached: of the first frame with `frames: "first"`, else of the input. */
  get ended(): boolean {
    return this.#codec.done;
  }

  /** Whether nothing more can come out before the next push. */
  get needsInput(): boolean {
    return this.#codec.needsInput;
  }

  /** Input bytes that wait because a push stopped at `maxOutput`. */
  get pendingInput(): number {
    return this.#codec.pendingInput;
  }

  /**
   * What followed the end in the piece that reached it, as a copy; empty before the end. Pieces that are pushed after the
   * end are dropped.
   */
  get unused(): Uint8Array<ArrayBuffer> {
    return this.#codec.unused;
  }

  /** Frames that are complete, skippable ones left out. */
  get frameIndex(): number {
    return this.#codec.frameIndex;
  }

  /** The header of the frame at hand; undefined before the first is complete. */
  get header(): ZstdFrameHeader | undefined {
    return this.#codec.header;
  }

  /** Input bytes used so far. */
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
   * Takes the next piece and returns what can be decoded now, possibly nothing.
   *
   * @throws {SluiceError} As `decompressZstd`; the output before the fault has been returned by then.
   */
  push(chunk: BytesSource, options: ZstdPushOptions = {}): Uint8Array<ArrayBuffer> {
    checkKeys(options, PUSH_KEYS);
    const maxOutput = checkLimit("maxOutput", options.maxOutput ?? Infinity);
    const bytes = toBytes(chunk);
    if (bytes.length > 0) this.#codec.write(bytes);
    const output = this.#collector.collect(this.#codec, maxOutput);
    this.#codec.detachInput();
    return output;
  }

  /** Hands over a piece for `readInto`; it must not change until it is used up. */
  write(chunk: BytesSource): void {
    this.#codec.write(toBytes(chunk));
  }

  /**
   * Decodes into the caller's buffer, without any allocation; returns how many bytes were written, 0 when input is needed.
   *
   * @throws {SluiceError} As `decompressZstd`.
   */
  readInto(target: Uint8Array<ArrayBuffer>): number {
    return this.#codec.read(checkTarget(target, this.#codec.input), 0);
  }

  /** As `readInto`, off the event loop where the backend can; nothing else may be called until it settles. */
  async readIntoAsync(target: Uint8Array<ArrayBuffer>): Promise<number> {
    return await this.#codec.readAsync(checkTarget(target, this.#codec.input), 0);
  }

  /** Drops up to `count` bytes of output that can be decoded now; returns how many were dropped. */
  skip(count: number): number {
    const scratch = new Uint8Array(Math.min(checkLimit("count", count), SKIP_CHUNK_SIZE));
    let skipped = 0;
    do {
      const length = this.readInto(scratch.subarray(0, Math.min(scratch.length, count - skipped)));
      if (length === 0) break;
      skipped += length;
    } while (skipped < count);
    return skipped;
  }

  /**
   * Says that the input is over.
   *
   * @throws {TruncatedDataError} If it ended inside a frame, or before the first one.
   * @throws {TypeError} If output of a push that stopped at `maxOutput` still waits.
   */
  finish(): void {
    this.#collector.throwIfFailed();
    if (this.#codec.done) return this.#codec.end(); // a closed decoder refuses
    if (this.#codec.pendingInput > 0) {
      throw new TypeError("Cannot finish the decoder: output still waits to be read");
    }
    this.#codec.end();
    if (this.#codec.read(new Uint8Array(1), 0) > 0) {
      throw new TypeError("Cannot finish the decoder: output still waits to be read");
    }
  }

  /**
   * Forgets everything and starts over with a new stream in the same context.
   *
   * @throws {TypeError} If the decoder is closed.
   */
  reset(): void {
    this.#codec.end(); // a closed decoder refuses
    this.#codec.close();
    this.#codec = new DecoderCodec(this.#settings, "never", this.#kernel);
    this.#collector = new OutputCollector(CHUNK_SIZE_DEFAULT);
  }

  /** Frees the context; calling it again does nothing. */
  close(): void {
    this.#kernel.close();
    this.#codec.close();
    releaseDecoderDictionary(this.#settings);
  }

  /** Frees the context. */
  [Symbol.dispose](): void {
    this.close();
  }
}
