/**
 * The kernel of lz4 compression: frames and raw blocks, on either backend.
 *
 * @module
 */
import { ContextKernel, resolveBackend, RESULT, resultError, STEP, STEP_LENGTH } from "@sluice/ffi";
import type { BackendChoice, ContextOptions } from "@sluice/ffi";
import type { Lz4EncodeFunctions } from "./_abi/lz4_encode.gen.ts";
import { LZ4_ENCODE } from "./encode_module.ts";

export { LZ4_ENCODE_FLAG } from "./_abi/lz4_encode.gen.ts";
export { resolveBackend, RESULT, resultError };

export type { BackendChoice };

/** What one step is to do with the input after it. */
export const LZ4_STEP = { CONTINUE: 0, FLUSH: 1, END: 2 } as const;

/** What a context is made with. */
export interface Lz4EncoderKernelOptions extends ContextOptions {
  /** -65536 to 12. */
  readonly level: number;
  /** Content bytes of a full block. */
  readonly blockBytes: number;
  /** Bits of `LZ4_ENCODE_FLAG`. */
  readonly flags: number;
  /** History before the content. */
  readonly dictionary: Uint8Array | undefined;
}

/** A compression context. */
export class Lz4EncoderKernel extends ContextKernel<Lz4EncodeFunctions> {
  /** Takes a context from the backend and sets what its frames are like. */
  constructor(options: Lz4EncoderKernelOptions) {
    super("lz4", LZ4_ENCODE, options, {
      action: "make a compression context",
      make: (functions) => functions.sluice_lz4_encoder_new(options.maxMemory),
      free: "sluice_lz4_encoder_free",
    });
    const { dictionary } = options;
    const result = this.functions.sluice_lz4_encoder_configure(
      this.handle.pointer,
      options.level,
      options.blockBytes,
      options.flags,
      dictionary ?? null,
      0,
      dictionary?.length ?? 0,
    );
    if (result < 0) {
      this.close();
      throw this.error(result, "set the parameters of a compression context");
    }
  }

  /** Bytes that the context holds. */
  get memoryUsage(): number {
    this.functions.sluice_lz4_encoder_memory(this.handle.pointer, this.report);
    return this.reportedValue;
  }

  /** Content bytes of one job, and room for what it is compressed to. */
  get job(): { size: number; bound: number } {
    this.functions.sluice_lz4_encoder_job_size(this.handle.pointer, this.report);
    return { size: this.report[STEP.VALUE_LOW]!, bound: this.report[STEP.OTHER_LOW]! };
  }

  /** Starts a frame, whose header comes out of the next step; returns a result. */
  begin(blockId: number, contentSize: number | undefined, dictId: number | undefined): number {
    return this.functions.sluice_lz4_encoder_begin(
      this.handle.pointer,
      blockId,
      contentSize ?? -1,
      dictId === undefined ? 0 : 1,
      dictId ?? 0,
    );
  }

  /** Compresses until the source is used up and `operation` is done, or the target is full; returns a result. */
  step(
    source: Uint8Array,
    pos: number,
    end: number,
    target: Uint8Array,
    start: number,
    targetEnd: number,
    operation: number,
  ): number {
    return this.functions.sluice_lz4_encoder_step(
      this.handle.pointer,
      source,
      pos,
      end,
      target,
      start,
      targetEnd,
      operation,
      this.report,
    );
  }

  /** As `step`, off the event loop where the backend can. */
  stepAsync(...step: Parameters<Lz4EncoderKernel["step"]>): Promise<number> {
    return this.callAside("sluice_lz4_encoder_step_async", ...step, this.report);
  }

  /** Compresses whole jobs after `historySize` bytes of history, on several threads; returns a result. */
  jobs(source: Uint8Array, end: number, target: Uint8Array, historySize: number, threads: number): number {
    return this.functions.sluice_lz4_encoder_jobs(
      this.handle.pointer,
      source,
      0,
      end,
      target,
      0,
      target.length,
      historySize,
      threads,
      this.report,
    );
  }

  /** As `jobs`, off the event loop where the backend can. */
  jobsAsync(...jobs: Parameters<Lz4EncoderKernel["jobs"]>): Promise<number> {
    const [source, end, target, ...rest] = jobs;
    return this.callAside(
      "sluice_lz4_encoder_jobs_async",
      source,
      0,
      end,
      target,
      0,
      target.length,
      ...rest,
      this.report,
    );
  }
}

/** Compresses to one raw block; returns its size or a failed result. */
export function lz4BlockCompress(
  source: Uint8Array,
  target: Uint8Array,
  dictionary: Uint8Array | undefined,
  level: number,
  favorDecompression: boolean,
  backend: BackendChoice | undefined,
): number {
  const step = new Uint32Array(STEP_LENGTH);
  const result = LZ4_ENCODE.open(backend).functions.sluice_lz4_block_compress(
    source,
    0,
    source.length,
    target,
    0,
    target.length,
    dictionary ?? null,
    0,
    dictionary?.length ?? 0,
    level,
    favorDecompression ? 1 : 0,
    step,
  );
  return result < 0 ? result : step[STEP.PRODUCED]!;
}
