/**
 * Decompression of a stream whose frames are decoded side by side: the same output and the same faults as in order.
 */
import { ChunkReader, iterateCodec, untilAborted } from "@sluice/internal";
import type { ChunkSource } from "@sluice/internal";
import { NO_CHECKPOINTS } from "../options/_checkpoint_options.ts";
import type { ZstdCheckpoint } from "../options/checkpoint.ts";
import type { DecompressSettings } from "../options/_decompress_options.ts";
import { DecoderCodec } from "./_decoder_codec.ts";
import { FRAME_SIZE_MAX, FrameCutter } from "./_frame_cutter.ts";
import type { FramePart, FrameRun } from "./_frame_cutter.ts";
import { FrameWorkers } from "./_frame_workers.ts";

/** How it runs. */
export interface ParallelOptions {
  readonly threads: number;
  /** The most bytes of one output chunk. */
  readonly chunkSize: number;
  /** Whether the buffer of a chunk is used again once the next one is asked for. */
  readonly reuseChunks: boolean;
  readonly signal: AbortSignal | undefined;
}

/** A piece of the stream, with what becomes of it. */
type Queued =
  | FramePart & { readonly size: number }
  | FrameRun & { readonly size: number; readonly content: Promise<Uint8Array<ArrayBuffer> | undefined> };

/** Output chunks of what is decoded in order. */
const PART_SIZE_MAX = 1 << 20;
/** What comes of waiting for input while the oldest piece is decoded. */
const PIECE_IS_DONE = Symbol();

/** One decompression. */
export class ParallelDecompression {
  readonly #settings: DecompressSettings;
  readonly #options: ParallelOptions;
  readonly #reader: ChunkReader;
  readonly #workers: FrameWorkers;
  readonly #cutter = new FrameCutter();
  readonly #queue: Queued[] = [];
  #queueSize = 0;
  /** Pieces of the last chunk that are still to be cut off. */
  #pieces: Iterator<FrameRun | FramePart, void> | undefined;
  /** The read of the source that is under way, whether it has ended, and what it failed with. */
  #input: Promise<Uint8Array | undefined> | undefined;
  #inputEnded = false;
  #inputFailure: { readonly error: unknown } | undefined;
  /** The end of the last frame whose content has been returned. */
  #position: ZstdCheckpoint = NO_CHECKPOINTS.resumeAt;
  /** What decodes in order at present. */
  #codec: DecoderCodec | undefined;

  /** Opens the source; nothing is read before the first step of `run`. */
  constructor(source: ChunkSource, settings: DecompressSettings, options: ParallelOptions) {
    this.#settings = settings;
    this.#options = options;
    this.#reader = new ChunkReader(source, options.signal);
    this.#workers = new FrameWorkers(settings, options.threads);
  }

  /** Whether these settings, on a native backend, leave frames independent of what is around them. */
  static fits(settings: DecompressSettings): boolean {
    return !settings.magicless && !settings.firstFrameOnly && settings.skipBytes === 0 &&
      settings.maxMemory === 0 && settings.onSkippable === undefined;
  }

  /** Input bytes used so far. */
  get bytesIn(): number {
    return this.#codec?.bytesIn ?? this.#position.compressedOffset;
  }

  /** Output bytes returned so far. */
  get bytesOut(): number {
    return this.#codec?.bytesOut ?? this.#position.decompressedOffset;
  }

