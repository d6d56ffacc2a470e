/**
 * The kernels that write git objects: zlib streams and deltas.
 *
 * @module
 */
import { Kernel, reportedValue, resolveBackend, RESULT, resultError, STEP, STEP_LENGTH } from "@sluice/ffi";
import type { BackendChoice } from "@sluice/ffi";
import type { GitEncodeFunctions } from "./_abi/git_encode.gen.ts";
import { GIT_ENCODE } from "./encode_module.ts";

export { resolveBackend };

export type { BackendChoice };

/** Deflates values into zlib streams. */
export class GitDeflaterKernel extends Kernel<GitEncodeFunctions> {
  /** A compressor of a level from 0 to 12. */
  constructor(level: number, backend?: BackendChoice) {
    super(() =>
      GIT_ENCODE.create(backend, {
        format: "git",
        action: "make a compressor",
        make: (functions) => functions.sluice_git_deflater_new(level),
        free: "sluice_git_deflater_free",
      })
    );
  }

  /** The zlib stream of a value. */
  deflate(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
    const { pointer } = this.handle;
    const target = new Uint8Array(this.functions.sluice_git_deflater_bound(pointer, bytes.length));
    const result = this.functions.sluice_git_deflate(
      pointer,
      bytes,
      0,
      bytes.length,
      target,
      0,
      target.length,
      this.report,
    );
    if (result < 0) throw resultError({ format: "git", action: "deflate a value", result });
    return target.slice(0, this.report[STEP.PRODUCED]!);
  }
}

/** Makes a delta of at most `sizeMax` bytes; undefined where that is too little. */
export function gitDeltaMake(
  base: Uint8Array,
  bytes: Uint8Array,
  sizeMax: number,
  backend?: BackendChoice,
): Uint8Array<ArrayBuffer> | undefined {
  const step = new Uint32Array(STEP_LENGTH);
  const target = new Uint8Array(sizeMax);
  const result = GIT_ENCODE.open(backend).functions.sluice_git_delta_make(
    base,
    0,
    base.length,
    bytes,
    0,
    bytes.length,
    target,
    0,
    target.length,
    step,
  );
  if (result === RESULT.OUTPUT_TOO_SMALL) return undefined;
  if (result < 0) throw resultError({ format: "git", action: "make a delta", result });
  return target.slice(0, step[STEP.PRODUCED]!);
}

/** How bases are searched for. */
export interface GitSearchKernelOptions {
  /** Objects that each one is tried against. */
  readonly window: number;
  /** The longest chain. */
  readonly depth: number;
  /** Compression level from 0 to 12. */
  readonly level: number;
  /** Bytes of an id. */
  readonly hashSize: number;
  /** Bytes that the window may hold. */
  readonly maxMemory: number;
  /** The backend; undefined for the configured one. */
  readonly backend?: BackendChoice | undefined;
}

/** What one object is stored as. */
export interface GitStoredForm {
  /** Its zlib stream. */
  readonly stream: Uint8Array<ArrayBuffer>;
  /** The number of its base, counted from the first object given; undefined for a full object. */
  readonly base: number | undefined;
  /** Inflated size of the stream. */
  readonly size: number;
  /** How many deltas stand between it and a full object. */
  readonly depth: number;
}

/** Chooses delta bases for objects that come in a good order. */
export class GitSearchKernel extends Kernel<GitEncodeFunctions> {
  /** Starts a search. */
  constructor(options: GitSearchKernelOptions) {
    const { window, depth, level, hashSize, maxMemory } = options;
    super(() =>
      GIT_ENCODE.create(options.backend, {
        format: "git",
        action: "search for deltas",
        make: (functions) => functions.sluice_git_search_new(window, depth, level, hashSize, maxMemory),
        free: "sluice_git_search_free",
      })
    );
  }

  #target(size: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.functions.sluice_git_search_bound(this.handle.pointer, size));
  }

  /** Takes the next object; `kind` is the number of its type. */
  push(kind: number, bytes: Uint8Array): GitStoredForm {
    const target = this.#target(bytes.length);
    const result = this.functions.sluice_git_search_push(
      this.handle.pointer,
      kind,
      bytes,
      0,
      bytes.length,
      target,
      0,
      target.length,
      this.report,
    );
    return this.#form(result, target);
  }

  /** As `push`, off the event loop where the backend can; one at a time. */
  async pushAsync(kind: number, bytes: Uint8Array): Promise<GitStoredForm> {
    const target = this.#target(bytes.length);
    const [from, to] = [bytes.length, target.length];
    const result = await this.callAside(
      "sluice_git_search_push_async",
      kind,
      bytes,
      0,
      from,
      target,
      0,
      to,
      this.report,
    );
    return this.#form(result, target);
  }

  #form(result: number, target: Uint8Array<ArrayBuffer>): GitStoredForm {
    if (result < 0) throw resultError({ format: "git", action: "store an object", result });
    const step = this.report;
    const base = step[STEP.DETAIL]!;
    return {
      stream: target.slice(0, step[STEP.PRODUCED]!),
      base: base === 0 ? undefined : base - 1,
      size: reportedValue(step),
      depth: step[STEP.HINT]!,
    };
  }
}
