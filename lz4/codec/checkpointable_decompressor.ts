/**
 * Decompression that survives its source and its process: it goes on over a new source, is cloned, and is saved.
 *
 * @module
 */
import { embedsInput } from "./_checkpoint_options.ts";
import { checkArgument, checkInteger, checkNumber, OutputBuffers, SluiceError } from "@sluice/internal";
import type { ByteSource, BytesSource, ChunkSource } from "@sluice/internal";
import { DecoderCodec } from "./_decoder_codec.ts";
import { resolveStreamingOptions } from "./_decompress_options.ts";
import { SourceReader } from "../frame/_source_reader.ts";
import type { Lz4SourceLike } from "../frame/_source_reader.ts";
import { readWholeBlock } from "./_whole_blocks.ts";
import { Lz4Checkpoint } from "./checkpoint.ts";
import type { Lz4CheckpointOptions } from "./checkpoint.ts";
import type { Lz4Position } from "./position.ts";
import type { Lz4DecompressOptions } from "./decompress_options.ts";
import type { Lz4FrameHeader } from "../frame/frame_header.ts";

export type { ByteSource, ChunkSource, Lz4SourceLike };

/** How a checkpointable decompressor reads, beside how it decompresses. */
export interface Lz4CheckpointableOptions extends Lz4DecompressOptions {
  /** About how many bytes one output chunk has; whole blocks, so a larger block makes a larger chunk. @default {1048576} */
  readonly chunkSize?: number | undefined;
  /** How often a source that can be opened again is, without progress in between. @default {5} */
  readonly retries?: number | undefined;
  /** The pause before the first of these, in milliseconds; it doubles each time. @default {100} */
  readonly retryDelayMs?: number | undefined;
  /** Where a source that can only be read forward starts, in bytes of the stream. @default {where the input goes on} */
  readonly startsAt?: number | undefined;
  /** Called with the header of each frame that holds blocks, before its content; not again for one that is resumed. */
  readonly onFrame?: ((frame: Lz4FrameHeader) => void) | undefined;
  /** Gives reading up. */
  readonly signal?: AbortSignal | undefined;
}

const CHUNK_SIZE_DEFAULT = 1 << 20;
const RETRIES_DEFAULT = 5;
const RETRY_DELAY_MS_DEFAULT = 100;

/**
 * Decompresses a source chunk by chunk. `checkpoint()` at any time stands for exactly the chunks that were given out, so
 * a program that stores its output and then the checkpoint loses and repeats nothing when it is killed.
 *
 * @example Killed in the middle
 * ```ts
 * import { compressLz4, Lz4CheckpointableDecompressor } from "@sluice/lz4";
 * import { byteSourceFromBytes } from "@sluice/lz4";
 * import { assertEquals } from "@std/assert";
 *
 * const file = byteSourceFromBytes(compressLz4(new Uint8Array(300_000), { blockSize: 65536 }));
 * let saved: Uint8Array | undefined;
 * let size = 0;
 * await using first = new Lz4CheckpointableDecompressor(file, { chunkSize: 65536 });
 * for await (const chunk of first) {
 *   size += chunk.length;
 *   saved = await first.marshal();
 *   break;
 * }
 * await using second = Lz4CheckpointableDecompressor.resume(saved!, file);
 * for await (const chunk of second) size += chunk.length;
 * assertEquals(size, 300_000);
 * ```
 */
