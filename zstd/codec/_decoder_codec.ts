/**
 * Decompression as a pull codec: walks from frame to frame, checks what each header asks for, and hands frame bytes to
 * the kernel. Every shape of the decompression API stands on it, so that all of them fail in the same way.
 */
import { RESULT, ZstdDecoderKernel } from "../kernel/decoder.ts";
import {
  concatBytes,
  CorruptDataError,
  InputChunk,
  LimitExceededError,
  type SluiceError,
  TruncatedDataError,
} from "@sluice/internal";
import type { PullCodec } from "@sluice/internal";
import { releaseDecoderDictionary, useDecoderDictionary } from "../options/_decoder_dictionaries.ts";
import { NO_CHECKPOINTS } from "../options/_checkpoint_options.ts";
import type { CheckpointSettings } from "../options/_checkpoint_options.ts";
import type { DecompressSettings } from "../options/_decompress_options.ts";
import { FRAME_HEADER_SIZE_MAX } from "../frame/_format.ts";
import { isFramePrefix, parseFrameHeader } from "../frame/_frame_parser.ts";
import type { ZstdFrameHeader } from "../frame/frame_header.ts";

/** What the library calls otherwise, but means that a frame breaks the rules. */
const CORRUPT_RESULTS: ReadonlySet<number> = new Set([
  RESULT.INPUT_SIZE_MISMATCH,
  RESULT.OUTPUT_TOO_SMALL,
  RESULT.NO_PROGRESS,
  RESULT.DICTIONARY_CORRUPT,
]);

/** What the next input byte belongs to. */
type Stage = "header" | "skippable" | "frame" | "after" | "done";

/** Takes a context from the backend with these settings. */
export function makeDecoderKernel(settings: DecompressSettings): ZstdDecoderKernel {
  return new ZstdDecoderKernel(settings);
}

/** One decompression from its first input byte to its last output byte. */
export class DecoderCodec implements PullCodec {
  readonly #settings: DecompressSettings;
  readonly #kernel: ZstdDecoderKernel;
  readonly #ownsKernel: boolean;
  readonly #onCheckpoint: CheckpointSettings["onCheckpoint"];
  readonly offLoop: boolean;

  #stage: Stage = "header";
  readonly #input = new InputChunk();
  #ended = false;
  #outputPending = false;
  #closed = false;
  /** Thrown by the next read, after the output that came before it. */
  #failure: Error | undefined;

  /** The first bytes of a frame, collected until its header is complete, then given to the kernel first. */
  readonly #head = new Uint8Array(FRAME_HEADER_SIZE_MAX);
  #headLength = 0;
  #headPos = 0;
  #header: ZstdFrameHeader | undefined;
  #skipLeading: number;
  #skipLeft = 0;
  #skippable: Uint8Array<ArrayBuffer> | undefined;

  #bytesIn = 0;
  #bytesOut = 0;
  /** Content bytes of the frame at hand. */
  #frameOut = 0;
  #framesRead = 0;
  #framesDecoded = 0;

  /** Takes a context from the backend, or uses one that the caller keeps; the caller closes the codec. */
  constructor(
    settings: DecompressSettings,
    offload: "auto" | "always" | "never" = "auto",
    kernel?: ZstdDecoderKernel,
    { onCheckpoint, resumeAt }: CheckpointSettings = NO_CHECKPOINTS,
  ) {
    this.#onCheckpoint = onCheckpoint;
    this.#bytesIn = resumeAt.compressedOffset;
    this.#bytesOut = resumeAt.decompressedOffset;
    this.#framesDecoded = resumeAt.frameIndex;
    this.#settings = settings;
    this.#ownsKernel = kernel === undefined;
    // What comes before a checkpoint has been read: a foreign header, and frames that make what follows trailing.
    this.#skipLeading = this.#bytesIn > 0 ? 0 : settings.skipBytes;
    this.#framesRead = this.#bytesIn > 0 ? Math.max(1, this.#framesDecoded) : 0;
    this.#kernel = kernel ?? new ZstdDecoderKernel(settings);
    // One output chunk decodes in a tenth of a millisecond: a crossing of threads would cost as much.
    this.offLoop = offload === "always" && this.#kernel.backend === "native";
  }

