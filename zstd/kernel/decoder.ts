/**
 * The kernel of zstd decompression: one context on either backend.
 *
 * @module
 */
import { Handle, resolveBackend, RESULT, resultError, STEP, STEP_LENGTH } from "@sluice/ffi";
import type { BackendChoice, Library, Pointer } from "@sluice/ffi";
import type { ZstdDecodeFunctions } from "./_abi/zstd_decode.gen.ts";
import { ZSTD_DECODE } from "./decode_module.ts";

export { resolveBackend, RESULT };

export type { BackendChoice };

/** What a context is made with. */
export interface ZstdDecoderKernelOptions {
  /** The most bytes that the codec may allocate; 0 for no limit. */
  readonly maxMemory: number;
  /** The backend; undefined for the configured one. */
  readonly backend: BackendChoice | undefined;
  /** Pairs of zstd's parameter numbers and values. */
  readonly parameters: Int32Array;
}

/** A dictionary digested for decompression, in one library. Contexts of that library share it. */
export class ZstdDecoderDictionary {
  /**
   * The digest; kernels refer to it.
   *
   * @internal
   */
  readonly handle: Handle<ZstdDecodeFunctions>;

  /** Digests a copy of the bytes in the library of `kernel`. */
  constructor(kernel: ZstdDecoderKernel, bytes: Uint8Array, type: number) {
    this.handle = kernel.makeDictionary((functions, step) =>
      functions.sluice_zstd_decompressor_dictionary_new(bytes, 0, bytes.length, type, step)
    );
  }

  /** Frees the digest when no context refers to it any more. */
  close(): void {
    this.handle.close();
  }
}

/** zstd's number of the largest window, and the most that its 32-bit build takes: a window of 2 GiB has no room there. */
const WINDOW_LOG_MAX_PARAMETER = 100;
const WINDOW_LOG_MAX_WASM = 30;

function within32Bits(parameters: Int32Array): Int32Array {
  return parameters.map((value, at) =>
    at % 2 === 1 && parameters[at - 1] === WINDOW_LOG_MAX_PARAMETER
      ? Math.min(value, WINDOW_LOG_MAX_WASM)
      : value
  );
}

/** A decompression context. After a failed call it is ready for a new frame. */
export class ZstdDecoderKernel implements Disposable {
  /**
   * The library that the context lives in.
   *
   * @internal
   */
  readonly library: Library<ZstdDecodeFunctions>;
  readonly #functions: ZstdDecodeFunctions;
  readonly #handle: Handle<ZstdDecodeFunctions>;
  readonly #step = new Uint32Array(STEP_LENGTH);
  readonly #maxMemory: number;
  readonly #parameters: Int32Array;
  #dictionary: ZstdDecoderDictionary | undefined;

