/**
 * Hashing in memory, of anything that can be read.
 */
import { BlockHasherKernel, hashBlocksInto } from "../kernel/hash.ts";
import { toBytes } from "@sluice/internal";
import type { ByteSource, BytesSource } from "@sluice/internal";
import { hashOf } from "./_hash_registry.ts";
import type { HashSpec } from "./_hash_registry.ts";

const BATCH_SIZE = 8 << 20;

/** A block's place and its digest. */
export interface PdiffBlockDigest {
  /** Where the block starts. */
  readonly offset: number;
  /** Its digest. */
  readonly digest: Uint8Array<ArrayBuffer>;
}

/** Digests of all blocks in order; a batch of blocks is read at a time. */
export async function* hashSource(
  source: ByteSource,
  blockSize: number,
  hash: HashSpec,
  threads: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<PdiffBlockDigest, void, undefined> {
  const stride = Math.max(1, Math.floor(BATCH_SIZE / blockSize)) * blockSize;
  for (let start = 0; start < source.size; start += stride) {
    const end = Math.min(source.size, start + stride);
    const bytes = await source.read(start, end - start, { signal });
    const digests = new Uint8Array(Math.ceil(bytes.length / blockSize) * hash.digestSize);
    await hashBlocksInto(bytes, blockSize, hash, threads, digests, undefined);
    for (let offset = start, at = 0; offset < end; offset += blockSize, at += hash.digestSize) {
      yield { offset, digest: digests.slice(at, at + hash.digestSize) };
    }
  }
}

/** Hashes a stream of bytes of any size as blocks. */
export function blockHashTransform(
  blockSize: number,
  name: string,
): Transformer<BytesSource, PdiffBlockDigest> {
  const hash = hashOf(name);
  let hasher: BlockHasherKernel | undefined;
  let offset = 0;
  let filled = 0;
  function finish(controller: TransformStreamDefaultController<PdiffBlockDigest>): void {
    if (hasher === undefined) return;
    controller.enqueue({ offset, digest: hasher.finish() });
    hasher[Symbol.dispose]();
    hasher = undefined;
    offset += filled;
    filled = 0;
  }
  return {
    transform(given, controller): void {
      const chunk = toBytes(given);
      for (let at = 0; at < chunk.length;) {
        hasher ??= new BlockHasherKernel(hash, undefined);
        const part = chunk.subarray(at, at + blockSize - filled);
        hasher.update(part);
        filled += part.length;
        at += part.length;
        if (filled === blockSize) finish(controller);
      }
    },
    flush: finish,
    cancel(): void {
      hasher?.[Symbol.dispose]();
      hasher = undefined;
    },
  };
}