  get needsInput(): boolean {
    return this.#stage !== "done" && !this.#ended && !this.#outputPending && this.#failure === undefined &&
      this.#input.rest === 0;
  }

  get done(): boolean {
    return this.#stage === "done" && this.#failure === undefined;
  }

  /** Input bytes used so far, not those that wait. */
  get bytesIn(): number {
    return this.#bytesIn;
  }

  /** Output bytes given so far. */
  get bytesOut(): number {
    return this.#bytesOut;
  }

  /** The piece at hand, which a target must not share bytes with. */
  get input(): Uint8Array {
    return this.#input.chunk;
  }

  /** Input bytes that wait. */
  get pendingInput(): number {
    return this.done ? 0 : this.#input.rest;
  }

  /** Frames whose content is complete, skippable ones left out. */
  get frameIndex(): number {
    return this.#framesDecoded;
  }

  /** The header of the frame at hand, or of the last one. */
  get header(): ZstdFrameHeader | undefined {
    return this.#header;
  }

  /** What followed the end in the chunk that reached it; later chunks are dropped. */
  get unused(): Uint8Array<ArrayBuffer> {
    if (this.#stage !== "done") return new Uint8Array();
    return concatBytes([
      this.#head.slice(0, this.#headLength),
      new Uint8Array(this.#input.chunk.subarray(this.#input.pos)),
    ]);
  }

  /** Bytes that the codec holds. */
  get memoryUsage(): number {
    return this.#kernel.memoryUsage;
  }

  write(chunk: Uint8Array): void {
    this.#checkOpen("write to");
    if (this.#ended) throw new TypeError("Cannot write to the decoder: its input has ended");
    if (this.done) return;
    this.#input.write(chunk);
  }

  /** Copies input that waits, so that the caller may change its buffer. */
  detachInput(): void {
    this.#input.detach();
  }

  end(): void {
    this.#checkOpen("end");
    this.#ended = true;
  }

  read(target: Uint8Array<ArrayBuffer>, start: number): number {
    this.#checkOpen("read from");
    let at = start;
    while (true) {
      const room = this.#prepare(target, at);
      if (room === undefined) return this.#answer(at - start);
      const [source, pos, end] = this.#source();
      at += this.#account(this.#kernel.step(source, pos, end, target, at, room));
    }
  }

  async readAsync(target: Uint8Array<ArrayBuffer>, start: number): Promise<number> {
    let at = start;
    while (true) {
      this.#checkOpen("read from"); // also while the last step ran
      const room = this.#prepare(target, at);
      if (room === undefined) return this.#answer(at - start);
      const [source, pos, end] = this.#source();
      at += this.#account(await this.#kernel.stepAsync(source, pos, end, target, at, room));
    }
  }

  #checkOpen(action: string): void {
    if (this.#closed) throw new TypeError(`Cannot ${action} the decoder: it is closed`);
  }

  close(): void {
    if (!this.#closed) this.#releaseKernel();
    this.#closed = true;
    if (this.#stage !== "done") this.#input.drop();
  }

  #releaseKernel(): void {
    if (this.#ownsKernel) {
      this.#kernel.close();
      releaseDecoderDictionary(this.#settings);
    } else if (this.#stage === "frame" && !this.#kernel.closed) this.#kernel.reset();
  }

  /**
   * Does everything but kernel work: headers, skippable frames, the end. Returns where the target ends for the next
   * step, or undefined when the read is over.
   */
  #prepare(target: Uint8Array, at: number): number | undefined {
    try {
      while (this.#failure === undefined) {
        if (this.#stage === "done") return undefined;
        if (this.#stage === "frame") {
          const ready = this.#outputPending || this.#headPos < this.#headLength ||
            this.#input.rest > 0;
          if (ready) return at === target.length ? undefined : this.#targetEnd(target, at);
        } else if (this.#input.rest > 0) {
          if (this.#stage === "header") this.#readHead();
          else if (this.#stage === "skippable") this.#readSkippable();
          else throw this.#trailingData("bytes follow the first frame");
          continue;
        }
        if (this.#ended) this.#checkEnd();
        else return undefined;
      }
    } catch (error) {
      this.#failure = error as Error;
    }
    return undefined;
  }

  /** One byte past the output limit is asked for: when it comes, the limit is broken. */
  #targetEnd(target: Uint8Array, at: number): number {
    return Math.min(target.length, at + this.#settings.maxOutputSize - this.#bytesOut + 1);
  }

  /** The input of the next step: first the collected header, then the chunk. */
  #source(): [Uint8Array, number, number] {
    return this.#headPos < this.#headLength
      ? [this.#head, this.#headPos, this.#headLength]
      : [this.#input.chunk, this.#input.pos, this.#input.chunk.length];
  }

  /**
   * Books what a step did and returns the bytes it wrote, those before a fault included; a failure is kept for
   * `#answer`.
   */
  #account(result: number): number {
    const { consumed, produced } = this.#kernel;
    if (this.#headPos < this.#headLength) this.#headPos += consumed;
    else this.#input.pos += consumed;
    this.#bytesIn += consumed;
    this.#bytesOut += produced;
    this.#frameOut += produced;
    this.#outputPending = result === RESULT.OUTPUT_PENDING;
    if (this.#bytesOut > this.#settings.maxOutputSize) {
      const excess = this.#bytesOut - this.#settings.maxOutputSize;
      this.#bytesOut -= excess;
      this.#failure = this.#outputLimit(undefined);
      return produced - excess;
    }
    if (result < 0) this.#failure = this.#kernelError(result);
    else if (result === RESULT.FRAME_END) this.#endFrame();
    return produced;
  }

  #endFrame(): void {
    const declared = this.#header!.contentSize;
    if (declared !== undefined && declared !== this.#frameOut) {
      // The library compares them at the end of a block, which an empty last block has none of.
      this.#failure = new CorruptDataError(
        `Cannot decompress zstd data at byte ${this.#bytesIn}: the content has ${this.#frameOut} bytes, ` +
          `the frame declares ${declared}`,
        { format: "zstd", code: "CORRUPT", offset: this.#bytesIn, errno: 20 },
      );
      return;
    }
    this.#framesDecoded++;
    this.#framesRead++;
    this.#headLength = 0;
    const { firstFrameOnly, refuseTrailing } = this.#settings;
    this.#stage = !firstFrameOnly ? "header" : refuseTrailing ? "after" : "done";
    this.#tellCheckpoint();
  }

  #tellCheckpoint(): void {
    try {
      this.#onCheckpoint?.({
        compressedOffset: this.#bytesIn,
        decompressedOffset: this.#bytesOut,
        frameIndex: this.#framesDecoded,
      });
    } catch (error) {
      this.#failure = error as Error;
    }
  }

  /** Ends a read: output first; a failure is thrown by the read that has nothing else to give. */
  #answer(length: number): number {
    if (length > 0 || this.#failure === undefined) return length;
    throw this.#failure;
  }

  /** Collects bytes of a header until it is complete, then decides what follows. */
  #readHead(): void {
    if (this.#skipLeading > 0) {
      const step = Math.min(this.#skipLeading, this.#input.rest);
      this.#skipLeading -= step;
      this.#advance(step);
      return;
    }
    this.#head[this.#headLength++] = this.#input.chunk[this.#input.pos++]!;
    const offset = this.#bytesIn; // of the frame: held header bytes are not booked yet
    if (
      !this.#settings.magicless && this.#framesRead > 0 && !isFramePrefix(this.#head, 0, this.#headLength)
    ) {
      if (this.#settings.ignoreTrailing) {
        this.#stage = "done";
        return;
      }
      throw this.#trailingData("bytes follow the last frame that start no frame");
    }
    const header = parseFrameHeader(this.#head, 0, this.#headLength, this.#settings.magicless, offset);
    if (typeof header === "number") return;
    this.#header = header;
    this.#settings.checkHeader?.(header);
    if (header.type === "skippable") this.#startSkippable(header);
    else this.#startFrame(header, offset);
  }

  #trailingData(fact: string): CorruptDataError {
    const offset = this.#bytesIn;
    return new CorruptDataError(`Cannot decompress zstd data at byte ${offset}: ${fact}`, {
      format: "zstd",
      code: "TRAILING_DATA",
      offset,
      errno: 72,
    });
  }

  #startFrame(header: ZstdFrameHeader, offset: number): void {
    const { maxWindowSize, maxOutputSize } = this.#settings;
    if (header.windowSize > maxWindowSize) {
      throw new LimitExceededError(
        `Cannot decompress zstd data at byte ${offset}: the frame needs a window of ${header.windowSize} bytes, ` +
          `expected at most ${maxWindowSize}`,
        {
          format: "zstd",
          code: "WINDOW_TOO_LARGE",
          offset,
          errno: 16,
          limit: maxWindowSize,
          actual: header.windowSize,
          unit: "bytes",
        },
      );
    }
    if (header.contentSize !== undefined && this.#bytesOut + header.contentSize > maxOutputSize) {
      throw this.#outputLimit(this.#bytesOut + header.contentSize);
    }
    useDecoderDictionary(this.#kernel, this.#settings, header.dictId);
    this.#headPos = 0;
    this.#frameOut = 0;
    this.#stage = "frame";
  }

  #startSkippable(header: ZstdFrameHeader): void {
    const size = header.contentSize!;
    this.#bytesIn += this.#headLength;
    this.#headLength = 0;
    this.#skipLeft = size;
    const wanted = this.#settings.onSkippable !== undefined && size <= this.#settings.maxSkippableBytes;
    this.#skippable = wanted ? new Uint8Array(size) : undefined;
    this.#stage = "skippable";
    if (size === 0) this.#endSkippable();
  }

  #readSkippable(): void {
    const step = Math.min(this.#skipLeft, this.#input.rest);
    this.#skippable?.set(
      this.#input.chunk.subarray(this.#input.pos, this.#input.pos + step),
      this.#skippable.length - this.#skipLeft,
    );
    this.#skipLeft -= step;
    this.#advance(step);
    if (this.#skipLeft === 0) this.#endSkippable();
  }

  #endSkippable(): void {
    this.#framesRead++;
    this.#stage = "header";
    if (this.#skippable !== undefined) {
      this.#settings.onSkippable!(this.#header!.skippableVariant!, this.#skippable);
      this.#skippable = undefined;
    }
    this.#tellCheckpoint();
  }

  #advance(step: number): void {
    this.#input.pos += step;
    this.#bytesIn += step;
  }

  /** All input is used up and no more comes. */
  #checkEnd(): void {
    const empty = this.#framesRead === 0 && this.#headLength === 0 && this.#skipLeading === 0;
    const clean = this.#stage === "after" ||
      this.#stage === "header" && this.#headLength === 0 && this.#skipLeading === 0;
    if (clean && (!empty || this.#settings.allowEmpty)) {
      this.#stage = "done";
      return;
    }
    const offset = this.#bytesIn + (this.#stage === "header" ? this.#headLength : 0);
    throw new TruncatedDataError(
      `Cannot decompress zstd data at byte ${offset}: the data ends ${
        empty ? "before the first frame" : "inside a frame"
      }`,
      { format: "zstd", code: "TRUNCATED", offset, errno: 72 },
    );
  }

  #outputLimit(actual: number | undefined): SluiceError {
    const limit = this.#settings.maxOutputSize;
    const found = actual === undefined ? `more than ${limit}` : `${actual}`;
    return new LimitExceededError(
      `Cannot decompress zstd data at byte ${this.#bytesIn}: the content has ${found} bytes, expected at most ${limit} bytes (raise "maxOutputSize")`,
      { format: "zstd", code: "OUTPUT_LIMIT", offset: this.#bytesIn, limit, actual, unit: "bytes" },
    );
  }

  #kernelError(result: number): Error {
    // A declared size that the content does not have is answered with "wrong size" or "no room", a block that repeats
    // a table that never was with "dictionary corrupted": all of them are corrupt frames.
    const corrupt = CORRUPT_RESULTS.has(result);
    return this.#kernel.error(corrupt ? RESULT.CORRUPT : result, "decompress zstd data", {
      offset: this.#bytesIn - this.#kernel.loaded,
      expectedId: this.#header?.dictId,
      doubt: this.#doubt(),
    });
  }

  /** What a frame does not name, so that another one is only noticed as if the frame were corrupt. */
  #doubt(): string | undefined {
    const { prefix, dictionary } = this.#settings;
    if (prefix !== undefined) return "its prefix (the base of a patch) is another one";
    const isUnnamed = this.#header?.dictId === 0 && dictionary !== undefined;
    return isUnnamed ? "its dictionary is another one" : undefined;
  }
}