  /** Takes a context from the backend and sets its parameters. */
  constructor(options: ZstdDecoderKernelOptions) {
    const maxMemory = this.#maxMemory = options.maxMemory;
    this.#handle = ZSTD_DECODE.create(options.backend, {
      format: "zstd",
      action: "make a decompression context",
      make: (functions) => {
        const pointer = functions.sluice_zstd_decompressor_new(maxMemory, this.#step);
        if (!pointer) throw this.#creationError("make a decompression context");
        return pointer;
      },
      free: "sluice_zstd_decompressor_free",
    });
    this.library = this.#handle.library;
    this.#functions = this.library.functions;
    const parameters = this.backend === "wasm" ? within32Bits(options.parameters) : options.parameters;
    this.#parameters = parameters;
    const result = this.#functions.sluice_zstd_decompressor_set(
      this.#handle.pointer,
      parameters,
      parameters.length / 2,
      this.#step,
    );
    if (result < 0) {
      this.close();
      throw this.error(result, "set the parameters of a decompression context");
    }
  }

  /**
   * Digests a dictionary in this library.
   *
   * @internal
   */
  makeDictionary(
    make: (functions: ZstdDecodeFunctions, step: Uint32Array) => Pointer,
  ): Handle<ZstdDecodeFunctions> {
    return new Handle(this.library, {
      format: "zstd",
      action: "digest a dictionary",
      make: (functions) => {
        const pointer = make(functions, this.#step);
        if (!pointer) throw this.#creationError("digest a dictionary");
        return pointer;
      },
      free: "sluice_zstd_decompressor_dictionary_free",
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

  /** Bytes of the block that the last step failed at which earlier steps had taken. */
  get loaded(): number {
    return this.#step[STEP.VALUE_LOW]!;
  }

  /** Output bytes that the last call wrote. */
  get produced(): number {
    return this.#step[STEP.PRODUCED]!;
  }

  /** zstd's own number of the last failure. */
  get errno(): number {
    return this.#step[STEP.DETAIL]!;
  }

  /** Bytes that the context holds. */
  get memoryUsage(): number {
    this.#functions.sluice_zstd_decompressor_memory(this.#handle.pointer, this.#step);
    return this.#step[STEP.VALUE_LOW]! + this.#step[STEP.VALUE_HIGH]! * 2 ** 32;
  }

  /** Bytes of the WASM instance that the context lives in; 0 natively. */
  get instanceBytes(): number {
    return this.library.memoryUsage;
  }

  /** Decodes whole frames into a target that has room for all of it; returns a result. */
  decompress(source: Uint8Array, pos: number, end: number, target: Uint8Array): number {
    return this.#functions.sluice_zstd_decompressor_decompress(
      this.#handle.pointer,
      source,
      pos,
      end,
      target,
      0,
      target.length,
      this.#step,
    );
  }

  /** As `decompress`, off the event loop where the backend can. */
  decompressAsync(source: Uint8Array, pos: number, end: number, target: Uint8Array): Promise<number> {
    return this.#handle.run((pointer) =>
      this.#functions.sluice_zstd_decompressor_decompress_async(
        pointer,
        source,
        pos,
        end,
        target,
        0,
        target.length,
        this.#step,
      )
    );
  }

  /**
   * Decodes until the source is used up, the target is full or the frame ends; returns a result. May stop before the
   * source is used up: `consumed` says how far it came.
   */
  step(
    source: Uint8Array,
    pos: number,
    end: number,
    target: Uint8Array,
    start: number,
    targetEnd: number,
  ): number {
    return this.#functions.sluice_zstd_decompressor_step(
      this.#handle.pointer,
      source,
      pos,
      Math.min(end, pos + this.library.sourceWindow),
      target,
      start,
      targetEnd,
      this.#step,
    );
  }

  /** As `step`, off the event loop where the backend can. */
  stepAsync(
    source: Uint8Array,
    pos: number,
    end: number,
    target: Uint8Array,
    start: number,
    targetEnd: number,
  ): Promise<number> {
    return this.#handle.run((pointer) =>
      this.#functions.sluice_zstd_decompressor_step_async(
        pointer,
        source,
        pos,
        Math.min(end, pos + this.library.sourceWindow),
        target,
        start,
        targetEnd,
        this.#step,
      )
    );
  }

  /** Uses a dictionary of the same library for all frames from now on, or none. */
  useDictionary(dictionary: ZstdDecoderDictionary | undefined): void {
    if (dictionary === this.#dictionary) return;
    const result = this.#functions.sluice_zstd_decompressor_use_dictionary(
      this.#handle.pointer,
      dictionary?.handle.sharedPointer ?? null,
      this.#step,
    );
    if (result < 0) throw this.error(result, "use a dictionary");
    this.#handle.use(dictionary?.handle);
    this.#dictionary = dictionary;
  }

  /** Decodes many frames over threads; returns a result. On failure `failedIndex` is one that failed. */
  batch(batch: ZstdDecoderBatch, threads: number): number {
    return this.#functions.sluice_zstd_decompressor_batch(
      ...this.#batchArguments(this.#handle.pointer, batch, threads),
    );
  }

  /** As `batch`, off the event loop where the backend can. */
  batchAsync(batch: ZstdDecoderBatch, threads: number): Promise<number> {
    return this.#handle.run((pointer) =>
      this.#functions.sluice_zstd_decompressor_batch_async(...this.#batchArguments(pointer, batch, threads))
    );
  }

  #batchArguments(
    pointer: Pointer,
    { source, offsets, target, slots }: ZstdDecoderBatch,
    threads: number,
  ): Parameters<ZstdDecodeFunctions["sluice_zstd_decompressor_batch"]> {
    return [
      pointer,
      this.#parameters,
      this.#parameters.length / 2,
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
      threads,
      this.#step,
    ];
  }

  /** Decodes frames that each refer to the content before; returns a result. */
  chain({ source, offsets, target, slots }: ZstdDecoderBatch): number {
    return this.#functions.sluice_zstd_decompressor_chain(
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
      this.#step,
    );
  }

  /** The item of a batch or chain that failed. */
  get failedIndex(): number {
    return this.#step[STEP.VALUE_LOW]!;
  }

  /** Forgets the frame in progress. */
  reset(): void {
    this.#functions.sluice_zstd_decompressor_reset(this.#handle.pointer);
  }

  /** The error for an object that was not made: its result stands where a call leaves zstd's number. */
  #creationError(action: string): Error {
    const result = this.errno | 0;
    this.#step[STEP.DETAIL] = 0;
    return this.error(result, action);
  }

  /** The error for a failed result of this context. */
  error(
    result: number,
    action: string,
    facts: { offset?: number; expectedId?: number | undefined } = {},
  ): Error {
    return resultError({
      format: "zstd",
      action,
      result,
      errno: this.errno,
      maxMemory: this.#maxMemory,
      ...facts,
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

/** Many frames in one buffer: frame `i` lies at `[offsets[i], offsets[i + 1])`, its content goes into slot `i`. */
export interface ZstdDecoderBatch {
  /** The frames. */
  readonly source: Uint8Array;
  /** Where each frame starts, and where the last one ends. */
  readonly offsets: Uint32Array;
  /** Room for all content. */
  readonly target: Uint8Array;
  /** Where each content starts, and where the last one ends. */
  readonly slots: Uint32Array;
}

/** What a streaming decoder for a window of this size holds, in bytes, by the library's own estimate. */
export function estimateZstdDecoder(windowSize: number, backend: BackendChoice | undefined): number {
  const step = new Uint32Array(STEP_LENGTH);
  ZSTD_DECODE.open(backend).functions.sluice_zstd_decompressor_estimate(windowSize, step);
  return step[STEP.VALUE_LOW]! + step[STEP.VALUE_HIGH]! * 2 ** 32;
}