export class Lz4CheckpointableDecompressor
  implements AsyncIterable<Uint8Array<ArrayBuffer>>, AsyncDisposable {
  readonly #options: Lz4CheckpointableOptions;
  readonly #codec: DecoderCodec;
  readonly #buffers: OutputBuffers;
  #reader: SourceReader;
  #turn: Promise<unknown> = Promise.resolve();

  /**
   * Takes a context from the backend. The source is random access, chunks that come one after another, or a function
   * that opens the input at an offset, again after a failure.
   *
   * @throws {TypeError} If an option has the wrong type or is not known.
   * @throws {RangeError} If an option is out of range.
   */
  constructor(source: Lz4SourceLike, options: Lz4CheckpointableOptions = {}) {
    const { chunkSize, retries, retryDelayMs, startsAt, onFrame, signal, ...decompress } = options;
    this.#options = options;
    this.#buffers = new OutputBuffers(checkInteger("chunkSize", chunkSize ?? CHUNK_SIZE_DEFAULT, 1, 1 << 30));
    this.#codec = new DecoderCodec(resolveStreamingOptions(decompress), {
      wholeBlocks: true,
      onFrame: (codec) => onFrame?.(codec.info!),
    });
    this.#reader = this.#readerOf(source, startsAt);
    checkInteger("retries", retries ?? RETRIES_DEFAULT, 0, 1e6);
    checkInteger("retryDelayMs", retryDelayMs ?? RETRY_DELAY_MS_DEFAULT, 0, 1e6);
    signal?.throwIfAborted();
  }

  /**
   * Goes on from a saved state. A source that can only be read forward starts at the state's `resumeFrom`, or says with
   * `startsAt` where it does.
   *
   * @throws {CorruptDataError} With code "STATE_INVALID" if the bytes are no valid state.
   * @throws {SluiceError} With code "SOURCE_POSITION" if the source can't be read from there.
   */
  static resume(
    state: BytesSource | Lz4Checkpoint,
    source: Lz4SourceLike,
    options: Lz4CheckpointableOptions = {},
  ): Lz4CheckpointableDecompressor {
    const checkpoint = state instanceof Lz4Checkpoint ? state : Lz4Checkpoint.fromBytes(state);
    const resumed = new Lz4CheckpointableDecompressor([], options);
    try {
      resumed.#codec.loadState(checkpoint.state);
      resumed.setSource(source, options.startsAt);
    } catch (error) {
      resumed.#codec.close();
      throw error;
    }
    return resumed;
  }

  /** Where decoding stands. */
  get position(): Lz4Position {
    return this.#codec.position;
  }

  /** The header of the frame at hand, or of the last one. */
  get frame(): Lz4FrameHeader | undefined {
    return this.#codec.info;
  }

  /** Whether the stream is complete. */
  get ended(): boolean {
    return this.#codec.done;
  }

  /** How many times the source was opened again. */
  get reconnects(): number {
    return this.#reader.reconnects;
  }

  /**
   * Goes on over another source, at any time. One that can only be read forward starts where the input goes on, or at
   * `startsAt`, which may be up to one block earlier.
   *
   * @throws {SluiceError} With code "SOURCE_POSITION" if the source can't be read from there.
   */
  setSource(source: Lz4SourceLike, startsAt?: number): void {
    const next = this.#readerOf(source, startsAt);
    const last = this.#reader;
    this.#reader = next;
    last.close();
    if (this.#codec.heldSize === 0 || startsAt !== this.#codec.bytesIn) this.#codec.dropInput();
    else this.#codec.rewind();
    this.#codec.reopen();
  }

  /** A second decompressor with the same state over another source. */
  clone(source: Lz4SourceLike): Lz4CheckpointableDecompressor {
    return Lz4CheckpointableDecompressor.resume(this.checkpoint(), source, {
      ...this.#options,
      startsAt: undefined,
    });
  }

  /**
   * The state as it is just past the last chunk that was returned: kept, marshalled or resumed later, any number of times;
   * going on with this decompressor does not change it.
   */
  checkpoint(options: Lz4CheckpointOptions = {}): Lz4Checkpoint {
    return new Lz4Checkpoint(this.#codec.saveState(embedsInput(options)));
  }

  /** The checkpoint as bytes, sealed when a key is given. */
  async marshal(
    options: Lz4CheckpointOptions & { readonly key?: CryptoKey } = {},
  ): Promise<Uint8Array<ArrayBuffer>> {
    checkArgument(
      typeof options === "object" && options !== null,
      "marshal",
      options,
      "an object of options",
    );
    const { key, ...own } = options;
    const checkpoint = this.checkpoint(own);
    return key === undefined ? checkpoint.bytes() : await checkpoint.seal(key);
  }

  /**
   * The next chunk: whole blocks, or the start of a stored one; undefined at the end. Calls that overlap are answered one after another.
   *
   * @throws {SluiceError} As `decompressLz4`; `checkpoint()` still gives the last good place.
   */
  next(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const turn = this.#turn.then(() => this.#next());
    this.#turn = turn.catch(() => {});
    return turn;
  }

  /** Iterates over the chunks. Leaving the loop early keeps the decompressor usable. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
    for (let chunk = await this.next(); chunk !== undefined; chunk = await this.next()) yield chunk;
  }

  /** Frees the context and lets the source go; calling it again does nothing. */
  close(): void {
    this.#reader.close();
    this.#codec.close();
  }

  /** Frees the context and lets the source go. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await this.#turn;
  }

  #readerOf(source: Lz4SourceLike, startsAt: number | undefined): SourceReader {
    const { bytesIn, heldSize } = this.#codec;
    const offset = bytesIn + heldSize;
    const start = checkNumber("startsAt", startsAt ?? offset);
    const known = typeof source === "object" && source !== null && "read" in source ? source.size : Infinity;
    if (start < bytesIn || start > offset || offset > known) {
      throw new SluiceError(
        `Cannot use the source: it covers bytes from ${start} to ${known}, expected byte ${offset}`,
        { format: "lz4", code: "SOURCE_POSITION", offset },
      );
    }
    return new SourceReader(source, start === bytesIn ? start : offset, start, {
      retries: this.#options.retries ?? RETRIES_DEFAULT,
      retryDelayMs: this.#options.retryDelayMs ?? RETRY_DELAY_MS_DEFAULT,
      signal: this.#options.signal,
    });
  }

  async #next(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const codec = this.#codec;
    while (!codec.done) {
      this.#options.signal?.throwIfAborted();
      const output = readWholeBlock(codec, this.#buffers);
      if (output.length > 0) return output;
      if (codec.done) break;
      const reader = this.#reader;
      let chunk: Uint8Array | undefined;
      try {
        chunk = await reader.next(() => codec.completeIfEnded);
      } catch (error) {
        if (reader === this.#reader) throw error;
      }
      if (reader !== this.#reader) continue; // another source came meanwhile
      if (chunk === undefined) codec.end();
      else codec.write(chunk);
    }
    this.#reader.close();
    return undefined;
  }
}
