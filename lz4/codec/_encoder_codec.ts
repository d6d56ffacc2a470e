/**
 * Compression as a pull codec. Every shape of the compression API stands on it.
 */
import { LZ4_ENCODE_FLAG, LZ4_STEP, Lz4EncoderKernel, RESULT } from "../kernel/encoder.ts";
import { CorruptDataError, InputChunk } from "@sluice/internal";
import type { PullCodec } from "@sluice/internal";
import type { CompressSettings } from "./_compress_options.ts";
import { LZ4F_ERRNO } from "../frame/_format.ts";

const NO_BYTES: Uint8Array<ArrayBuffer> = new Uint8Array();
const HISTORY_SIZE = 1 << 16;
/** Source bytes of one WASM step. */
const WASM_SOURCE_WINDOW = 1 << 20;

/** One compression from its first input byte to its last output byte. */
export class EncoderCodec implements PullCodec {
  readonly #settings: CompressSettings;
  readonly #kernel: Lz4EncoderKernel;
  readonly #ownsKernel: boolean;
  readonly #crew: Crew | undefined;
  readonly offLoop: boolean;

  readonly #input = new InputChunk();
  #operation: number = LZ4_STEP.CONTINUE;
  #ended = false;
  #done = false;
  #closed = false;
  #open = false;
  #outputPending = false;
  #bytesIn = 0;
  #bytesOut = 0;
  /** Input bytes of the frame at hand. */
  #frameIn = 0;

  /** Takes a context from the backend, or uses one that the caller keeps; the caller closes the codec. */
  constructor(
    settings: CompressSettings,
    offload: "auto" | "always" | "never" = "auto",
    kernel?: Lz4EncoderKernel,
  ) {
    this.#settings = settings;
    this.#ownsKernel = kernel === undefined;
    this.#kernel = kernel ?? new Lz4EncoderKernel(settings);
    const threaded = settings.threads > 1 && settings.frameSize === Infinity && !settings.autoFlush;
    const linked = (settings.flags & LZ4_ENCODE_FLAG.LINKED) !== 0;
    const history = linked && settings.dictionary !== undefined ? settings.dictionary : NO_BYTES;
    this.#crew = threaded ? new Crew(this.#kernel, settings.threads, history) : undefined;
    this.offLoop = this.#kernel.backend === "native" && offload !== "never" &&
      (offload === "always" || settings.slow || threaded);
  }

