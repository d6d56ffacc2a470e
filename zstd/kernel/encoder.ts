/**
 * The kernel of zstd compression: one context on either backend.
 *
 * @module
 */
import { resolveBackend, RESULT } from "@sluice/ffi";
import type { BackendChoice, ContextOptions, Pointer } from "@sluice/ffi";
import { batchValues, ZstdContextKernel, ZstdDictionaryKernel } from "./_context.ts";
import type { ZstdBatch } from "./_context.ts";
import type { ZstdEncodeFunctions } from "./_abi/zstd_encode.gen.ts";
import { ZSTD_ENCODE } from "./encode_module.ts";

export { resolveBackend, RESULT };

export type { BackendChoice };

/** What one step is to do with the input after it. */
export const ZSTD_STEP = { CONTINUE: 0, FLUSH: 1, END: 2 } as const;

/** A value is copied in pieces: what crosses to WASM at once stays there. */
const HELD_PIECE_SIZE = 256 << 10;

/** How far a context has come with its frame, in bytes and jobs. */
export interface ZstdProgress {
  /** Input bytes taken, buffered ones included. */
  readonly ingested: number;
  /** Input bytes compressed. */
  readonly consumed: number;
  /** Output bytes made, buffered ones included. */
  readonly produced: number;
  /** Output bytes handed out. */
  readonly flushed: number;
  /** The number of the job that is being compressed; 0 without worker threads. */
  readonly currentJob: number;
  /** Worker threads that are busy now. */
  readonly activeWorkers: number;
}

/** A dictionary digested for compression with one set of parameters, in one library. Contexts of it share the digest. */
export class ZstdEncoderDictionary extends ZstdDictionaryKernel<ZstdEncodeFunctions> {
  /** Digests a copy of the bytes in the library of `kernel`; `type` is a value of `ZSTD_DICTIONARY_TYPE`. */
  constructor(kernel: ZstdEncoderKernel, bytes: Uint8Array, type: number, parameters: Int32Array) {
    super(kernel, (functions, report) =>
      functions.sluice_zstd_compressor_dictionary_new(
        bytes,
        0,
        bytes.length,
        type,
        parameters,
        parameters.length / 2,
        report,
      ));
  }
}

/** Many values in one buffer, and room for their frames; afterwards they follow each other from the target's start. */
export interface ZstdEncoderBatch extends ZstdBatch {
  /** Takes the sizes of the frames. */
  readonly sizes: Uint32Array;
}

/** A batch as functions take it. */
function encoderBatchValues(
  batch: ZstdEncoderBatch,
): [...ReturnType<typeof batchValues>, Uint32Array, number] {
  return [...batchValues(batch), batch.sizes, batch.sizes.length];
}

/** A compression context. After a failed call it is ready for a new frame. */
export class ZstdEncoderKernel extends ZstdContextKernel<ZstdEncodeFunctions> {
  #parameters: Int32Array | undefined;

  /** Takes a context from the backend. */
  constructor(options: ContextOptions) {
    super(ZSTD_ENCODE, options, {
      action: "make a compression context",
      make: (functions, report) => functions.sluice_zstd_compressor_new(options.maxMemory, report),
      free: "sluice_zstd_compressor_free",
    }, "sluice_zstd_compressor_dictionary_free");
  }

  /** Bytes that the context holds. */
  get memoryUsage(): number {
    this.functions.sluice_zstd_compressor_memory(this.handle.pointer, this.report);
    return this.reportedValue;
  }

  /** How far the frame has come. */
  get progress(): ZstdProgress {
    const numbers = new Uint32Array(10);
    this.functions.sluice_zstd_compressor_progress(this.handle.pointer, numbers, numbers.length);
    const value = (index: number): number => numbers[2 * index]! + numbers[2 * index + 1]! * 2 ** 32;
    return {
      ingested: value(0),
      consumed: value(1),
      produced: value(2),
      flushed: value(3),
      currentJob: numbers[8]!,
      activeWorkers: numbers[9]!,
    };
  }

