/**
 * Reading a codec block by block, so that nothing waits inside it between reads.
 */
import type { OutputBuffers } from "@sluice/internal";
import type { DecoderCodec } from "./_decoder_codec.ts";

/** The largest piece of output, where a block is not larger. */
export const PIECE_SIZE = 1 << 20;

const NO_ROOM = new Uint8Array();

/** The next output of a codec in whole-block mode; empty when it wants input or is done. */
export function readWholeBlock(codec: DecoderCodec, buffers: OutputBuffers): Uint8Array<ArrayBuffer> {
  while (!codec.needsInput && !codec.done) {
    if (codec.blockMax === 0) { // headers need no room; the blocks after them say how much they need
      codec.read(NO_ROOM, 0);
      continue;
    }
    const target = buffers.next(codec.blockMax);
    const length = codec.read(target, 0);
    const output = buffers.take(target, length);
    if (length > 0) return output;
  }
  return NO_ROOM;
}

/** All output that the codec's input completes. A failure comes after the output before it. */
export function readWholeBlocks(codec: DecoderCodec, buffers: OutputBuffers): Uint8Array<ArrayBuffer>[] {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  while (!codec.needsInput && !codec.done) {
    try {
      const part = readWholeBlock(codec, buffers);
      if (part.length > 0) parts.push(part);
    } catch (error) {
      if (parts.length === 0) throw error;
      break; // the codec fails again when it is read the next time
    }
  }
  return parts;
}
