/**
 * The buffers that a codec's output is written into before its consumer owns it.
 *
 * @module
 */

/** The first buffer: a program with thousands of short streams has one of them for each. */
const FIRST_SIZE = 8 << 10;

/**
 * Hands out one buffer at a time. What is mostly filled goes to the consumer, and the next is larger; of what is not, the
 * few bytes are copied out, and the buffer is kept for the next time: most small pieces of input give little or nothing.
 *
 * @example Little output
 * ```ts
 * import { OutputBuffers } from "@sluice/internal";
 * import { assertEquals } from "@std/assert";
 *
 * const buffers = new OutputBuffers(65536);
 * const target = buffers.next();
 * target.set([1, 2, 3]);
 * assertEquals(buffers.take(target, 3).buffer.byteLength, 3);
 * assertEquals(buffers.next(), target);
 * ```
 */
export class OutputBuffers {
  readonly #sizeMax: number;
  #size: number;
  #spare: Uint8Array<ArrayBuffer> | undefined;

  /** Buffers of at most `sizeMax` bytes. */
  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax;
    this.#size = Math.min(FIRST_SIZE, sizeMax);
  }

  /** A buffer for the next output, of at least `sizeMin` bytes even where that is more than buffers have at most. */
  next(sizeMin = 0): Uint8Array<ArrayBuffer> {
    const spare = this.#spare;
    this.#spare = undefined;
    return spare !== undefined && spare.length >= sizeMin
      ? spare
      : new Uint8Array(Math.max(this.#size, sizeMin));
  }

  /** The first `length` bytes of a buffer that `next` gave, for the consumer to own. */
  take(target: Uint8Array<ArrayBuffer>, length: number): Uint8Array<ArrayBuffer> {
    if (length * 2 >= target.length) {
      this.#size = Math.min(4 * target.length, this.#sizeMax);
      return target.subarray(0, length);
    }
    this.#spare = target;
    return target.slice(0, length);
  }
}
