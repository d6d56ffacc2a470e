/**
 * The kernels as this module calls them.
 */
import { gitDeltaApply, gitDeltaSizes, gitHash, RESULT, resultError } from "../kernel/codec.ts";
import { GitProgramKernel } from "../kernel/delta_program.ts";
import { KIND_OF_TYPE } from "./_object_kind.ts";
import type { GitObjectType } from "./object.ts";
import type { GitHashAlgorithm, GitObjectId } from "./_object_id.ts";
import { idOfBytes } from "./_ids.ts";

export { gitCrc32, GitHashKernel, gitInflate } from "../kernel/codec.ts";
export { GitInflaterKernel } from "../kernel/inflater.ts";
export { RESULT };

/** The error for a failed result. */
export function failedResult(result: number, action: string, offset?: number): Error {
  return resultError({ format: "git", action, result, offset });
}

/** The id of an object that was made here. */
export function hashObject(type: GitObjectType, bytes: Uint8Array, algorithm: GitHashAlgorithm): GitObjectId {
  return idOfBytes(gitHash(KIND_OF_TYPE[type], bytes, algorithm === "sha1" ? 20 : 32));
}

/** How much what comes from outside is looked at. */
export interface OutsideOptions {
  readonly collisionDetection?: boolean | undefined;
}

/**
 * The id of an object from outside.
 *
 * @throws {CorruptDataError} If it was made to collide with another under SHA-1.
 */
export function hashOutsideObject(
  type: GitObjectType,
  bytes: Uint8Array,
  algorithm: GitHashAlgorithm,
  options: OutsideOptions = {},
): GitObjectId {
  const outside = options.collisionDetection !== false;
  return idOfBytes(gitHash(KIND_OF_TYPE[type], bytes, algorithm === "sha1" ? 20 : 32, { outside }));
}

/** The hash of bytes as they are. */
export function hashBytes(bytes: Uint8Array, algorithm: GitHashAlgorithm): Uint8Array<ArrayBuffer> {
  return gitHash(0, bytes, algorithm === "sha1" ? 20 : 32);
}

/** Sizes that a delta tells. */
export function deltaSizes(delta: Uint8Array): { base: number; target: number } {
  const sizes = gitDeltaSizes(delta);
  if (typeof sizes === "number") throw failedResult(sizes, "read a delta");
  return sizes;
}

/** Applies a delta whose target is not larger than `limit`. */
export function applyDeltaBytes(
  base: Uint8Array,
  delta: Uint8Array,
  target: Uint8Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> {
  const result = gitDeltaApply(base, delta, target);
  if (result < 0) throw failedResult(result, "apply a delta");
  return target;
}

/** A composed program whose failures are errors. */
export class ProgramCodec {
  readonly #kernel: GitProgramKernel;

  constructor(maxSegments: number) {
    this.#kernel = new GitProgramKernel(maxSegments);
  }

  push(delta: Uint8Array): void {
    const result = this.#kernel.push(delta);
    if (result < 0) throw failedResult(result, "compose deltas");
  }

  coalesce(): void {
    const result = this.#kernel.coalesce();
    if (result < 0) throw failedResult(result, "join literals");
  }

  get facts(): { targetSize: number; baseSize: number; length: number } {
    return this.#kernel.facts;
  }

  apply(base: Uint8Array, from: number, target: Uint8Array): void {
    const result = this.#kernel.apply(base, from, target);
    if (result < 0) throw failedResult(result, "apply a composed delta");
  }

  close(): void {
    this.#kernel.close();
  }
}
