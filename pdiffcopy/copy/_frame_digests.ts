/**
 * The digests that passing frames carry, collected into a table, and how far the frames reach.
 */
import { digestsOf } from "../file/_block_file.ts";
import type { Table } from "../file/_block_file.ts";
import { failure } from "../file/_errors.ts";
import { FRAME, FRAME_HEADER_SIZE, readFrame, readSafe } from "../file/_frames.ts";
import { hashOnce } from "../kernel/hash.ts";

/** Collects digests without touching the bytes of blocks. */
export class FrameDigests {
  readonly #table: Table;

  constructor(table: Table) {
    this.#table = table;
  }

  /** Puts the digests of whole frames into the table; the first must start at `next`, the last end by `end`. */
  collect(
    frames: Uint8Array,
    next: number,
    end: number,
  ): { readonly next: number; readonly written: number } {
    const { blockSize, hash } = this.#table;
    let at = next;
    let written = 0;
    for (let pos = 0; pos + FRAME_HEADER_SIZE <= frames.length;) {
      const frame = readFrame(frames, pos);
      const isData = frame.type === FRAME.DATA;
      const length = isData ? frame.payload.length - hash.digestSize : readSafe(frame.payload, 0);
      const stop = at + length;
      if (frame.position !== at || !(length > 0) || stop > end) {
        throw failure("PROTOCOL", `Cannot take a frame at byte ${at}: it does not fit`, { offset: at });
      }
      if (isData) {
        digestsOf(this.#table, at, stop).set(frame.payload.subarray(0, hash.digestSize));
      } else if (frame.type !== FRAME.SAME) {
        for (let block = at; block < stop; block += blockSize) {
          const blockEnd = Math.min(stop, block + blockSize);
          digestsOf(this.#table, block, blockEnd).set(this.#zeroDigest(blockEnd - block));
        }
      }
      if (frame.type !== FRAME.SAME) written += length;
      at = stop;
      pos = frame.end;
    }
    return { next: at, written };
  }

  #zeros: { size: number; digest: Uint8Array } | undefined;

  #zeroDigest(size: number): Uint8Array {
    if (this.#zeros?.size !== size) {
      this.#zeros = { size, digest: hashOnce(new Uint8Array(size), this.#table.hash, undefined) };
    }
    return this.#zeros.digest;
  }
}
