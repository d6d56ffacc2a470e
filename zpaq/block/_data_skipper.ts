/**
 * Passing over the data of segments without decoding it.
 */
import type { InputBuffer } from "./_input_buffer.ts";

/** Where the skipping of a segment's data stands. */
export class DataSkipper {
  readonly #buffer: InputBuffer;
  #zeros = 0;
  /** What is left of a stored piece; -1 where its size comes next. */
  #left = -1;

  constructor(buffer: InputBuffer) {
    this.#buffer = buffer;
  }

  startSegment(): void {
    this.#zeros = 0;
    this.#left = -1;
  }

  /** Passes over coded data, up to four zeros; whether its end was there. */
  skipCoded(): boolean {
    const buffer = this.#buffer;
    while (buffer.length > 0) {
      const byte = buffer.bytes[buffer.pos]!;
      if (this.#zeros >= 4 && byte !== 0) return true;
      if (byte === 0) {
        this.#zeros++;
        buffer.consume(1);
      } else {
        this.#zeros = 0;
        const next = buffer.bytes.indexOf(0, buffer.pos);
        buffer.consume((next < 0 || next > buffer.end ? buffer.end : next) - buffer.pos);
      }
    }
    return false;
  }

  /** Passes over stored data by the sizes of its pieces; whether its end was there. */
  skipStored(): boolean {
    const buffer = this.#buffer;
    while (true) {
      if (this.#left < 0) {
        if (buffer.length < 4) return false;
        const { bytes, pos } = buffer;
        this.#left = new DataView(bytes.buffer, bytes.byteOffset + pos, 4).getUint32(0);
        buffer.consume(4);
        if (this.#left === 0) return true;
      }
      const count = Math.min(this.#left, buffer.length);
      buffer.consume(count);
      this.#left -= count;
      if (this.#left > 0) return false;
      this.#left = -1;
    }
  }
}
