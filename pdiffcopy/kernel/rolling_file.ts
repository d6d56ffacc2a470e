/**
 * The kernel of the search for moved blocks in native files: a whole pass in few calls.
 *
 * @module
 */
import type { FileAnswer, NativeFile } from "./file.ts";
import type { BlockHasherKernel, HashNumbers } from "./hash.ts";
import type { BlockIndexKernel } from "./rolling.ts";

/** Signs the blocks from `start` on that `target` has room for. */
export function signFile(
  file: NativeFile,
  start: number,
  blockSize: number,
  { id, seedLow, seedHigh }: HashNumbers,
  sparse: boolean,
  threads: number,
  target: Uint8Array,
): Promise<FileAnswer> {
  return file.useAsync((functions, handle, step) =>
    functions.sluice_pdiffcopy_file_sign_async(
      handle,
      start,
      blockSize,
      id,
      seedLow,
      seedHigh,
      sparse ? 1 : 0,
      threads,
      target,
      0,
      target.length,
      step,
    )
  );
}

/**
 * Searches from `start` towards `limit`, where it stops soon: `produced` bytes of frames, `value` is where the next search
 * goes on, `hint` the block that it expects. The file ends at `end`.
 */
export function searchFile(
  file: NativeFile,
  index: BlockIndexKernel,
  range: { readonly start: number; readonly limit: number; readonly end: number },
  expected: number,
  sparse: boolean,
  target: Uint8Array,
): Promise<FileAnswer> {
  return file.useAsync((functions, handle, step) =>
    index.share((pointer) =>
      functions.sluice_pdiffcopy_file_search_async(
        handle,
        pointer,
        range.start,
        range.limit,
        range.end,
        expected,
        sparse ? 1 : 0,
        target,
        0,
        target.length,
        step,
      )
    )
  );
}

/** Blocks that a file has: `first` is the number of its first. */
export interface BlockRange {
  /** The number of the first. */
  readonly first: number;
  /** The number after the last. */
  readonly limit: number;
}

/**
 * Takes frames from `pos` on, with copies of the blocks of `seed`: `consumed` bytes, `value` is where the next frame must
 * start, `other` how many bytes were written.
 */
export function composeFile(
  file: NativeFile,
  seed: NativeFile | undefined,
  { first, limit }: BlockRange,
  chain: BlockHasherKernel,
  blockSize: number,
  { id, seedLow, seedHigh }: HashNumbers,
  range: { readonly next: number; readonly end: number },
  frames: Uint8Array,
  pos: number,
): Promise<FileAnswer> {
  const run = (other: Deno.PointerValue): Promise<FileAnswer> =>
    chain.share((sum) =>
      file.useAsync((functions, handle, step) =>
        functions.sluice_pdiffcopy_file_compose_async(
          handle,
          other,
          sum,
          first,
          limit,
          blockSize,
          id,
          seedLow,
          seedHigh,
          range.next,
          range.end,
          frames,
          pos,
          frames.length,
          step,
        )
      )
    );
  return seed === undefined ? run(null) : seed.share(run);
}
