/**
 * The kernel of zstd compression: one context on either backend.
 *
 * @module
 */
import { Handle, resolveBackend, RESULT, resultError, STEP, STEP_LENGTH } from "@sluice/ffi";
import type { BackendChoice, Library, Pointer } from "@sluice/ffi";
import type { ZstdEncodeFunctions } from "./_abi/zstd_encode.gen.ts";
import { ZSTD_ENCODE } from "./encode_module.ts";

export { resolveBackend, RESULT };

export type { BackendChoice };

/** What one step is to do with the input after it. */
export const ZSTD_STEP = { CONTINUE: 0, FLUSH: 1, END: 2 } as const;

/** A value is copied in pieces: what crosses to WASM at once stays there. */
const HELD_PIECE_SIZE = 256 << 10;

/** What a context is made with. */
export interface ZstdEncoderKernelOptions {
  /** The most bytes that the codec may allocate; 0 for no limit. */
  readonly maxMemory: number;
  /** The backend; undefined for the configured one. */
  readonly backend: BackendChoice | undefined;
}

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
export class ZstdEncoderDictionary {
  /**
   * The digest; kernels refer to it.
   *
   * @internal
   */
  readonly handle: Handle<ZstdEncodeFunctions>;

  /** Digests a copy of the bytes in the library of `kernel`; `type` is a value of `ZSTD_DICTIONARY_TYPE`. */
  constructor(kernel: ZstdEncoderKernel, bytes: Uint8Array, type: number, parameters: Int32Array) {
    this.handle = kernel.makeDictionary((functions, step) =>
      functions.sluice_zstd_compressor_dictionary_new(
        bytes,
        0,
        bytes.length,
        type,
        parameters,
        parameters.length / 2,
        step,
      )
    );
  }

  /** Frees the digest when no context refers to it any more. */
  close(): void {
    this.handle.close();
  }
}

/** Many values in one buffer, and room for their frames. */
export interface ZstdEncoderBatch {
  /** The values. */
  readonly source: Uint8Array;
  /** Where each value starts, and where the last one ends. */
  readonly offsets: Uint32Array;
  /** Room for all frames; afterwards they stand one after the other from its start. */
  readonly target: Uint8Array;
  /** Where each frame's room starts, and where the last one's ends. */
  readonly slots: Uint32Array;
  /** Takes the sizes of the frames. */
  readonly sizes: Uint32Array;
}

/** A compression context. After a failed call it is ready for a new frame. */
export class ZstdEncoderKernel implements Disposable {
  /**
   * The library that the context lives in.
   *
   * @internal
   */
  readonly library: Library<ZstdEncodeFunctions>;
  readonly #functions: ZstdEncodeFunctions;
  readonly #handle: Handle<ZstdEncodeFunctions>;
  readonly #step = new Uint32Array(STEP_LENGTH);
  readonly #maxMemory: number;
  #dictionary: ZstdEncoderDictionary | undefined;
  #parameters: Int32Array | undefined;

