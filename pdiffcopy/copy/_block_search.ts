/**
 * Looks in a file for the blocks of others.
 */
import { BlockIndexKernel, NO_BLOCK } from "../kernel/rolling.ts";
import type { SignedBlocks } from "../kernel/rolling.ts";
import type { BlockFile, FoundBlocks } from "../file/_block_file.ts";

/** Content that is searched at a time; what is found in it is on its way while the next is searched. */
const STRIDE = 16 << 20;
/** Room for literal bytes of one piece. */
const PIECE_SIZE = 8 << 20;
const WINDOW_SIZE = 512 << 10;
const FRAME_SIZE = 32;

/** Room that frames of a piece take. */
function pieceRoom(blockSize: number): number {
  const window = Math.max(WINDOW_SIZE, 4 * blockSize);
  const room = window +
    FRAME_SIZE * (2 * Math.ceil(window / blockSize) + Math.ceil(window / (256 << 10)) + 8);
  return Math.max(PIECE_SIZE, 2 * room);
}

/**
 * Frames that put the first `size` bytes of a file together, piece by piece, each ended by a sum. A piece is valid until
 * the next is asked for, which is searched meanwhile.
 */
export async function* searchPieces(
  file: BlockFile,
  size: number,
  blocks: SignedBlocks,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  const index = new BlockIndexKernel(blocks);
  const room = pieceRoom(blocks.blockSize);
  let [filling, given] = [new Uint8Array(room), new Uint8Array(0)];
  const search = (start: number, expected: number): Promise<FoundBlocks> | undefined => {
    if (start >= size) return undefined;
    const range = { start, limit: Math.min(size, start + STRIDE), end: size };
    return file.searchBlocks(index, range, expected, filling);
  };
  let running = search(0, blocks.entries.length > 0 ? 0 : NO_BLOCK);
  try {
    while (running !== undefined) {
      const { next, produced, expected } = await running;
      signal?.throwIfAborted();
      const piece = filling.subarray(0, produced);
      [filling, given] = [given.length > 0 ? given : new Uint8Array(room), filling];
      running = search(next, expected);
      running?.catch(() => {}); // thrown when it is waited for
      yield piece;
    }
  } finally {
    await running?.catch(() => {}); // the file may be closed after it
    index[Symbol.dispose]();
  }
}
