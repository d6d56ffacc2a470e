/**
 * The kernel of raw lz4 blocks and of XXH32.
 *
 * @module
 */
import { STEP, STEP_LENGTH } from "@sluice/ffi";
import type { BackendChoice } from "@sluice/ffi";
import { LZ4_DECODE } from "./decode_module.ts";

/** Decodes a raw block; returns the content's size or a failed result. With `partial` it stops when the target is full. */
export function lz4BlockDecompress(
  source: Uint8Array,
  target: Uint8Array,
  dictionary: Uint8Array | undefined,
  partial: boolean,
  backend: BackendChoice | undefined,
): number {
  const step = new Uint32Array(STEP_LENGTH);
  const result = LZ4_DECODE.open(backend).functions.sluice_lz4_block_decompress(
    source,
    0,
    source.length,
    target,
    0,
    target.length,
    dictionary ?? null,
    0,
    dictionary?.length ?? 0,
    partial ? 1 : 0,
    step,
  );
  return result < 0 ? result : step[STEP.PRODUCED]!;
}

/** The content size of a raw block, or a failed result. */
export function lz4BlockSize(source: Uint8Array, backend: BackendChoice | undefined): number {
  const step = new Uint32Array(STEP_LENGTH);
  const result = LZ4_DECODE.open(backend).functions.sluice_lz4_block_size(source, 0, source.length, step);
  return result < 0 ? result : step[STEP.VALUE_LOW]! + step[STEP.VALUE_HIGH]! * 2 ** 32;
}

/** Whether a raw block keeps every rule of the format. */
export function lz4BlockIsStrict(
  source: Uint8Array,
  historySize: number,
  capacity: number,
  backend: BackendChoice | undefined,
): boolean {
  const { functions } = LZ4_DECODE.open(backend);
  return functions.sluice_lz4_block_validate(source, 0, source.length, historySize, capacity) >= 0;
}

/** XXH32 of parts that follow each other: each number is the size of a part and becomes its hash. */
export async function lz4HashParts(bytes: Uint8Array, parts: Uint32Array, offLoop: boolean): Promise<void> {
  const { functions } = LZ4_DECODE.open(undefined);
  if (offLoop) await functions.sluice_lz4_hash_parts_async(bytes, 0, bytes.length, parts, parts.length);
  else functions.sluice_lz4_hash_parts(bytes, 0, bytes.length, parts, parts.length);
}

/** XXH32 of `bytes` from `start` up to `end`. */
export function lz4Xxh32(
  bytes: Uint8Array,
  start: number,
  end: number,
  seed: number,
  backend: BackendChoice | undefined,
): number {
  return LZ4_DECODE.open(backend).functions.sluice_lz4_xxh32(bytes, start, end, seed) >>> 0;
}

/** Takes bytes into an XXH32 whose state is ten numbers, all zero at the start. */
export function lz4HashUpdate(
  state: Uint32Array,
  bytes: Uint8Array,
  backend: BackendChoice | undefined,
): void {
  LZ4_DECODE.open(backend).functions.sluice_lz4_hash_update(bytes, 0, bytes.length, state, state.length);
}

/** The XXH32 that a state stands for. */
export function lz4HashDigest(state: Uint32Array, backend: BackendChoice | undefined): number {
  return LZ4_DECODE.open(backend).functions.sluice_lz4_hash_digest(state, state.length) >>> 0;
}
