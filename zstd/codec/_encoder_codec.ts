/**
 * Compression as a pull codec. Every streaming shape of the compression API stands on it.
 */
import { ZSTD_DICTIONARY_TYPE } from "../kernel/dictionary_type.ts";
import { RESULT, ZSTD_STEP, ZstdEncoderDictionary, ZstdEncoderKernel } from "../kernel/encoder.ts";
import { zstdEncoderBounds } from "../kernel/encoder_facts.ts";
import type { ZstdProgress } from "../kernel/encoder.ts";
import { CorruptDataError, InputChunk } from "@sluice/internal";
import type { PullCodec } from "@sluice/internal";
import { ADAPT_INTERVAL_BYTES, AdaptiveLevel } from "../options/_adaptive_level.ts";
import { NO_CHECKPOINTS } from "../options/_checkpoint_options.ts";
import type { CheckpointSettings } from "../options/_checkpoint_options.ts";
import { PARAMETER } from "../options/_compress_options.ts";
import type { CompressSettings } from "../options/_compress_options.ts";
import { digestOf } from "../options/_dictionary_digests.ts";

/** `ZSTD_dictForceLoad` in zstd.h. */
const ATTACH_BY_LOADING = 3;

/** Gives a context its parameters; a refused one is named with its bounds. */
export function configureEncoder(kernel: ZstdEncoderKernel, settings: CompressSettings): void {
  const result = kernel.configure(settings.parameters);
  if (result >= 0) return;
  const refused = kernel.errno | 0;
  const name = Object.entries(PARAMETER).find(([, number]) => number === refused)?.[0] ?? `${refused}`;
  const bounds = zstdEncoderBounds(refused, settings.backend);
  const value = settings.parameters[settings.parameters.indexOf(refused) + 1];
  if (result === RESULT.PARAMETER_OUT_OF_RANGE && bounds !== undefined) {
    throw new RangeError(
      `Cannot use option "${name}": it is ${value}, expected an integer from ${bounds.min} to ${bounds.max}`,
    );
  }
  throw kernel.error(result, `use option "${name}"`);
}

/** Makes a context use the dictionary of the settings, digested for their parameters, or none. */
export function useEncoderDictionary(kernel: ZstdEncoderKernel, settings: CompressSettings): void {
  const { dictionary, parameters } = settings;
  if (dictionary === undefined) return kernel.useDictionary(undefined);
  kernel.useDictionary(
    digestOf(
      dictionary,
      kernel.library,
      `encode ${parameters.join(" ")}`,
      () =>
        new ZstdEncoderDictionary(
          kernel,
          dictionary.bytes,
          ZSTD_DICTIONARY_TYPE[dictionary.type],
          parameters,
        ),
    ),
  );
  // A digest that is loaded brings level 3 whatever it was made for: the context loads the bytes itself.
  if (parameterOf(settings, PARAMETER.attachDictionary) !== ATTACH_BY_LOADING) return;
  const result = kernel.loadDictionary(dictionary.bytes, ZSTD_DICTIONARY_TYPE[dictionary.type]);
  if (result < 0) throw kernel.error(result, "load the dictionary");
}

/** A context with its parameters, dictionary and prefix; closed again if they are refused. */
export function makeEncoderKernel(settings: CompressSettings): ZstdEncoderKernel {
  const kernel = new ZstdEncoderKernel(settings);
  try {
    configureEncoder(kernel, settings);
    useEncoderDictionary(kernel, settings);
    if (settings.prefix.length > 0) {
      const result = kernel.setPrefix(settings.prefix);
      if (result < 0) throw kernel.error(result, "hold the prefix");
    }
  } catch (error) {
    kernel.close();
    throw error;
  }
  return kernel;
}

function parameterOf(settings: CompressSettings, parameter: number): number {
  return settings.parameters[settings.parameters.indexOf(parameter) + 1]!;
}

/** One compression from its first input byte to its last output byte. */
export class EncoderCodec implements PullCodec {
  readonly #kernel: ZstdEncoderKernel;
  #settings: CompressSettings;
  /** Whether the dictionary is to be used with other parameters from the next frame on. */
  #dictionaryDue = false;
  readonly #size: number | undefined;
  readonly #checkpoints: CheckpointSettings;
  readonly #adaptive: AdaptiveLevel | undefined;
  /** Whether worker threads take new levels inside a frame. */
  readonly #hasJobs: boolean;
  readonly offLoop: boolean;
  /** The level at hand, or of the next frame or job. */
  level: number;

  readonly #input = new InputChunk();
  #operation: number = ZSTD_STEP.CONTINUE;
  #ended = false;
  #done = false;
  #closed = false;
  #bytesIn = 0;
  #bytesOut = 0;
  /** Input bytes of the frame at hand. */
  #frameBytesIn = 0;
  #frameIndex: number;
  #frameStarted = false;