  /** All content in order; ends the source however it ends. */
  async *run(): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
    try {
      while (true) {
        this.#options.signal?.throwIfAborted();
        await this.#fill();
        const piece = this.#queue.shift();
        if (piece === undefined) {
          const rest = this.#cutter.finish();
          const clean = rest.length === 0 && this.#codec === undefined &&
            this.#inputFailure === undefined && this.#position.compressedOffset > 0;
          if (!clean) yield* this.#inOrder(rest);
          return;
        }
        this.#queueSize -= piece.size;
        if (piece.kind !== "frames") {
          if (piece.kind === "rest") return yield* this.#inOrder(piece.bytes);
          yield* this.#part(piece);
        } else {
          const content = await untilAborted(piece.content, this.#options.signal);
          if (content === undefined || this.bytesOut + content.length > this.#settings.maxOutputSize) {
            return yield* this.#inOrder(piece.bytes);
          }
          this.#advance(piece, content.length);
          yield* this.#chunks(content);
          if (this.#options.reuseChunks) this.#workers.recycle(content);
        }
      }
    } finally {
      this.#codec?.close();
      await this.#workers.close();
      await this.#reader.close();
    }
  }

  /** Takes input until there is work enough, or the oldest piece is done. */
  async #fill(): Promise<void> {
    const { threads } = this.#options;
    while (this.#queueSize < (threads + 1) * FRAME_SIZE_MAX && this.#queue.length <= 4 * threads) {
      const next = this.#pieces?.next();
      if (next?.done === false) {
        this.#add(next.value);
        continue;
      }
      this.#pieces = undefined;
      const oldest = this.#queue[0];
      if (this.#inputEnded || oldest !== undefined && oldest.kind !== "frames") return;
      const input = this.#read();
      const chunk = oldest === undefined
        ? await input
        : await Promise.race([input, oldest.content.then((): typeof PIECE_IS_DONE => PIECE_IS_DONE)]);
      if (chunk === PIECE_IS_DONE) return;
      this.#input = undefined;
      if (chunk === undefined) this.#inputEnded = true;
      else this.#pieces = this.#cutter.push(chunk);
    }
  }

  /** The read under way. A source that fails has ended; what came before is decoded first. */
  #read(): Promise<Uint8Array | undefined> {
    return this.#input ??= this.#reader.next().catch((error) => {
      this.#inputFailure = { error };
      return undefined;
    });
  }

  #add(piece: FramePart | FrameRun): void {
    const size = piece.bytes.length + (piece.kind === "frames" ? piece.bound : 0);
    this.#queueSize += size;
    this.#queue.push(
      piece.kind === "frames" ? { ...piece, size, content: this.#workers.decode(piece) } : { ...piece, size },
    );
  }

  /** Content in chunks that each have a buffer of their own. */
  *#chunks(content: Uint8Array<ArrayBuffer>): Generator<Uint8Array<ArrayBuffer>, void, undefined> {
    const { chunkSize } = this.#options;
    if (content.length <= chunkSize) return content.length > 0 ? yield content : undefined;
    for (let at = 0; at < content.length; at += chunkSize) yield content.slice(at, at + chunkSize);
  }

  #advance({ bytes, frameCount }: FrameRun, contentSize: number): void {
    this.#position = {
      compressedOffset: this.#position.compressedOffset + bytes.length,
      decompressedOffset: this.#position.decompressedOffset + contentSize,
      frameIndex: this.#position.frameIndex + frameCount,
    };
  }

  get #partSize(): number {
    return Math.min(this.#options.chunkSize, PART_SIZE_MAX);
  }

  /** A codec that continues where the last content ended. */
  #openCodec(): DecoderCodec {
    return this.#codec ??= new DecoderCodec(this.#settings, "always", undefined, {
      ...NO_CHECKPOINTS,
      resumeAt: this.#position,
    });
  }

  /** Decodes a part of a frame that is too large to be held. */
  async *#part({ bytes, last }: FramePart): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
    const codec = this.#openCodec();
    codec.write(bytes);
    while (!codec.needsInput && !codec.done) {
      const target = new Uint8Array(this.#partSize);
      const length = await codec.readAsync(target, 0);
      this.#options.signal?.throwIfAborted();
      if (length > 0) {
        yield length * 2 >= target.length ? target.subarray(0, length) : target.slice(0, length);
      }
    }
    if (!last) return;
    this.#position = {
      compressedOffset: codec.bytesIn,
      decompressedOffset: codec.bytesOut,
      frameIndex: codec.frameIndex,
    };
    codec.close();
    this.#codec = undefined;
  }

  /** Decodes everything from here on in order. */
  async *#inOrder(bytes: Uint8Array<ArrayBuffer>): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
    const { signal } = this.#options;
    yield* iterateCodec(this.#openCodec(), this.#remaining(bytes), { chunkSize: this.#partSize, signal });
  }

  async *#remaining(bytes: Uint8Array<ArrayBuffer>): AsyncGenerator<Uint8Array, void, undefined> {
    yield bytes;
    for (const piece of this.#queue.splice(0)) yield piece.bytes;
    for (let next = this.#pieces?.next(); next?.done === false; next = this.#pieces!.next()) {
      yield next.value.bytes;
    }
    yield this.#cutter.finish();
    while (!this.#inputEnded) {
      const chunk = await this.#read();
      this.#input = undefined;
      if (chunk === undefined) break;
      yield chunk;
    }
    if (this.#inputFailure !== undefined) throw this.#inputFailure.error;
  }
}
