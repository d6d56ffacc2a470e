/**
 * Compressors by level, made at first use.
 */
import { GitDeflaterKernel, gitDeltaMake, resolveBackend } from "../kernel/encoder.ts";

/** The zlib stream of a value. */
export function deflateBytes(bytes: Uint8Array, level: number): Uint8Array<ArrayBuffer> {
  const deflater = new GitDeflaterKernel(level, resolveBackend(undefined));
  try {
    return deflater.deflate(bytes);
  } finally {
    deflater.close();
  }
}

/** A delta of at most so many bytes; undefined where that is too little. */
export function makeDeltaBytes(
  base: Uint8Array,
  target: Uint8Array,
  sizeMax: number,
): Uint8Array<ArrayBuffer> | undefined {
  return gitDeltaMake(base, target, sizeMax);
}