  /** Takes a context from the backend; the caller closes the codec. */
  constructor(
    settings: CompressSettings,
    offload: "auto" | "always" | "never" = "auto",
    checkpoints: CheckpointSettings = NO_CHECKPOINTS,
  ) {
    this.#settings = settings;
    this.level = parameterOf(settings, PARAMETER.level);
    this.#hasJobs = parameterOf(settings, PARAMETER.threads) > 0;
    this.#adaptive = settings.adapt && new AdaptiveLevel(settings.adapt);
    // Without jobs a level changes with the frame: there have to be several.
    const frameSizeMax = this.#adaptive === undefined || this.#hasJobs ? Infinity : ADAPT_INTERVAL_BYTES;
    this.#checkpoints = checkpoints.every <= frameSizeMax
      ? checkpoints
      : { ...checkpoints, every: frameSizeMax };
    this.#bytesIn = checkpoints.resumeAt.decompressedOffset;
    this.#bytesOut = checkpoints.resumeAt.compressedOffset;
    this.#frameIndex = checkpoints.resumeAt.frameIndex;
    this.#kernel = makeEncoderKernel(settings);
    this.#size = settings.size;
    this.offLoop = this.#kernel.backend === "native" && offload !== "never" &&
      (offload === "always" || settings.slow);
    if (settings.size !== undefined) this.#pledge(settings.size);
  }

  get needsInput(): boolean {
    return !this.#done && this.#input.rest === 0 && this.#operation === ZSTD_STEP.CONTINUE &&
      !this.#frameIsFull;
  }

