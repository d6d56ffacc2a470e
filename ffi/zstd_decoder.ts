/**
 * The kernel of zstd decompression: one context on either backend.
 *
 * @module
 */
import { RESULT, STEP, STEP_LENGTH } from "./_abi/abi.gen.ts";
import { ZSTD_DECODE_FUNCTIONS } from "./_abi/zstd_decode.gen.ts";
import type { ZstdDecodeFunctions } from "./_abi/zstd_decode.gen.ts";
import { Context } from "./_context.ts";
import type { Library } from "./_library.ts";
import { WASM_BASE64 } from "./_wasm/zstd_decode.gen.ts";
import { BackendModule } from "./backend.ts";
import type { BackendChoice } from "./backend.ts";
import { resultError } from "./result_error.ts";

export type { BackendChoice };

const MODULE = new BackendModule<ZstdDecodeFunctions>(ZSTD_DECODE_FUNCTIONS, WASM_BASE64);

/** What a context is made with. */
export interface ZstdDecoderKernelOptions {
  /** The most bytes that the codec may allocate; 0 for no limit. */
  readonly maxMemory: number;
  /** The backend; undefined for the configured one. */
  readonly backend: BackendChoice | undefined;
  /** Pairs of zstd's parameter numbers and values. */
  readonly parameters: Int32Array;
}

/** A decompression context. After a failed call it is ready for a new frame. */
export class ZstdDecoderKernel implements Disposable {
  readonly #library: Library<ZstdDecodeFunctions>;
  readonly #functions: ZstdDecodeFunctions;
  readonly #context: Context;
  readonly #step = new Uint32Array(STEP_LENGTH);
  readonly #maxMemory: number;

  /** Takes a context from the backend and sets its parameters. */
  constructor(options: ZstdDecoderKernelOptions) {
    this.#library = MODULE.open(options.backend);
    this.#functions = this.#library.functions;
    this.#maxMemory = options.maxMemory;
    const handle = this.#functions.sluice_zstd_decompressor_new(options.maxMemory);
    if (!handle) throw this.error(RESULT.OUT_OF_MEMORY, "make a decompression context");
    this.#context = new Context(this.#library, handle, this.#functions.sluice_zstd_decompressor_free);
    const { parameters } = options;
    const result = this.#functions.sluice_zstd_decompressor_set(
      handle,
      parameters,
      parameters.length / 2,
      this.#step,
    );
    if (result < 0) {
      this.close();
      throw this.error(result, "set the parameters of a decompression context");
    }
  }

  /** Which backend runs this context. */
  get backend(): "native" | "wasm" {
    return this.#library.kind;
  }

  /** Input bytes that the last step took. */
  get consumed(): number {
    return this.#step[STEP.CONSUMED]!;
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
  get memoryBytes(): number {
    this.#functions.sluice_zstd_decompressor_memory(this.#context.handle, this.#step);
    return this.#step[STEP.VALUE_LOW]! + this.#step[STEP.VALUE_HIGH]! * 2 ** 32;
  }

  /** Bytes of the WASM instance that the context lives in; 0 natively. */
  get instanceBytes(): number {
    return this.#library.memoryBytes;
  }

  /** Decodes whole frames into a target that has room for all of it; returns a result. */
  decompress(source: Uint8Array, pos: number, end: number, target: Uint8Array): number {
    return this.#functions.sluice_zstd_decompressor_decompress(
      this.#context.handle,
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
    return this.#context.run((handle) =>
      this.#functions.sluice_zstd_decompressor_decompress_async(
        handle,
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
      this.#context.handle,
      source,
      pos,
      Math.min(end, pos + this.#library.sourceWindow),
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
    return this.#context.run((handle) =>
      this.#functions.sluice_zstd_decompressor_step_async(
        handle,
        source,
        pos,
        Math.min(end, pos + this.#library.sourceWindow),
        target,
        start,
        targetEnd,
        this.#step,
      )
    );
  }

  /** Forgets the frame in progress. */
  reset(): void {
    this.#functions.sluice_zstd_decompressor_reset(this.#context.handle);
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
    this.#context.close();
  }

  /** Frees the context. */
  [Symbol.dispose](): void {
    this.close();
  }
}

/** What a streaming decoder for a window of this size holds, in bytes, by the library's own estimate. */
export function estimateZstdDecoder(windowSize: number, backend: BackendChoice | undefined): number {
  const step = new Uint32Array(STEP_LENGTH);
  MODULE.open(backend).functions.sluice_zstd_decompressor_estimate(windowSize, step);
  return step[STEP.VALUE_LOW]! + step[STEP.VALUE_HIGH]! * 2 ** 32;
}
