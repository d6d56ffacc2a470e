/**
 * Reading a source forward in large pieces, with the next ones under way.
 */
import type { ByteSource } from "@sluice/internal";

/** Bytes of one read. */
const PIECE_SIZE = 4 << 20;
/** Reads under way beside the piece at hand. */
const AHEAD = 2;

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
  while (reads.length > 0 || next < source.size) {
    while (reads.length <= AHEAD && next < source.size) start();
    yield await reads.shift()!;
  }
}