  get needsInput(): boolean {
    return !this.#done && this.#input.rest === 0 && this.#operation === LZ4_STEP.CONTINUE &&
      !this.#outputPending && !(this.#crew?.hasOutput ?? false);
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

  /** Bytes that the codec holds. */
  get memoryUsage(): number {
    return this.#kernel.memoryUsage + (this.#crew?.memoryUsage ?? 0);
  }

  write(chunk: Uint8Array): void {
    if (this.#closed) throw new TypeError("Cannot write to the encoder: it is closed");
    if (this.#ended) throw new TypeError("Cannot write to the encoder: its input has ended");
    this.#input.write(chunk);
    if (this.#settings.autoFlush) this.#operation = LZ4_STEP.FLUSH;
  }

  /** Copies input that waits, so that the caller may change its buffer. */
  detachInput(): void {
    this.#input.detach();
  }

  /** Asks for all input so far to come out: as a block of the frame, or by ending the frame. */
  flush(kind: "block" | "frame"): void {
    if (this.#closed || this.#ended) throw new TypeError("Cannot flush the encoder: its input has ended");
    this.#operation = kind === "block" ? LZ4_STEP.FLUSH : LZ4_STEP.END;
  }

  end(): void {
    if (this.#closed) throw new TypeError("Cannot finish the encoder: it is closed");
    this.#ended = true;
    this.#operation = LZ4_STEP.END;
  }

  read(target: Uint8Array<ArrayBuffer>, start: number): number {
    let at = start;
    while (at < target.length && !this.#done && !this.needsInput) {
      this.#begin();
      const crew = this.#crew;
      if (crew !== undefined && this.#crewTurn(crew, target, at)) {
        if (crew.ready) crew.account(this.#kernel.jobs(...crew.order()));
        at += this.#take(crew, target, at);
        continue;
      }
      const [source, pos, end, operation] = this.#nextStep();
      at += this.#account(
        this.#kernel.step(source, pos, end, target, at, target.length, operation),
        operation,
      );
    }
    return at - start;
  }

  async readAsync(target: Uint8Array<ArrayBuffer>, start: number): Promise<number> {
    let at = start;
    while (at < target.length && !this.#done && !this.needsInput) {
      this.#begin();
      const crew = this.#crew;
      if (crew !== undefined && this.#crewTurn(crew, target, at)) {
        if (crew.ready) crew.account(await this.#kernel.jobsAsync(...crew.order()));
        at += this.#take(crew, target, at);
        continue;
      }
      const [source, pos, end, operation] = this.#nextStep();
      at += this.#account(
        await this.#kernel.stepAsync(source, pos, end, target, at, target.length, operation),
        operation,
      );
    }
    return at - start;
  }

  close(): void {
    if (!this.#closed && this.#ownsKernel) this.#kernel.close();
    this.#closed = true;
    this.#input.drop();
  }

  /** Starts a frame where none is open: for input, and for an end without any. */
  #begin(): void {
    if (this.#open || this.#outputPending) return;
    const { blockId, contentSize, dictId } = this.#settings;
    this.#check(this.#kernel.begin(blockId, contentSize, dictId));
    this.#open = true;
    this.#frameIn = 0;
    this.#outputPending = true; // the header
  }

  /** Whether the crew has something to do before the next step; takes input for it. */
  #crewTurn(crew: Crew, target: Uint8Array, at: number): boolean {
    if (this.#outputPending || at === target.length) return false;
    if (crew.hasOutput) return true;
    if (crew.stopped) return false;
    const rest = this.#input.rest;
    const used = crew.take(this.#input.chunk.subarray(this.#input.pos));
    this.#checkSize(this.#frameIn + used, false);
    this.#input.pos += used;
    this.#bytesIn += used;
    this.#frameIn += used;
    if (crew.full || used < rest) return true;
    if (this.#operation === LZ4_STEP.CONTINUE) return true;
    crew.stop();
    return crew.ready;
  }

  #take(crew: Crew, target: Uint8Array, at: number): number {
    const length = crew.read(target, at);
    this.#bytesOut += length;
    return length;
  }

  /** Input first; a flush or the end comes when it is used up, so that chunk borders never change the output. */
  #nextStep(): [Uint8Array, number, number, number] {
    if (this.#outputPending) return [NO_BYTES, 0, 0, LZ4_STEP.CONTINUE];
    const tail = this.#crew?.tail();
    if (tail !== undefined && tail.length > 0) return [tail, 0, tail.length, LZ4_STEP.CONTINUE];
    const rest = this.#input.rest;
    const left = this.#settings.frameSize - this.#frameIn;
    if (rest > 0 && left === 0) return [NO_BYTES, 0, 0, LZ4_STEP.END];
    if (rest === 0) {
      if (this.#operation === LZ4_STEP.END) this.#checkSize(this.#frameIn, true);
      return [NO_BYTES, 0, 0, this.#operation];
    }
    this.#checkSize(this.#frameIn + rest, false);
    const window = this.#kernel.backend === "native" ? rest : Math.min(rest, WASM_SOURCE_WINDOW);
    return [this.#input.chunk, this.#input.pos, this.#input.pos + Math.min(window, left), LZ4_STEP.CONTINUE];
  }

  #account(result: number, operation: number): number {
    this.#check(result);
    const { consumed, produced } = this.#kernel;
    const tail = this.#crew?.tail();
    if (tail !== undefined && tail.length > 0) {
      this.#crew!.useTail(consumed);
    } else {
      this.#input.pos += consumed;
      this.#bytesIn += consumed;
      this.#frameIn += consumed;
    }
    this.#bytesOut += produced;
    this.#outputPending = result === RESULT.OUTPUT_PENDING;
    if (operation === LZ4_STEP.FLUSH && !this.#outputPending) this.#operation = LZ4_STEP.CONTINUE;
    if (operation === LZ4_STEP.END && !this.#outputPending) {
      this.#open = false;
      if (this.#input.rest === 0) {
        this.#operation = LZ4_STEP.CONTINUE;
        this.#done = this.#ended;
      }
      this.#crew?.restart();
    }
    return produced;
  }

  #checkSize(actual: number, final: boolean): void {
    const size = this.#settings.contentSize;
    if (size === undefined || (final ? actual === size : actual <= size)) return;
    throw new CorruptDataError(
      `Cannot compress at byte ${this.#bytesIn}: the input has ${
        final ? "" : "at least "
      }${actual} bytes, expected ${size}`,
      { format: "lz4", code: "SIZE_MISMATCH", offset: this.#bytesIn, errno: LZ4F_ERRNO.CONTENT_SIZE },
    );
  }

  #check(result: number): void {
    if (result < 0) throw this.#kernel.error(result, "compress to lz4", this.#bytesIn);
  }
}

/** Gathers jobs for several threads: as many at a time as there are threads, after the history that they need. */
class Crew {
  readonly #kernel: Lz4EncoderKernel;
  readonly #threads: number;
  readonly #jobSize: number;
  readonly #input: Uint8Array<ArrayBuffer>;
  readonly #output: Uint8Array<ArrayBuffer>;
  readonly #dictionary: Uint8Array;
  #history = 0;
  #fill = 0;
  #tailPos = 0;
  #outputPos = 0;
  #outputEnd = 0;
  #stopped = false;

  constructor(kernel: Lz4EncoderKernel, threads: number, dictionary: Uint8Array) {
    const { size, bound } = kernel.job;
    this.#kernel = kernel;
    this.#threads = threads;
    this.#jobSize = size;
    this.#input = new Uint8Array(HISTORY_SIZE + threads * size);
    this.#output = new Uint8Array(threads * bound);
    this.#dictionary = dictionary.subarray(Math.max(0, dictionary.length - HISTORY_SIZE));
    this.restart();
  }

  get memoryUsage(): number {
    return this.#input.length + this.#output.length;
  }

  get hasOutput(): boolean {
    return this.#outputPos < this.#outputEnd;
  }

  /** Whether every thread has a job. */
  get full(): boolean {
    return this.#fill === this.#threads * this.#jobSize;
  }

  /** Whether there are jobs to run now: a full crew, or whole jobs at the end. */
  get ready(): boolean {
    return !this.hasOutput &&
      (this.full || this.#stopped && this.#fill >= this.#jobSize && this.#tailPos === 0);
  }

  /** Whether no more jobs of this frame are gathered: what is left goes the way of one thread. */
  get stopped(): boolean {
    return this.#stopped && this.#fill < this.#jobSize;
  }

  take(bytes: Uint8Array): number {
    const count = Math.min(bytes.length, this.#threads * this.#jobSize - this.#fill);
    this.#input.set(bytes.subarray(0, count), this.#history + this.#fill);
    this.#fill += count;
    return count;
  }

  stop(): void {
    this.#stopped = true;
  }

  restart(): void {
    this.#stopped = false;
    this.#input.set(this.#dictionary);
    this.#history = this.#dictionary.length;
    this.#fill = 0;
    this.#tailPos = 0;
  }

  order(): [Uint8Array, number, Uint8Array, number, number] {
    const size = this.#fill - this.#fill % this.#jobSize;
    return [this.#input, this.#history + size, this.#output, this.#history, this.#threads];
  }

  account(result: number): void {
    if (result < 0) throw this.#kernel.error(result, "compress to lz4");
    this.#outputPos = 0;
    this.#outputEnd = this.#kernel.produced;
    const size = this.#fill - this.#fill % this.#jobSize;
    const end = this.#history + size;
    const kept = Math.min(end, HISTORY_SIZE);
    this.#input.copyWithin(0, end - kept, end + this.#fill - size);
    this.#history = kept;
    this.#fill -= size;
  }

  read(target: Uint8Array, at: number): number {
    const length = Math.min(target.length - at, this.#outputEnd - this.#outputPos);
    target.set(this.#output.subarray(this.#outputPos, this.#outputPos + length), at);
    this.#outputPos += length;
    return length;
  }

  /** What was gathered and fills no job. */
  tail(): Uint8Array {
    return this.#stopped
      ? this.#input.subarray(this.#history + this.#tailPos, this.#history + this.#fill)
      : NO_BYTES;
  }

  useTail(count: number): void {
    this.#tailPos += count;
  }
}
