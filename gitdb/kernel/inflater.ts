/**
 * The kernel that inflates a zlib stream piece by piece.
 *
 * @module
 */
import { halves } from "./codec.ts";
import { STEP, STEP_LENGTH } from "@sluice/ffi";
import type { BackendChoice, Handle } from "@sluice/ffi";
import type { GitDecodeFunctions } from "./_abi/git_decode.gen.ts";
import { GIT_DECODE } from "./decode_module.ts";

/** Inflates a zlib stream piece by piece in bounded memory. */
export class GitInflaterKernel implements Disposable {
  readonly #functions: GitDecodeFunctions;
  readonly #handle: Handle<GitDecodeFunctions>;
  readonly #step = new Uint32Array(STEP_LENGTH);

  /** Starts a stream. */
  constructor(backend?: BackendChoice) {
    this.#handle = GIT_DECODE.create(backend, {
      format: "git",
      action: "start to inflate",
      make: (functions) => functions.sluice_git_inflater_new(),
      free: "sluice_git_inflater_free",
    });
    this.#functions = this.#handle.library.functions;
  }

  /** Takes input and gives output; returns a result: FRAME_END at the end, OUTPUT_PENDING when the target is full. */
  step(source: Uint8Array, pos: number, target: Uint8Array, targetPos: number): number {
    return this.#functions.sluice_git_inflater_step(
      this.#handle.pointer,
      source,
      pos,
      source.length,
      target,
      targetPos,
      target.length,
      this.#step,
    );
  }

  /** Input bytes that the last step took. */
  get consumed(): number {
    return this.#step[STEP.CONSUMED]!;
  }

  /** Output bytes that the last step made. */
  get produced(): number {
    return this.#step[STEP.PRODUCED]!;
  }

  /** Bytes of the stream so far; its exact size once it is done. */
  get totalIn(): number {
    return halves(this.#step[STEP.VALUE_LOW]!, this.#step[STEP.VALUE_HIGH]!);
  }

  /** Frees the inflater; calling it again does nothing. */
  close(): void {
    this.#handle.close();
  }

  /** Frees the inflater. */
  [Symbol.dispose](): void {
    this.close();
  }
}
