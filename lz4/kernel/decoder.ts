/**
 * The kernel of lz4 decompression: the blocks of frames, raw blocks and XXH32, on either backend.
 *
 * @module
 */
import { ContextKernel, resolveBackend, RESULT, STEP } from "@sluice/ffi";
import type { BackendChoice, ContextOptions } from "@sluice/ffi";
import { LZ4_NEED_MAP_LENGTH, LZ4_WINDOW_SIZE, XXH32_STATE_LENGTH } from "./_abi/lz4_decode.gen.ts";
import type { Lz4DecodeFunctions } from "./_abi/lz4_decode.gen.ts";
import { LZ4_DECODE } from "./decode_module.ts";

export { LZ4_DECODE_FLAG } from "./_abi/lz4_decode.gen.ts";
export { LZ4_NEED_MAP_LENGTH, resolveBackend, RESULT, XXH32_STATE_LENGTH };

export type { BackendChoice };

/** What a context is made with. */
export interface Lz4DecoderKernelOptions extends ContextOptions {
  /** How many threads decode independent blocks, where the backend has threads. @default {1} */
  readonly threads?: number;
}

/** A decompression context. */
export class Lz4DecoderKernel extends ContextKernel<Lz4DecodeFunctions> {
  /** Takes a context from the backend. */
  constructor(options: Lz4DecoderKernelOptions) {
    const { maxMemory, threads = 1 } = options;
    super("lz4", LZ4_DECODE, options, {
      action: "make a decompression context",
      make: (functions) => functions.sluice_lz4_decoder_new(maxMemory, threads),
      free: "sluice_lz4_decoder_free",
    });
  }

  /** Blocks that the last run decoded. */
  get blockCount(): number {
    return this.report[STEP.DETAIL]!;
  }

  /** Input bytes that the next block lacks, as far as the last run could tell. */
  get missing(): number {
    return this.report[STEP.HINT]!;
  }

  /** Output bytes that wait inside for a target. */
  get pending(): number {
    return this.functions.sluice_lz4_decoder_pending(this.handle.pointer);
  }

  /** Bytes that a stored block still lacks of which the start was returned; 0 between blocks. */
  get storedLeft(): number {
    return this.functions.sluice_lz4_decoder_stored_left(this.handle.pointer);
  }

  /** Goes on inside such a block, after `begin`; returns a result. */
  resumeStored(left: number): number {
    return this.functions.sluice_lz4_decoder_stored_resume(this.handle.pointer, left);
  }

  /** Bytes that the context holds. */
  get memoryUsage(): number {
    this.functions.sluice_lz4_decoder_memory(this.handle.pointer, this.report);
    return this.reportedValue;
  }

  /** Starts a frame with the history before it; returns a result. */
  begin(flags: number, blockMax: number, history: Uint8Array): number {
    const start = Math.max(0, history.length - LZ4_WINDOW_SIZE);
    return this.functions.sluice_lz4_decoder_begin(
      this.handle.pointer,
      flags,
      blockMax,
      history,
      start,
      history.length,
    );
  }

  /**
   * Decodes blocks until the source has no whole one, the target is full, or `goal` bytes (0: no goal) are out at the
   * end of a block; returns a result.
   */
  run(
    source: Uint8Array,
    pos: number,
    end: number,
    target: Uint8Array,
    start: number,
    targetEnd: number,
    goal: number,
  ): number {
    return this.functions.sluice_lz4_decoder_run(
      this.handle.pointer,
      source,
      pos,
      end,
      target,
      start,
      targetEnd,
      goal,
      this.report,
    );
  }

  /** As `run`, off the event loop where the backend can. */
  runAsync(...run: Parameters<Lz4DecoderKernel["run"]>): Promise<number> {
    return this.callAside("sluice_lz4_decoder_run_async", ...run, this.report);
  }

  /** The XXH32 of the content so far. */
  digest(): number {
    return this.functions.sluice_lz4_decoder_digest(this.handle.pointer) >>> 0;
  }

  /** The state of the content's XXH32. */
  get hashState(): Uint32Array<ArrayBuffer> {
    const words = new Uint32Array(XXH32_STATE_LENGTH);
    this.functions.sluice_lz4_decoder_hash_save(this.handle.pointer, words, words.length);
    return words;
  }

  /** Goes on with this state of the content's XXH32. */
  set hashState(words: Uint32Array) {
    this.functions.sluice_lz4_decoder_hash_load(this.handle.pointer, words, words.length);
  }

  /** A copy of the history that the next block may refer to, at most `size` bytes. */
  window(size: number): Uint8Array<ArrayBuffer> {
    const target = new Uint8Array(size);
    this.functions.sluice_lz4_decoder_window(this.handle.pointer, target, 0, size, this.report);
    return target.slice(0, this.produced);
  }

  /** Starts to follow which bytes of the history the coming blocks need; returns a result. */
  watchStart(): number {
    return this.functions.sluice_lz4_decoder_watch_start(this.handle.pointer);
  }

  /** The last `size` bytes of history as they were at `watchStart`, and the map of those needed since. */
  watchRead(size: number): { window: Uint8Array<ArrayBuffer>; map: Uint32Array<ArrayBuffer> } {
    const target = new Uint8Array(size);
    const map = new Uint32Array(LZ4_NEED_MAP_LENGTH);
    this.functions.sluice_lz4_decoder_watch_read(
      this.handle.pointer,
      target,
      0,
      size,
      map,
      map.length,
      this.report,
    );
    return { window: target.slice(0, this.produced), map };
  }
}
