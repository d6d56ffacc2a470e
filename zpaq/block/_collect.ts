/**
 * Collecting all that a codec gives, off the event loop.
 */
import { concatBytes } from "@sluice/internal";
import type { PullCodec } from "@sluice/internal";

const CHUNK_SIZE_MAX = 8 << 20;

/** Reads a codec whose input has ended to its end. */
export async function collectAsync(codec: PullCodec, chunkSize: number): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  for (let size = chunkSize; !codec.done; size = Math.min(size * 2, CHUNK_SIZE_MAX)) {
    const target = new Uint8Array(size);
    chunks.push(target.subarray(0, await codec.readAsync(target, 0)));
  }
  return concatBytes(chunks);
}
