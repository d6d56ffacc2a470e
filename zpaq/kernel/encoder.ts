/**
 * The kernel of ZPAQ encoding: the segments of one block, fragments of files and the key of encrypted archives, on either
 * backend.
 *
 * @module
 */
import { ContextKernel, RESULT } from "@sluice/ffi";
import type { BackendChoice, ContextOptions } from "@sluice/ffi";
import { ZPAQ_FRAGMENT_NUMBERS } from "./_abi/zpaq_encode.gen.ts";
import type { ZpaqEncodeFunctions } from "./_abi/zpaq_encode.gen.ts";
import { ZPAQ_ENCODE } from "./encode_module.ts";

export { RESULT, ZPAQ_FRAGMENT_NUMBERS };

export type { BackendChoice };

/** What a segment is made of. */
type SegmentText = [prefix: Uint8Array, source: Uint8Array, numbers: Uint32Array];

/** The same as functions take it. */
function segmentValues(...[prefix, source, numbers]: SegmentText) {
  return [prefix, 0, prefix.length, source, 0, source.length, numbers, numbers.length] as const;
}

/** An encoding context: one block at a time. */
export class ZpaqEncoderKernel extends ContextKernel<ZpaqEncodeFunctions> {
  /** Takes a context from the backend. */
  constructor(options: ContextOptions) {
    super("zpaq", ZPAQ_ENCODE, options, {
      action: "make an encoding context",
      make: (functions) => functions.sluice_zpaq_encoder_new(options.maxMemory),
      free: "sluice_zpaq_encoder_free",
    });
  }

  /** Starts a block with its header; returns a result. */
  begin(header: Uint8Array, hcompBudget: number): number {
    return this.functions.sluice_zpaq_encoder_begin(
      this.handle.pointer,
      header,
      0,
      header.length,
      hcompBudget,
    );
  }

  /** Transforms a segment's text; `numbers` say how. Returns a result. */
  segment(...segment: SegmentText): number {
    return this.functions.sluice_zpaq_encoder_segment(this.handle.pointer, ...segmentValues(...segment));
  }

  /** As `segment`, off the event loop where the backend can. */
  segmentAsync(...segment: SegmentText): Promise<number> {
    return this.callAside("sluice_zpaq_encoder_segment_async", ...segmentValues(...segment));
  }

  /** Codes on into the target; returns a result. */
  run(target: Uint8Array, start: number, end: number): number {
    return this.functions.sluice_zpaq_encoder_run(this.handle.pointer, target, start, end, this.report);
  }

  /** As `run`, off the event loop where the backend can. */
  runAsync(target: Uint8Array, start: number, end: number): Promise<number> {
    return this.callAside("sluice_zpaq_encoder_run_async", target, start, end, this.report);
  }

  /** Predicts the bits of `source` after `begin` into `numbers`, as many bytes as fit; `consumed` says how many. */
  predict(source: Uint8Array, start: number, numbers: Uint32Array): number {
    return this.functions.sluice_zpaq_encoder_predict(
      this.handle.pointer,
      source,
      start,
      source.length,
      numbers,
      numbers.length,
      this.report,
    );
  }
}
