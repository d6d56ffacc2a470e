/**
 * Decoded frames that were used last, up to a number of bytes.
 */
export class FrameCache {
  readonly #sizeMax: number;
  /** In order of use, the oldest first. */
  readonly #frames = new Map<number, Uint8Array>();
  #size = 0;

  /** A cache that holds at most so many bytes; larger frames are not kept. */
  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax;
  }

  /** The content of a frame, if it is here. */
  get(index: number): Uint8Array | undefined {
    const content = this.#frames.get(index);
    if (content !== undefined) {
      this.#frames.delete(index);
      this.#frames.set(index, content);
    }
    return content;
  }

  /** Whether a frame is here; asking is no use of it. */
  has(index: number): boolean {
    return this.#frames.has(index);
  }

  /** Keeps a frame and lets go of the oldest ones. */
  set(index: number, content: Uint8Array): void {
    if (content.length > this.#sizeMax || this.#frames.has(index)) return;
    this.#frames.set(index, content);
    this.#size += content.length;
    for (const [oldest, { length }] of this.#frames) {
      if (this.#size <= this.#sizeMax) return;
      this.#frames.delete(oldest);
      this.#size -= length;
    }
  }
}
