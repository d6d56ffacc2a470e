/**
 * Compressors by level, made at first use.
 */
import { GitDeflaterKernel } from "@sluice/ffi/git-encoder";
import { resolveBackend } from "@sluice/ffi";

/** The zlib stream of a value. */
export function deflateBytes(bytes: Uint8Array, level: number): Uint8Array<ArrayBuffer> {
  using deflater = new GitDeflaterKernel(level, resolveBackend(undefined));
  return deflater.deflate(bytes);
}

export { GitDeflaterKernel };
