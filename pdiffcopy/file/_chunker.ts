/**
 * Cuts a source into content-defined chunks and hashes them.
 */
import { cutChunks, hashItems } from "../kernel/chunks.ts";
import type { ChunkRules } from "../kernel/chunks.ts";
import { hashOnce } from "../kernel/hash.ts";
import type { ByteSource } from "@sluice/internal";
import { hashOf } from "./_hash_registry.ts";
import type { HashSpec } from "./_hash_registry.ts";

export type { ChunkRules };

const BATCH_SIZE = 16 << 20;
const LABEL = new TextEncoder().encode("pdiff gear");

let gears: Uint32Array | undefined;

/** 256 numbers of 64 bits in halves: the first bytes of BLAKE3 of a label and the byte. */
function gearTable(): Uint32Array {
  if (gears !== undefined) return gears;
  const table = new Uint32Array(512);
  const view = new DataView(table.buffer);
  const blake3 = hashOf("blake3");
  for (let byte = 0; byte < 256; byte++) {
    const digest = hashOnce(new Uint8Array([...LABEL, byte]), blake3, undefined);
    for (let i = 0; i < 8; i++) view.setUint8(8 * byte + i, digest[i]!);
  }
  return gears = table;
}

/** Sizes around an average, which is a power of two. */
export function chunkRules(average: number): ChunkRules {
  return { min: average / 4, wanted: average, max: average * 4 };
}

/** Some chunks that follow each other. */
export interface ChunkBatch {
  /** Where the first starts. */
  readonly offset: number;
  readonly lengths: Uint32Array;
  /** Digests one after the other. */
  readonly digests: Uint8Array<ArrayBuffer>;
}

/** Reads a source once and yields its chunks in batches; 16 MiB and one chunk are held. */
export async function* chunksOf(
  source: ByteSource,
  rules: ChunkRules,
  hash: HashSpec,
  threads: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<ChunkBatch, void, undefined> {
  const batch = Math.max(BATCH_SIZE, 4 * rules.max);
  for (let offset = 0; offset < source.size;) {
    signal?.throwIfAborted();
    const size = Math.min(batch, source.size - offset);
    const bytes = await source.read(offset, size, { signal });
    const ends = await cutChunks(bytes, rules, gearTable(), offset + size === source.size);
    const offsets = new Uint32Array([0, ...ends]);
    const digests = await hashItems(bytes, offsets, hash, threads);
    yield { offset, lengths: ends.map((end, index) => end - offsets[index]!), digests };
    offset += ends.at(-1)!;
  }
}
