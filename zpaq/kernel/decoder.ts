/**
 * The kernel of ZPAQ decoding: the segments of one block, on either backend.
 *
 * @module
 */
import { ContextKernel, reportedValue, RESULT, STEP, STEP_LENGTH } from "@sluice/ffi";
import type { BackendChoice, ContextOptions } from "@sluice/ffi";
import { ZPAQ_DECODE_FLAG } from "./_abi/zpaq_decode.gen.ts";
import type { ZpaqDecodeFunctions } from "./_abi/zpaq_decode.gen.ts";
import { ZPAQ_DECODE } from "./decode_module.ts";

export { RESULT, ZPAQ_DECODE_FLAG };

export type { BackendChoice };

const DIGEST_SIZE = 20;
const PROGRAM_SIZE_MAX = 65535;

/** A decoding context: one block at a time. */
export class ZpaqDecoderKernel extends ContextKernel<ZpaqDecodeFunctions> {
  /** Takes a context from the backend. */
  constructor(options: ContextOptions) {
    super("zpaq", ZPAQ_DECODE, options, {
      action: "make a decoding context",
      make: (functions) => functions.sluice_zpaq_decoder_new(options.maxMemory),
      free: "sluice_zpaq_decoder_free",
    });
  }

  /** The most source bytes that are worth giving to one run. */
  get sourceWindow(): number {
    return this.handle.library.sourceWindow;
  }

  /** Where in its program the machine failed, the opcode there, and whether that was HCOMP. */
  get failure(): { readonly pc: number; readonly opcode: number; readonly hcomp: boolean } {
    return {
      pc: this.report[STEP.DETAIL]!,
      opcode: this.report[STEP.HINT]!,
      hcomp: this.report[STEP.VALUE_LOW] === 1,
    };
  }

  /** Bytes that the context holds. */
  get memoryUsage(): number {
    const step = new Uint32Array(STEP_LENGTH);
    this.functions.sluice_zpaq_decoder_report(this.handle.pointer, step);
    return reportedValue(step);
  }

  /** Starts a block with its header, the two bytes of its size in front; returns a result. */
  begin(header: Uint8Array, flags: number, hcompBudget: number, pcompBudget: number): number {
    return this.functions.sluice_zpaq_decoder_begin(
      this.handle.pointer,
      header,
      0,
      header.length,
      // WASM has targets copied: what stands before them is not there.
      this.backend === "native" ? flags : flags & ~ZPAQ_DECODE_FLAG.CONTIGUOUS,
      hcompBudget,
      pcompBudget,
    );
  }

  /** Starts a segment; returns a result. */
  segment(): number {
    return this.functions.sluice_zpaq_decoder_segment(this.handle.pointer);
  }

  /** Decodes as far as source and target go; `more` says whether input can follow. Returns a result. */
  run(
    source: Uint8Array,
    pos: number,
    end: number,
    target: Uint8Array,
    start: number,
    targetEnd: number,
    more: boolean,
  ): number {
    return this.functions.sluice_zpaq_decoder_run(
      this.handle.pointer,
      source,
      pos,
      end,
      target,
      start,
      targetEnd,
      more ? 1 : 0,
      this.report,
    );
  }

  /** As `run`, off the event loop where the backend can. */
  runAsync(...run: Parameters<ZpaqDecoderKernel["run"]>): Promise<number> {
    const [source, pos, end, target, start, targetEnd, more] = run;
    return this.callAside(
      "sluice_zpaq_decoder_run_async",
      source,
      pos,
      end,
      target,
      start,
      targetEnd,
      more ? 1 : 0,
      this.report,
    );
  }

  /** The program that PROGRAM_READY told of. */
  program(): Uint8Array<ArrayBuffer> {
    const target = new Uint8Array(PROGRAM_SIZE_MAX);
    const step = new Uint32Array(STEP_LENGTH);
    this.functions.sluice_zpaq_decoder_program(this.handle.pointer, target, 0, target.length, step);
    return target.slice(0, step[STEP.PRODUCED]!);
  }

  /** Says who runs that program: the host, which then gets what goes into it, or this context. Returns a result. */
  settle(hosted: boolean): number {
    return this.functions.sluice_zpaq_decoder_settle(this.handle.pointer, hosted ? 1 : 0);
  }

  /** Hashes output that the host made of what a run gave. */
  hash(source: Uint8Array, start: number, end: number): void {
    this.functions.sluice_zpaq_decoder_hash(this.handle.pointer, source, start, end);
  }

  /** The SHA-1 of the segment's output so far. */
  digest(): Uint8Array<ArrayBuffer> {
    const step = new Uint32Array(STEP_LENGTH);
    const target = new Uint8Array(DIGEST_SIZE);
    this.functions.sluice_zpaq_decoder_digest(this.handle.pointer, target, 0, DIGEST_SIZE, step);
    return target;
  }
}
