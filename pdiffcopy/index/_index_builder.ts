/**
 * Makes indexes: every block or chunk of a source by its BLAKE3. The source is read once, 16 MiB at a time.
 */
import { hashBlocksInto } from "../kernel/hash.ts";
import type { ByteSource } from "@sluice/internal";
import { chunkRules, chunksOf } from "../file/_chunker.ts";
import { hashOf } from "../file/_hash_registry.ts";
import { writePdx } from "./_index_format.ts";

const BATCH_SIZE = 16 << 20;

/** Blocks of one size. */
export async function blockIndex(
  source: ByteSource,
  blockSize: number,
  threads: number,
  signal: AbortSignal | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  const hash = hashOf("blake3");
  const digests: Uint8Array<ArrayBuffer>[] = [];
  for (let at = 0; at < source.size; at += BATCH_SIZE) {
    signal?.throwIfAborted();
    const bytes = await source.read(at, Math.min(BATCH_SIZE, source.size - at), { signal });
    const found = new Uint8Array(Math.ceil(bytes.length / blockSize) * hash.digestSize);
    await hashBlocksInto(bytes, blockSize, hash, threads, found, undefined);
    digests.push(found);
  }
  return writePdx({ size: source.size, blockSize, average: undefined, hash, lengths: [], digests });
}

/** Chunks that follow the content. */
export async function chunkIndex(
  source: ByteSource,
  average: number,
  threads: number,
  signal: AbortSignal | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  const hash = hashOf("blake3");
  const lengths: Uint32Array[] = [];
  const digests: Uint8Array<ArrayBuffer>[] = [];
  for await (const batch of chunksOf(source, chunkRules(average), hash, threads, signal)) {
    lengths.push(batch.lengths);
    digests.push(batch.digests);
  }
  return writePdx({ size: source.size, blockSize: undefined, average, hash, lengths, digests });
}
