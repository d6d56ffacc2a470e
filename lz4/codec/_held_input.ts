/**
 * Input that waits: the chunk at hand, and the part of a header, word or block that chunk borders split.
 */
import { concatBytes, InputChunk } from "@sluice/internal";
import { FRAME_HEADER_SIZE_MAX } from "../frame/_format.ts";

const NO_BYTES = new Uint8Array();

/** The input of one decoder. */
export class HeldInput extends InputChunk {
  /** A header, word or block that chunk borders split, in the first `length` bytes. */
  part: Uint8Array<ArrayBuffer> = new Uint8Array(FRAME_HEADER_SIZE_MAX);
  length = 0;
  /** Bytes that the held part lacks, as far as is known. */
  missing = 0;
  /** Where small chunks are put together. */
  #gathered: Uint8Array<ArrayBuffer> = NO_BYTES;

  /** A copy of all that waits. */
  get unused(): Uint8Array<ArrayBuffer> {
    return concatBytes([this.held, new Uint8Array(this.chunk.subarray(this.pos))]);
  }

  /** A copy of the held part. */
  get held(): Uint8Array<ArrayBuffer> {
    return this.part.slice(0, this.length);
  }

  /** Puts a copy of a chunk after what waits, in a buffer that has room for about `size` bytes. */
  gather(chunk: Uint8Array, size: number): void {
    const waiting = this.chunk.subarray(this.pos);
    const total = waiting.length + chunk.length;
    if (waiting.length === 0 && chunk.length >= size) return this.write(chunk);
    let start = waiting.buffer === this.#gathered.buffer ? waiting.byteOffset : -1;
    if (start < 0 || start + total > this.#gathered.length) {
      const target = total > this.#gathered.length
        ? new Uint8Array(2 * Math.max(size, total))
        : this.#gathered;
      target.set(waiting);
      this.#gathered = target;
      start = 0;
    }
    this.#gathered.set(chunk, start + waiting.length);
    this.chunk = this.#gathered.subarray(start, start + total);
    this.pos = 0;
  }

  /** Forgets the held part. */
  release(): void {
    this.length = 0;
    this.missing = 0;
  }

  /** Moves bytes of the chunk to the held part. */
  hold(count: number): void {
    const wanted = this.length + count + Math.max(0, this.missing - count);
    if (wanted > this.part.length) {
      const grown = new Uint8Array(wanted);
      grown.set(this.part.subarray(0, this.length));
      this.part = grown;
    }
    this.part.set(this.chunk.subarray(this.pos, this.pos + count), this.length);
    this.length += count;
    this.missing -= count;
    this.pos += count;
  }

  /** Keeps the start of a block that lacks `missing` bytes. */
  holdRest(missing: number): void {
    const { rest } = this;
    this.missing = rest + missing;
    this.hold(rest);
  }

  /** Takes the first bytes of the held part away. */
  consumeHeld(count: number): void {
    this.length -= count;
    if (this.length > 0 && count > 0) this.part.copyWithin(0, count, count + this.length);
  }

  /** Gives back what was held as the start of a block and is that of the next frame: what follows a legacy frame. */
  returnHeld(): void {
    if (this.length === 0) return;
    this.chunk = concatBytes([this.held, this.chunk.slice(this.pos)]);
    this.pos = 0;
    this.release();
  }
}
