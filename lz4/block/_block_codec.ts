/**
 * Raw blocks through the kernels; their failures as errors.
 */
import type { BackendChoice } from "@sluice/ffi";
import { lz4BlockDecompress, lz4BlockIsStrict, lz4BlockSize } from "../kernel/blocks.ts";
import { lz4BlockCompress, RESULT, resultError } from "../kernel/encoder.ts";
import { fault } from "../frame/_fault.ts";

const CAPACITY_MAX = 0xffffffff;

/** Compresses into a target that has room for it; returns the size. */
export function compressBlock(
  source: Uint8Array,
  target: Uint8Array,
  dictionary: Uint8Array | undefined,
  level: number,
  favorDecompression: boolean,
  backend: BackendChoice | undefined,
): number {
  const size = lz4BlockCompress(source, target, dictionary, level, favorDecompression, backend);
  if (size >= 0) return size;
  if (size !== RESULT.INVALID_ARGUMENT) {
    throw resultError({ format: "lz4", action: "compress an lz4 block", result: size });
  }
  throw new RangeError(`Cannot compress an lz4 block: ${source.length} bytes are more than a block can hold`);
}

/** Decompresses into a target; returns the size. */
export function decompressBlock(
  source: Uint8Array,
  target: Uint8Array,
  dictionary: Uint8Array | undefined,
  partial: boolean,
  backend: BackendChoice | undefined,
): number {
  const size = lz4BlockDecompress(source, target, dictionary, partial, backend);
  if (size >= 0) return size;
  throw fault("BLOCK_CORRUPT", 0, "the block is corrupt", "decompress an lz4 block");
}

/** The content size by the tokens. */
export function blockSizeOf(source: Uint8Array, backend: BackendChoice | undefined): number {
  const size = lz4BlockSize(source, backend);
  if (size >= 0) return size;
  throw fault("BLOCK_CORRUPT", 0, "the block is corrupt", "measure an lz4 block");
}

/** Whether every rule is kept. */
export function blockIsStrict(source: Uint8Array, historySize: number): boolean {
  return lz4BlockIsStrict(source, historySize, CAPACITY_MAX, undefined);
}
