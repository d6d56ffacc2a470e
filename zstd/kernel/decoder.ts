/**
 * The kernel of zstd decompression: one context on either backend.
 *
 * @module
 */
import { reportedValue, resolveBackend, RESULT, STEP_LENGTH } from "@sluice/ffi";
import type { BackendChoice, ContextOptions, Pointer } from "@sluice/ffi";
import { batchValues, ZstdContextKernel, ZstdDictionaryKernel } from "./_context.ts";
import type { ZstdBatch } from "./_context.ts";
import type { ZstdDecodeFunctions } from "./_abi/zstd_decode.gen.ts";
import { ZSTD_DECODE } from "./decode_module.ts";

export { resolveBackend, RESULT };

export type { BackendChoice, ZstdBatch };

/** What a context is made with. */
export interface ZstdDecoderKernelOptions extends ContextOptions {
  /** Pairs of zstd's parameter numbers and values. */
  readonly parameters: Int32Array;
}

/** A dictionary digested for decompression, in one library. Contexts of that library share it. */
export class ZstdDecoderDictionary extends ZstdDictionaryKernel<ZstdDecodeFunctions> {
  /** Digests a copy of the bytes in the library of `kernel`. */
  constructor(kernel: ZstdDecoderKernel, bytes: Uint8Array, type: number) {
    super(
      kernel,
      (functions, report) =>
        functions.sluice_zstd_decompressor_dictionary_new(bytes, 0, bytes.length, type, report),
    );
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
export class ZstdDecoderKernel extends ZstdContextKernel<ZstdDecodeFunctions> {
  readonly #parameters: Int32Array;

  /** Takes a context from the backend and sets its parameters. */
  constructor(options: ZstdDecoderKernelOptions) {
    super(ZSTD_DECODE, options, {
      action: "make a decompression context",
      make: (functions, report) => functions.sluice_zstd_decompressor_new(options.maxMemory, report),
      free: "sluice_zstd_decompressor_free",
    }, "sluice_zstd_decompressor_dictionary_free");
    const parameters = this.backend === "wasm" ? within32Bits(options.parameters) : options.parameters;
    this.#parameters = parameters;
    const result = this.functions.sluice_zstd_decompressor_set(
      this.handle.pointer,
      parameters,
      parameters.length / 2,
      this.report,
    );
    if (result < 0) {
      this.close();
      throw this.error(result, "set the parameters of a decompression context");
    }
  }

  /** Bytes of the block that the last step failed at which earlier steps had taken. */
  get loaded(): number {
    return this.reportedValue;
  }

  /** Bytes that the context holds. */
  get memoryUsage(): number {
    this.functions.sluice_zstd_decompressor_memory(this.handle.pointer, this.report);
    return this.reportedValue;
  }

  /** Decodes whole frames into a target that has room for all of it; returns a result. */
  decompress(source: Uint8Array, pos: number, end: number, target: Uint8Array): number {
    return this.functions.sluice_zstd_decompressor_decompress(
      this.handle.pointer,
      source,
      pos,
      end,
      target,
      0,
      target.length,
      this.report,
    );
  }

  /** As `decompress`, off the event loop where the backend can. */
  decompressAsync(source: Uint8Array, pos: number, end: number, target: Uint8Array): Promise<number> {
    return this.callAside(
      "sluice_zstd_decompressor_decompress_async",
      source,
      pos,
      end,
      target,
      0,
      target.length,
      this.report,
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
    return this.functions.sluice_zstd_decompressor_step(
      this.handle.pointer,
      source,
      pos,
      Math.min(end, pos + this.library.sourceWindow),
      target,
      start,
      targetEnd,
      this.report,
    );
  }

  /** As `step`, off the event loop where the backend can. */
  stepAsync(...step: Parameters<ZstdDecoderKernel["step"]>): Promise<number> {
    const [source, pos, end, ...room] = step;
    const sourceEnd = Math.min(end, pos + this.library.sourceWindow);
    return this.callAside(
      "sluice_zstd_decompressor_step_async",
      source,
      pos,
      sourceEnd,
      ...room,
      this.report,
    );
  }

  protected override referTo(dictionary: Pointer): number {
    return this.functions.sluice_zstd_decompressor_use_dictionary(
      this.handle.pointer,
      dictionary,
      this.report,
    );
  }

  /** Decodes many frames over threads; returns a result. On failure `failedIndex` is one that failed. */
  batch(batch: ZstdBatch, threads: number): number {
    return this.functions.sluice_zstd_decompressor_batch(
      this.handle.pointer,
      this.#parameters,
      this.#parameters.length / 2,
      ...batchValues(batch),
      threads,
      this.report,
    );
  }

  /** As `batch`, off the event loop where the backend can. */
  batchAsync(batch: ZstdBatch, threads: number): Promise<number> {
    return this.callAside(
      "sluice_zstd_decompressor_batch_async",
      this.#parameters,
      this.#parameters.length / 2,
      ...batchValues(batch),
      threads,
      this.report,
    );
  }

  /** Decodes frames that each refer to the content before; returns a result. */
  chain(batch: ZstdBatch): number {
    return this.functions.sluice_zstd_decompressor_chain(
      this.handle.pointer,
      ...batchValues(batch),
      this.report,
    );
  }

  /** Forgets the frame in progress. */
  reset(): void {
    this.functions.sluice_zstd_decompressor_reset(this.handle.pointer);
  }
}

/** What a streaming decoder for a window of this size holds, in bytes, by the library's own estimate. */
export function estimateZstdDecoder(windowSize: number, backend: BackendChoice | undefined): number {
  const step = new Uint32Array(STEP_LENGTH);
  ZSTD_DECODE.open(backend).functions.sluice_zstd_decompressor_estimate(windowSize, step);
  return reportedValue(step);
}