  /** Whether the frame at hand has as much content as lies between two checkpoints. */
  get #frameIsFull(): boolean {
    return this.#frameBytesIn >= this.#checkpoints.every;
  }

  get done(): boolean {
    return this.#done;
  }

  /** Input bytes used so far. */
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

  /** Bytes that the context holds. */
  get memoryUsage(): number {
    return this.#kernel.memoryUsage;
  }

  /** How far the frame has come. */
  get progress(): ZstdProgress {
    return this.#kernel.progress;
  }

  write(chunk: Uint8Array): void {
    this.#checkOpen("write to");
    if (this.#ended) throw new TypeError("Cannot write to the encoder: its input has ended");
    this.#input.write(chunk);
  }

  /** Copies input that waits, so that the caller may change its buffer. */
  detachInput(): void {
    this.#input.detach();
  }

  /** Asks for all input so far to come out: as a block of the frame, or by ending the frame. */
  flush(kind: "block" | "frame"): void {
    this.#checkOpen("flush");
    if (this.#ended) throw new TypeError("Cannot flush the encoder: its input has ended");
    this.#operation = kind === "block" ? ZSTD_STEP.FLUSH : ZSTD_STEP.END;
  }

  end(): void {
    this.#checkOpen("end");
    this.#ended = true;
    this.#operation = ZSTD_STEP.END;
  }

  /** Changes the level from the next frame on, with worker threads from the next job. */
  setLevel(level: number): void {
    this.#checkOpen("set the level of");
    this.#check(this.#kernel.configure(new Int32Array([PARAMETER.level, level])));
    this.level = level;
    if (this.#settings.dictionary === undefined) return;
    const parameters = this.#settings.parameters.slice();
    parameters[parameters.indexOf(PARAMETER.level) + 1] = level;
    this.#settings = { ...this.#settings, parameters };
    this.#dictionaryDue = true;
  }

  /** Digests the dictionary for a new level where a frame starts. */
  #renewDictionary(): void {
    if (!this.#dictionaryDue || this.#frameStarted) return;
    useEncoderDictionary(this.#kernel, this.#settings);
    this.#dictionaryDue = false;
  }

  read(target: Uint8Array<ArrayBuffer>, start: number): number {
    let at = this.#enter(start);
    while (at < target.length && !this.#isIdle()) {
      const operation = this.#nextOperation();
      const { chunk, pos } = this.#input;
      const end = this.#sourceEnd(operation);
      const room = target.length;
      at += this.#account(operation, this.#kernel.step(chunk, pos, end, target, at, room, operation));
    }
    this.#adaptive?.leave();
    return at - start;
  }

  async readAsync(target: Uint8Array<ArrayBuffer>, start: number): Promise<number> {
    let at = this.#enter(start);
    while (at < target.length && !this.#isIdle()) {
      const operation = this.#nextOperation();
      const { chunk, pos } = this.#input;
      const end = this.#sourceEnd(operation);
      const room = target.length;
      at += this.#account(
        operation,
        await this.#kernel.stepAsync(chunk, pos, end, target, at, room, operation),
      );
    }
    this.#adaptive?.leave();
    return at - start;
  }

  /** Begins a read that writes from `start` on. */
  #enter(start: number): number {
    this.#checkOpen("read from");
    this.#adaptive?.enter();
    return start;
  }

  #checkOpen(action: string): void {
    if (this.#closed) throw new TypeError(`Cannot ${action} the encoder: it is closed`);
  }

  close(): void {
    this.#closed = true;
    this.#kernel.close();
    this.#input.drop();
  }

  /** Input first; a flush or the end comes in a step of its own, so that chunk borders never change the output. */
  #nextOperation(): number {
    this.#renewDictionary();
    if (this.#frameIsFull) return ZSTD_STEP.END;
    if (this.#input.rest === 0) {
      if (this.#operation === ZSTD_STEP.END) this.#checkSize(this.#sizedBytesIn, true);
      return this.#operation;
    }
    this.#checkSize(this.#sizedBytesIn + this.#input.rest, false);
    return ZSTD_STEP.CONTINUE;
  }

  /** Where the source of a step ends: at the next checkpoint at the latest. */
  #sourceEnd(operation: number): number {
    if (operation !== ZSTD_STEP.CONTINUE) return this.#input.pos;
    return Math.min(this.#input.chunk.length, this.#input.pos + this.#checkpoints.every - this.#frameBytesIn);
  }

  /** Whether there is nothing to do; content that ended with a checkpoint needs no further frame. */
  #isIdle(): boolean {
    const complete = this.#ended && !this.#frameStarted && this.#input.rest === 0 &&
      this.#frameIndex > this.#checkpoints.resumeAt.frameIndex && this.#checkpoints !== NO_CHECKPOINTS;
    if (complete && !this.#done) {
      this.#checkSize(this.#sizedBytesIn, true);
      this.#done = true;
    }
    return this.#done || this.needsInput;
  }

  /** The content that an announced size is the size of: one frame, or with checkpoints all of them. */
  get #sizedBytesIn(): number {
    return this.#checkpoints === NO_CHECKPOINTS ? this.#frameBytesIn : this.#bytesIn;
  }

  /** Changes the level when the flow of data says so. */
  #adapt(): void {
    const level = this.#adaptive?.next(this.#bytesIn, this.level) ?? this.level;
    if (level !== this.level) this.setLevel(level);
  }

  #pledge(size: number): void {
    const frameSize = this.#checkpoints === NO_CHECKPOINTS
      ? size
      : Math.min(this.#checkpoints.every, Math.max(0, size - this.#bytesIn));
    this.#check(this.#kernel.pledge(frameSize));
  }

  #endFrame(): void {
    this.#frameBytesIn = 0;
    this.#frameStarted = false;
    this.#frameIndex++;
    if (!this.#hasJobs) this.#adapt();
    if (this.#checkpoints === NO_CHECKPOINTS) return;
    if (this.#size !== undefined) this.#pledge(this.#size);
    this.#checkpoints.onCheckpoint?.({
      compressedOffset: this.#bytesOut,
      decompressedOffset: this.#bytesIn,
      frameIndex: this.#frameIndex,
    });
  }

  #account(operation: number, result: number): number {
    this.#check(result);
    const full = this.#frameIsFull;
    const { consumed, produced } = this.#kernel;
    this.#frameStarted ||= consumed > 0 || operation === ZSTD_STEP.FLUSH;
    this.#input.pos += consumed;
    this.#bytesIn += consumed;
    this.#frameBytesIn += consumed;
    this.#bytesOut += produced;
    if (this.#hasJobs && operation === ZSTD_STEP.CONTINUE) this.#adapt();
    if (operation !== ZSTD_STEP.CONTINUE && result !== RESULT.OUTPUT_PENDING) {
      if (operation === ZSTD_STEP.END) this.#endFrame();
      // A full frame ends by itself: what was asked for comes after the content that waits.
      if (full && (this.#ended || this.#input.rest > 0)) return produced;
      this.#operation = ZSTD_STEP.CONTINUE;
      this.#done = this.#ended;
    }
    return produced;
  }

  /** The codec itself overlooks some wrong sizes, so the announced one is compared here. */
  #checkSize(actual: number, final: boolean): void {
    const size = this.#size;
    if (size === undefined || (final ? actual === size : actual <= size)) return;
    throw new CorruptDataError(
      `Cannot compress at byte ${this.#bytesIn}: the input has ${
        final ? "" : "at least "
      }${actual} bytes, expected ${size}`,
      { format: "zstd", code: "INPUT_SIZE_MISMATCH", offset: this.#bytesIn, errno: 72 },
    );
  }

  #check(result: number): void {
    if (result < 0) throw this.#kernel.error(result, "compress to zstd", { offset: this.#bytesIn });
  }
}
