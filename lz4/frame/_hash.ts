/**
 * XXH32 through the kernel of the configured backend.
 */
import { XXH32_STATE_LENGTH } from "../kernel/decoder.ts";
import { lz4HashDigest, lz4HashUpdate, lz4Xxh32 } from "../kernel/blocks.ts";

/** The hash of a whole value. */
export function hashBytes(bytes: Uint8Array, seed: number): number {
  return lz4Xxh32(bytes, 0, bytes.length, seed >>> 0, undefined);
}

/** The state of a hash that has seen nothing. */
export function newHashState(): Uint32Array<ArrayBuffer> {
  return new Uint32Array(XXH32_STATE_LENGTH);
}

/** Takes bytes in. */
export function hashUpdate(state: Uint32Array, bytes: Uint8Array): void {
  lz4HashUpdate(state, bytes, undefined);
}

/** The hash that a state stands for. */
export function hashDigest(state: Uint32Array): number {
  return lz4HashDigest(state, undefined);
}
