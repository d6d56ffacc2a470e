/**
 * Reading a source forward in pieces, with the next ones under way.
 */
import type { ByteSource } from "@sluice/internal";

/** Bytes of one read. */
const PIECE_SIZE = 1 << 20;
/** The most reads under way; there is one at first, so that a slow source soon gives something. */
const READS_MAX = 4;

/** The bytes of a source from `offset` on. */
export async function* readAhead(
  source: ByteSource,
  offset: number,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  const reads: Promise<Uint8Array>[] = [];
  let next = offset;
  const start = (): void => {
    const length = Math.min(PIECE_SIZE, source.size - next);
    const read = source.read(next, length, { signal });
    read.catch(() => {}); // thrown when its turn comes
    reads.push(read);
    next += length;
  };
  for (let wanted = 1; reads.length > 0 || next < source.size; wanted = Math.min(wanted + 1, READS_MAX)) {
    while (reads.length < wanted && next < source.size) start();
    yield await reads.shift()!;
  }
}
