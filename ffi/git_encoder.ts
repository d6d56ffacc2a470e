/**
 * The kernels that write git objects: zlib streams and deltas.
 *
 * @module
 */
import { RESULT, STEP, STEP_LENGTH } from "./_abi/abi.gen.ts";
import { GIT_ENCODE_FUNCTIONS } from "./_abi/git_encode.gen.ts";
import type { GitEncodeFunctions } from "./_abi/git_encode.gen.ts";
import { Context } from "./_context.ts";
import { WASM_BASE64 } from "./_wasm/git_encode.gen.ts";
import { BackendModule } from "./backend.ts";
import type { BackendChoice } from "./backend.ts";
import { resultError } from "./result_error.ts";

export type { BackendChoice };

const MODULE = new BackendModule<GitEncodeFunctions>(GIT_ENCODE_FUNCTIONS, WASM_BASE64);

/** Deflates values into zlib streams. */
export class GitDeflaterKernel implements Disposable {
  readonly #functions: GitEncodeFunctions;
  readonly #context: Context;
  readonly #step = new Uint32Array(STEP_LENGTH);

  /** A compressor of a level from 0 to 12. */
  constructor(level: number, backend?: BackendChoice) {
    const library = MODULE.open(backend);
    this.#functions = library.functions;
    const handle = library.functions.sluice_git_deflater_new(level);
    if (!handle) {
      throw resultError({ format: "git", action: "make a compressor", result: RESULT.OUT_OF_MEMORY });
    }
    this.#context = new Context(library, handle, library.functions.sluice_git_deflater_free);
  }

  /** The zlib stream of a value. */
  deflate(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
    const { handle } = this.#context;
    const target = new Uint8Array(this.#functions.sluice_git_deflater_bound(handle, bytes.length));
    const result = this.#functions.sluice_git_deflate(
      handle,
      bytes,
      0,
      bytes.length,
      target,
      0,
      target.length,
      this.#step,
    );
    if (result < 0) throw resultError({ format: "git", action: "deflate a value", result });
    return target.slice(0, this.#step[STEP.PRODUCED]!);
  }

  /** Frees the compressor; calling it again does nothing. */
  close(): void {
    this.#context.close();
  }

  /** Frees the compressor. */
  [Symbol.dispose](): void {
    this.close();
  }
}
