/**
 * The kernel of the search for moved blocks in memory, on either backend.
 *
 * @module
 */
import { resultError, STEP, STEP_LENGTH } from "@sluice/ffi";
import type { Handle } from "@sluice/ffi";
import type { PdiffcopyHashFunctions } from "./_abi/pdiffcopy_hash.gen.ts";
import type { HashNumbers } from "./hash.ts";
import { PDIFFCOPY_HASH } from "./hash_module.ts";

/** No block. */
export const NO_BLOCK = 0xffffffff;
/** Bytes of the weak sum before each digest of a signature. */
export const WEAK_SIZE = 4;

/** The signed blocks of the old side. */
export interface SignedBlocks {
  /** Bytes of a block. */
  readonly blockSize: number;
  /** What digests are made with. */
  readonly hash: HashNumbers;
  /** A weak sum and a digest for each block; a block of zeros separates files. */
  readonly entries: Uint8Array;
  /** The first block of the file that is written; `NO_BLOCK` where it has none. */
  readonly ownFirst: number;
  /** The last block of the old file where it is shorter than the others; a size of 0 where it is not. */
  readonly tailBlock: number;
  /** Bytes of that block. */
  readonly tailSize: number;
}

/** How far a search came. */
export interface Searched {
  /** Bytes that the frames cover. */
  readonly consumed: number;
  /** Bytes of frames. */
  readonly produced: number;
  /** The block that is expected next. */
  readonly expected: number;
}

/** Signs all whole blocks of `bytes`. */
export async function signBytes(
  bytes: Uint8Array,
  blockSize: number,
  { id, seedLow, seedHigh }: HashNumbers,
  target: Uint8Array,
): Promise<void> {
  const { sluice_pdiffcopy_rolling_sign_async: sign } = PDIFFCOPY_HASH.open(undefined).functions;
  const step = new Uint32Array(STEP_LENGTH);
  const size = target.length;
  const result = await sign(bytes, 0, bytes.length, blockSize, id, seedLow, seedHigh, target, 0, size, step);
  if (result < 0) throw resultError({ format: "pdiffcopy", action: "sign blocks", result });
}

/** Signed blocks, ready to be looked for. */
export class BlockIndexKernel implements Disposable {
  readonly #functions: PdiffcopyHashFunctions;
  readonly #handle: Handle<PdiffcopyHashFunctions>;
  /** Bytes of a block. */
  readonly blockSize: number;

  /** Blocks are copied: the signature may change afterwards. */
  constructor({ entries, blockSize, hash, ownFirst, tailBlock, tailSize }: SignedBlocks) {
    const { id, seedLow, seedHigh } = hash;
    this.blockSize = blockSize;
    this.#handle = PDIFFCOPY_HASH.create(undefined, {
      format: "pdiffcopy",
      action: "make an index of blocks",
      make: (functions) =>
        functions.sluice_pdiffcopy_rolling_index_new(
          entries,
          0,
          entries.length,
          blockSize,
          id,
          seedLow,
          seedHigh,
          ownFirst,
          tailBlock,
          tailSize,
        ),
      free: "sluice_pdiffcopy_rolling_index_free",
    });
    this.#functions = this.#handle.library.functions;
  }

  /** Searches bytes that lie at `base`; all of them where `last` says that nothing follows. */
  async search(
    bytes: Uint8Array,
    base: number,
    last: boolean,
    expected: number,
    target: Uint8Array,
  ): Promise<Searched> {
    const step = new Uint32Array(STEP_LENGTH);
    const result = await this.#handle.share((pointer) =>
      this.#functions.sluice_pdiffcopy_rolling_search_async(
        pointer,
        bytes,
        0,
        bytes.length,
        base,
        last ? 1 : 0,
        expected,
        target,
        0,
        target.length,
        step,
      )
    );
    if (result < 0) throw resultError({ format: "pdiffcopy", action: "search for blocks", result });
    return { consumed: step[STEP.CONSUMED]!, produced: step[STEP.PRODUCED]!, expected: step[STEP.HINT]! };
  }

  /** Runs a native call that reads the index. */
  share<T>(call: (pointer: Deno.PointerValue) => Promise<T>): Promise<T> {
    return this.#handle.share((pointer) => call(pointer as Deno.PointerValue));
  }

  /** Frees the index when the calls under way have ended. */
  [Symbol.dispose](): void {
    this.#handle.close();
  }
}
