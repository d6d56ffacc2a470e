/**
 * Reading a codec block by block, so that nothing waits inside it between reads.
 */
import type { DecoderCodec } from "./_decoder_codec.ts";

const PIECE_SIZE = 1 << 20;

/** The next output of a codec in whole-block mode, at most about `size` bytes; empty when it wants input or is done. */
export function readWholeBlock(codec: DecoderCodec, size: number): Uint8Array<ArrayBuffer> {
  while (!codec.needsInput && !codec.done) {
    // Headers need no room; the blocks after them say how much they need.
    const target = new Uint8Array(codec.blockMax === 0 ? 0 : Math.max(size, codec.blockMax));
    const length = codec.read(target, 0);
    if (length > 0) return length * 2 > target.length ? target.subarray(0, length) : target.slice(0, length);
  }
  return new Uint8Array();
}

/** All output that the codec's input completes. A failure comes after the output before it. */
export function readWholeBlocks(codec: DecoderCodec): Uint8Array<ArrayBuffer>[] {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  while (!codec.needsInput && !codec.done) {
    if (codec.failed && parts.length > 0) break;
    const part = readWholeBlock(codec, PIECE_SIZE);
    if (part.length > 0) parts.push(part);
  }
  return parts;
}