  /** Sets pairs of zstd's parameter numbers and values; the same array again is no call. Returns a result. */
  configure(parameters: Int32Array): number {
    if (this.#parameters === parameters) return RESULT.OK;
    const result = this.functions.sluice_zstd_compressor_set(
      this.handle.pointer,
      parameters,
      parameters.length / 2,
      this.report,
    );
    this.#parameters = result < 0 ? undefined : parameters;
    return result;
  }

  /** Announces the size of the next frame's content, in bytes; undefined for not known. Returns a result. */
  pledge(size: number | undefined): number {
    return this.functions.sluice_zstd_compressor_pledge(this.handle.pointer, size ?? -1, this.report);
  }

  /** Compresses the source as one frame; returns a result. */
  compress(source: Uint8Array, target: Uint8Array, start: number): number {
    return this.functions.sluice_zstd_compressor_compress(
      this.handle.pointer,
      source,
      0,
      source.length,
      target,
      start,
      target.length,
      this.report,
    );
  }

  /** As `compress`, off the event loop where the backend can. */
  compressAsync(source: Uint8Array, target: Uint8Array): Promise<number> {
    const [from, to] = [source.length, target.length];
    return this.callAside(
      "sluice_zstd_compressor_compress_async",
      source,
      0,
      from,
      target,
      0,
      to,
      this.report,
    );
  }

  /**
   * Holds a copy of a value that `stepHeld` compresses in slices, to the bytes of `compress`; the context has neither a
   * dictionary nor a prefix. Returns a result.
   */
  hold(source: Uint8Array): number {
    let result = this.functions.sluice_zstd_compressor_hold(this.handle.pointer, source.length, this.report);
    for (let pos = 0; result >= 0 && pos < source.length; pos += HELD_PIECE_SIZE) {
      result = this.functions.sluice_zstd_compressor_fill(
        this.handle.pointer,
        source,
        pos,
        Math.min(source.length, pos + HELD_PIECE_SIZE),
      );
    }
    return result;
  }

  /** Compresses blocks of the held value until the target is full or the frame ends; returns a result. */
  stepHeld(target: Uint8Array): number {
    return this.functions.sluice_zstd_compressor_step_held(
      this.handle.pointer,
      target,
      0,
      target.length,
      this.report,
    );
  }

  /**
   * Compresses until the source is used up and what `operation` asks for is done, or the target is full; returns a
   * result. May stop before the source is used up: give FLUSH and END an empty source.
   */
  step(
    source: Uint8Array | null,
    pos: number,
    end: number,
    target: Uint8Array,
    start: number,
    targetEnd: number,
    operation: number,
  ): number {
    return this.functions.sluice_zstd_compressor_step(
      this.handle.pointer,
      source,
      pos,
      Math.min(end, pos + this.library.sourceWindow),
      target,
      start,
      targetEnd,
      operation,
      this.report,
    );
  }

  /** As `step`, off the event loop where the backend can. */
  stepAsync(...step: Parameters<ZstdEncoderKernel["step"]>): Promise<number> {
    const [source, pos, end, ...rest] = step;
    const sourceEnd = Math.min(end, pos + this.library.sourceWindow);
    return this.callAside("sluice_zstd_compressor_step_async", source, pos, sourceEnd, ...rest, this.report);
  }

  protected override referTo(dictionary: Pointer): number {
    return this.functions.sluice_zstd_compressor_use_dictionary(this.handle.pointer, dictionary, this.report);
  }

  /** Has every frame from now on load a copy of a dictionary with the context's parameters; returns a result. */
  loadDictionary(bytes: Uint8Array, type: number): number {
    return this.functions.sluice_zstd_compressor_load_dictionary(
      this.handle.pointer,
      bytes,
      0,
      bytes.length,
      type,
      this.report,
    );
  }

  /** Copies content that every frame from now on may refer to; undefined for none. Returns a result. */
  setPrefix(prefix: Uint8Array | undefined): number {
    return this.functions.sluice_zstd_compressor_set_prefix(
      this.handle.pointer,
      prefix ?? null,
      0,
      prefix?.length ?? 0,
    );
  }

  /** Compresses many values over threads; returns a result. On failure `failedIndex` is one that failed. */
  batch(parameters: Int32Array, batch: ZstdEncoderBatch, threads: number): number {
    return this.functions.sluice_zstd_compressor_batch(
      this.handle.pointer,
      parameters,
      parameters.length / 2,
      ...encoderBatchValues(batch),
      threads,
      this.report,
    );
  }

  /** As `batch`, off the event loop where the backend can. */
  batchAsync(parameters: Int32Array, batch: ZstdEncoderBatch, threads: number): Promise<number> {
    return this.callAside(
      "sluice_zstd_compressor_batch_async",
      parameters,
      parameters.length / 2,
      ...encoderBatchValues(batch),
      threads,
      this.report,
    );
  }

  /** Compresses values that each refer to the one before; returns a result. */
  chain(batch: ZstdEncoderBatch): number {
    return this.functions.sluice_zstd_compressor_chain(
      this.handle.pointer,
      ...encoderBatchValues(batch),
      this.report,
    );
  }

  /** Forgets the frame in progress. */
  reset(): void {
    this.functions.sluice_zstd_compressor_reset(this.handle.pointer);
  }
}
