/**
 * The kernel that composes a chain of deltas.
 *
 * @module
 */
import { halves } from "./codec.ts";
import { Kernel, reportedValue, STEP, STEP_LENGTH } from "@sluice/ffi";
import type { BackendChoice } from "@sluice/ffi";
import type { GitDecodeFunctions } from "./_abi/git_decode.gen.ts";
import { GIT_DECODE } from "./decode_module.ts";

/** A chain of deltas, newest first, as one list of segments. */
export class GitProgramKernel extends Kernel<GitDecodeFunctions> {
  /** An empty program. */
  constructor(segmentsMax: number, backend?: BackendChoice) {
    super(() =>
      GIT_DECODE.create(backend, {
        format: "git",
        action: "compose deltas",
        make: (functions) => functions.sluice_git_program_new(segmentsMax),
        free: "sluice_git_program_free",
      })
    );
  }

  /** Takes the next older delta; returns a result. */
  push(delta: Uint8Array): number {
    return this.functions.sluice_git_program_push(this.handle.pointer, delta, 0, delta.length, this.report);
  }

  /** Joins literals that stand side by side; returns a result. */
  coalesce(): number {
    return this.functions.sluice_git_program_coalesce(this.handle.pointer, this.report);
  }

  /** The numbers after the last `push` or `coalesce`. */
  get facts(): { targetSize: number; baseSize: number; length: number } {
    const step = this.report;
    return {
      targetSize: reportedValue(step),
      baseSize: halves(step[STEP.OTHER_LOW]!, step[STEP.OTHER_HIGH]!),
      length: step[STEP.DETAIL]!,
    };
  }

  /** Makes the target's bytes from `from` on; returns a result. */
  apply(base: Uint8Array, from: number, target: Uint8Array): number {
    const step = new Uint32Array(STEP_LENGTH);
    return this.functions.sluice_git_program_apply(
      this.handle.pointer,
      base,
      0,
      base.length,
      from,
      target,
      0,
      target.length,
      step,
    );
  }
}
