/**
 * The kernels of git's small things: zlib streams, deltas, hashes and checksums of values in memory.
 *
 * @module
 */
import { Kernel, reportedValue, RESULT, resultError, STEP, STEP_LENGTH } from "@sluice/ffi";
import type { BackendChoice } from "@sluice/ffi";
import type { GitDecodeFunctions } from "./_abi/git_decode.gen.ts";
import { GIT_DECODE } from "./decode_module.ts";

export { RESULT, resultError };

export type { BackendChoice };

/** A 64-bit number of two halves. */
export function halves(low: number, high: number): number {
  return low + high * 2 ** 32;
}

/** Inflates one zlib stream into exactly the target; returns the size of the stream, or a failed result. */
export function gitInflate(source: Uint8Array, target: Uint8Array, backend?: BackendChoice): number {
  const step = new Uint32Array(STEP_LENGTH);
  const { functions } = GIT_DECODE.open(backend);
  const result = functions.sluice_git_inflate(source, 0, source.length, target, 0, target.length, step);
  return result < 0 ? result : step[STEP.CONSUMED]!;
}

/** The sizes of base and target that a delta tells; a failed result for what is no delta. */
export function gitDeltaSizes(
  delta: Uint8Array,
  backend?: BackendChoice,
): { base: number; target: number } | number {
  const step = new Uint32Array(STEP_LENGTH);
  const result = GIT_DECODE.open(backend).functions.sluice_git_delta_sizes(delta, 0, delta.length, step);
  if (result < 0) return result;
  return {
    base: reportedValue(step),
    target: halves(step[STEP.OTHER_LOW]!, step[STEP.OTHER_HIGH]!),
  };
}

/** Applies a delta to its base into a target of exactly the size that the delta tells; returns a result. */
export function gitDeltaApply(
  base: Uint8Array,
  delta: Uint8Array,
  target: Uint8Array,
  backend?: BackendChoice,
): number {
  const step = new Uint32Array(STEP_LENGTH);
  return GIT_DECODE.open(backend).functions.sluice_git_delta_apply(
    base,
    0,
    base.length,
    delta,
    0,
    delta.length,
    target,
    0,
    target.length,
    step,
  );
}

/** How bytes are hashed. */
export interface GitHashOptions {
  /** They come from outside: SHA-1 refuses content that was made to collide. @default {false} */
  readonly outside?: boolean | undefined;
  /** The backend; the configured one where none is named. */
  readonly backend?: BackendChoice | undefined;
}

function hashError(result: number): Error {
  return resultError({ format: "git", action: "hash an object", result });
}

/**
 * The hash of a value, or of an object where `kind` is the number of a type; `hashSize` is 20 or 32.
 *
 * @throws {CorruptDataError} If the bytes come from outside and were made to collide (code "SHA1_COLLISION").
 */
export function gitHash(
  kind: number,
  bytes: Uint8Array,
  hashSize: number,
  options: GitHashOptions = {},
): Uint8Array<ArrayBuffer> {
  const step = new Uint32Array(STEP_LENGTH);
  const digest = new Uint8Array(hashSize);
  const { functions } = GIT_DECODE.open(options.backend);
  const trust = options.outside === true ? 1 : 0;
  const result = functions.sluice_git_hash_once(
    kind,
    trust,
    bytes,
    0,
    bytes.length,
    digest,
    0,
    hashSize,
    step,
  );
  if (result < 0) throw hashError(result);
  return digest;
}

/** CRC-32, going on from `before`. */
export function gitCrc32(bytes: Uint8Array, before: number = 0, backend?: BackendChoice): number {
  return GIT_DECODE.open(backend).functions.sluice_git_crc32(bytes, 0, bytes.length, before) >>> 0;
}

/** A hash in progress. */
export class GitHashKernel extends Kernel<GitDecodeFunctions> {
  readonly #hashSize: number;

  /** A hash with digests of 20 or 32 bytes. */
  constructor(hashSize: number, options: GitHashOptions = {}) {
    const outside = options.outside === true ? 1 : 0;
    super(() =>
      GIT_DECODE.create(options.backend, {
        format: "git",
        action: "start a hash",
        make: (functions) => functions.sluice_git_hash_new(hashSize, outside),
        free: "sluice_git_hash_free",
      })
    );
    this.#hashSize = hashSize;
  }

  /** Takes the next bytes in. */
  update(bytes: Uint8Array): void {
    this.functions.sluice_git_hash_update(this.handle.pointer, bytes, 0, bytes.length);
  }

  /**
   * The hash of the bytes so far.
   *
   * @throws {CorruptDataError} If they come from outside and were made to collide (code "SHA1_COLLISION").
   */
  digest(): Uint8Array<ArrayBuffer> {
    const digest = new Uint8Array(this.#hashSize);
    const step = new Uint32Array(STEP_LENGTH);
    const result = this.functions.sluice_git_hash_digest(
      this.handle.pointer,
      digest,
      0,
      digest.length,
      step,
    );
    if (result < 0) throw hashError(result);
    return digest;
  }
}
