/**
 * The kernel of content-defined chunks: where they end, and their digests, on either backend.
 *
 * @module
 */
import { resultError, STEP, STEP_LENGTH } from "@sluice/ffi";
import { PDIFFCOPY_HASH } from "./hash_module.ts";
import type { HashNumbers } from "./hash.ts";

export type { HashNumbers };

/** Sizes of chunks in bytes; the wanted one is a power of two. */
export interface ChunkRules {
  /** The least, but for the last chunk. */
  readonly min: number;
  /** What most are near. */
  readonly wanted: number;
  /** The greatest. */
  readonly max: number;
}

/**
 * Where chunks end in `bytes`. The last bytes are a chunk only when `last` says that nothing follows; else at least the
 * greatest size must follow a boundary that counts.
 */
export async function cutChunks(
  bytes: Uint8Array,
  rules: ChunkRules,
  gears: Uint32Array,
  last: boolean,
): Promise<Uint32Array<ArrayBuffer>> {
  const ends = new Uint32Array(Math.ceil(bytes.length / rules.min) + 1);
  const step = new Uint32Array(STEP_LENGTH);
  const result = await PDIFFCOPY_HASH.open(undefined).functions.sluice_pdiffcopy_chunks_cut_async(
    bytes,
    0,
    bytes.length,
    rules.min,
    rules.wanted,
    rules.max,
    last ? 1 : 0,
    gears,
    gears.length,
    ends,
    ends.length,
    step,
  );
  if (result < 0) throw resultError({ format: "pdiffcopy", action: "cut chunks", result });
  return ends.slice(0, step[STEP.PRODUCED]!);
}

/** Digests of items one after the other: item `i` lies at `[offsets[i], offsets[i + 1])`. */
export async function hashItems(
  bytes: Uint8Array,
  offsets: Uint32Array,
  hash: HashNumbers,
  threads: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const digests = new Uint8Array((offsets.length - 1) * hash.digestSize);
  const result = await PDIFFCOPY_HASH.open(undefined).functions.sluice_pdiffcopy_chunks_hash_async(
    bytes,
    0,
    bytes.length,
    offsets,
    offsets.length,
    hash.id,
    threads,
    digests,
    0,
    digests.length,
    new Uint32Array(STEP_LENGTH),
  );
  if (result < 0) throw resultError({ format: "pdiffcopy", action: "hash chunks", result });
  return digests;
}