  /** Takes a context from the backend. */
  constructor(options: ZstdEncoderKernelOptions) {
    const maxMemory = this.#maxMemory = options.maxMemory;
    this.#handle = ZSTD_ENCODE.create(options.backend, {
      format: "zstd",
      action: "make a compression context",
      make: (functions) => {
        const pointer = functions.sluice_zstd_compressor_new(maxMemory, this.#step);
        if (!pointer) throw this.#creationError("make a compression context");
        return pointer;
      },
      free: "sluice_zstd_compressor_free",
    });
    this.library = this.#handle.library;
    this.#functions = this.library.functions;
  }

  /**
   * Digests a dictionary in this library.
   *
   * @internal
   */
  makeDictionary(
    make: (functions: ZstdEncodeFunctions, step: Uint32Array) => Pointer,
  ): Handle<ZstdEncodeFunctions> {
    return new Handle(this.library, {
      format: "zstd",
      action: "digest a dictionary",
      make: (functions) => {
        const pointer = make(functions, this.#step);
        if (!pointer) throw this.#creationError("digest a dictionary");
        return pointer;
      },
      free: "sluice_zstd_compressor_dictionary_free",
    });
  }

  /** Which backend runs this context. */
  get backend(): "native" | "wasm" {
    return this.library.kind;
  }

  /** Input bytes that the last step took. */
  get consumed(): number {
    return this.#step[STEP.CONSUMED]!;
  }

  /** Output bytes that the last call wrote. */
  get produced(): number {
    return this.#step[STEP.PRODUCED]!;
  }

  /** zstd's own number of the last failure, or of the parameter that was refused. */
  get errno(): number {
    return this.#step[STEP.DETAIL]!;
  }

  /** Bytes that the context holds. */
  get memoryUsage(): number {
    this.#functions.sluice_zstd_compressor_memory(this.#handle.pointer, this.#step);
    return this.#step[STEP.VALUE_LOW]! + this.#step[STEP.VALUE_HIGH]! * 2 ** 32;
  }

  /** Bytes of the WASM instance that the context lives in; 0 natively. */
  get instanceBytes(): number {
    return this.library.memoryUsage;
  }

  /** How far the frame has come. */
  get progress(): ZstdProgress {
    const numbers = new Uint32Array(10);
    this.#functions.sluice_zstd_compressor_progress(this.#handle.pointer, numbers, numbers.length);
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
    const result = this.#functions.sluice_zstd_compressor_set(
      this.#handle.pointer,
      parameters,
      parameters.length / 2,
      this.#step,
    );
    this.#parameters = result < 0 ? undefined : parameters;
    return result;
  }

  /** Announces the size of the next frame's content, in bytes; undefined for not known. Returns a result. */
  pledge(size: number | undefined): number {
    return this.#functions.sluice_zstd_compressor_pledge(this.#handle.pointer, size ?? -1, this.#step);
  }

  /** Compresses the source as one frame; returns a result. */
  compress(source: Uint8Array, target: Uint8Array, start: number): number {
    return this.#functions.sluice_zstd_compressor_compress(
      this.#handle.pointer,
      source,
      0,
      source.length,
      target,
      start,
      target.length,
      this.#step,
    );
  }

  /** As `compress`, off the event loop where the backend can. */
  compressAsync(source: Uint8Array, target: Uint8Array): Promise<number> {
    return this.#handle.run((pointer) =>
      this.#functions.sluice_zstd_compressor_compress_async(
        pointer,
        source,
        0,
        source.length,
        target,
        0,
        target.length,
        this.#step,
      )
    );
  }

  /**
   * Holds a copy of a value that `stepHeld` compresses in slices, to the bytes of `compress`; the context has neither a
   * dictionary nor a prefix. Returns a result.
   */
  hold(source: Uint8Array): number {
    let result = this.#functions.sluice_zstd_compressor_hold(this.#handle.pointer, source.length, this.#step);
    for (let pos = 0; result >= 0 && pos < source.length; pos += HELD_PIECE_SIZE) {
      result = this.#functions.sluice_zstd_compressor_fill(
        this.#handle.pointer,
        source,
        pos,
        Math.min(source.length, pos + HELD_PIECE_SIZE),
      );
    }
    return result;
  }

  /** Compresses blocks of the held value until the target is full or the frame ends; returns a result. */
  stepHeld(target: Uint8Array): number {
    return this.#functions.sluice_zstd_compressor_step_held(
      this.#handle.pointer,
      target,
      0,
      target.length,
      this.#step,
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
    operation: number,
  ): number {
    return this.#functions.sluice_zstd_compressor_step(
      this.#handle.pointer,
      source,
      pos,
      Math.min(end, pos + this.library.sourceWindow),
      target,
      start,
      target.length,
      operation,
      this.#step,
    );
  }

  /** As `step`, off the event loop where the backend can. */
  stepAsync(
    source: Uint8Array | null,
    pos: number,
    end: number,
    target: Uint8Array,
    start: number,
    operation: number,
  ): Promise<number> {
    return this.#handle.run((pointer) =>
      this.#functions.sluice_zstd_compressor_step_async(
        pointer,
        source,
        pos,
        Math.min(end, pos + this.library.sourceWindow),
        target,
        start,
        target.length,
        operation,
        this.#step,
      )
    );
  }

  /** Uses a dictionary of the same library for all frames from now on, or none. */
  useDictionary(dictionary: ZstdEncoderDictionary | undefined): void {
    if (dictionary === this.#dictionary) return;
    const result = this.#functions.sluice_zstd_compressor_use_dictionary(
      this.#handle.pointer,
      dictionary?.handle.sharedPointer ?? null,
      this.#step,
    );
    if (result < 0) throw this.error(result, "use a dictionary");
    this.#handle.use(dictionary?.handle);
    this.#dictionary = dictionary;
  }

  /** Has every frame from now on load a copy of a dictionary with the context's parameters; returns a result. */
  loadDictionary(bytes: Uint8Array, type: number): number {
    return this.#functions.sluice_zstd_compressor_load_dictionary(
      this.#handle.pointer,
      bytes,
      0,
      bytes.length,
      type,
      this.#step,
    );
  }

  /** Copies content that every frame from now on may refer to; undefined for none. Returns a result. */
  setPrefix(prefix: Uint8Array | undefined): number {
    return this.#functions.sluice_zstd_compressor_set_prefix(
      this.#handle.pointer,
      prefix ?? null,
      0,
      prefix?.length ?? 0,
    );
  }

  /** Compresses many values over threads; returns a result. On failure `failedIndex` is one that failed. */
  batch(parameters: Int32Array, batch: ZstdEncoderBatch, threads: number): number {
    return this.#functions.sluice_zstd_compressor_batch(
      ...this.#batchArguments(this.#handle.pointer, parameters, batch, threads),
    );
  }

  /** As `batch`, off the event loop where the backend can. */
  batchAsync(parameters: Int32Array, batch: ZstdEncoderBatch, threads: number): Promise<number> {
    return this.#handle.run((pointer) =>
      this.#functions.sluice_zstd_compressor_batch_async(
        ...this.#batchArguments(pointer, parameters, batch, threads),
      )
    );
  }

  #batchArguments(
    pointer: Pointer,
    parameters: Int32Array,
    { source, offsets, target, slots, sizes }: ZstdEncoderBatch,
    threads: number,
  ): Parameters<ZstdEncodeFunctions["sluice_zstd_compressor_batch"]> {
    return [
      pointer,
      parameters,
      parameters.length / 2,
      source,
      0,
      source.length,
      offsets,
      offsets.length,
      target,
      0,
      target.length,
      slots,
      slots.length,
      sizes,
      sizes.length,
      threads,
      this.#step,
    ];
  }

  /** Compresses values that each refer to the one before; returns a result. */
  chain({ source, offsets, target, slots, sizes }: ZstdEncoderBatch): number {
    return this.#functions.sluice_zstd_compressor_chain(
      this.#handle.pointer,
      source,
      0,
      source.length,
      offsets,
      offsets.length,
      target,
      0,
      target.length,
      slots,
      slots.length,
      sizes,
      sizes.length,
      this.#step,
    );
  }

  /** The item of a batch or chain that failed. */
  get failedIndex(): number {
    return this.#step[STEP.VALUE_LOW]!;
  }

  /** Forgets the frame in progress. */
  reset(): void {
    this.#functions.sluice_zstd_compressor_reset(this.#handle.pointer);
  }

  /** The error for an object that was not made: its result stands where a call leaves zstd's number. */
  #creationError(action: string): Error {
    const result = this.errno | 0;
    this.#step[STEP.DETAIL] = 0;
    return this.error(result, action);
  }

  /** The error for a failed result of this context. */
  error(result: number, action: string, offset?: number): Error {
    return resultError({
      format: "zstd",
      action,
      result,
      offset,
      errno: this.errno,
      maxMemory: this.#maxMemory,
    });
  }

  /** Frees the context; calling it again does nothing. */
  close(): void {
    this.#handle.close();
  }

  /** Frees the context. */
  [Symbol.dispose](): void {
    this.close();
  }
}
