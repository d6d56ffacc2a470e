/**
 * The kernel that inflates a zlib stream piece by piece.
 *
 * @module
 */
import { Kernel } from "@sluice/ffi";
import type { BackendChoice } from "@sluice/ffi";
import type { GitDecodeFunctions } from "./_abi/git_decode.gen.ts";
import { GIT_DECODE } from "./decode_module.ts";

/** Inflates a zlib stream piece by piece in bounded memory. */
export class GitInflaterKernel extends Kernel<GitDecodeFunctions> {
  /** Starts a stream. */
  constructor(backend?: BackendChoice) {
    super(() =>
      GIT_DECODE.create(backend, {
        format: "git",
        action: "start to inflate",
        make: (functions) => functions.sluice_git_inflater_new(),
        free: "sluice_git_inflater_free",
      })
    );
  }

  /** Takes input and gives output; returns a result: FRAME_END at the end, OUTPUT_PENDING when the target is full. */
  step(source: Uint8Array, pos: number, target: Uint8Array, targetPos: number): number {
    return this.functions.sluice_git_inflater_step(
      this.handle.pointer,
      source,
      pos,
      source.length,
      target,
      targetPos,
      target.length,
      this.report,
    );
  }

  /** Bytes of the stream so far; its exact size once it is done. */
  get totalIn(): number {
    return this.reportedValue;
  }
}
