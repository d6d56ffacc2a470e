/**
 * Input that has not been used yet: a view of the last chunk, or a copy where a unit lies across chunks.
 */

/** Bytes between `pos` and `end` of `bytes`; `offset` is where `pos` stands in the whole input. */
export class InputBuffer {
  bytes: Uint8Array = new Uint8Array();
  pos = 0;
  end = 0;
  offset = 0;
  #owned = false;

  /** How many bytes there are. */
  get length(): number {
    return this.end - this.pos;
  }

  /** Adds a chunk after what is there. */
  append(chunk: Uint8Array): void {
    if (this.length === 0) {
      this.bytes = chunk;
      this.pos = 0;
      this.end = chunk.length;
      this.#owned = false;
      return;
    }
    const size = this.length + chunk.length;
    if (!this.#owned || this.end + chunk.length > this.bytes.length) {
      const room = size <= this.bytes.length && this.#owned
        ? this.bytes
        : new Uint8Array(size + (size >>> 1));
      room.set(this.bytes.subarray(this.pos, this.end));
      this.end = this.length;
      this.pos = 0;
      this.bytes = room;
      this.#owned = true;
    }
    this.bytes.set(chunk, this.end);
    this.end += chunk.length;
  }

  /** Uses up `count` bytes. */
  consume(count: number): void {
    this.pos += count;
    this.offset += count;
  }

  /** Forgets what waits; the next chunk stands at `offset`. */
  clear(offset: number): void {
    this.pos = this.end;
    this.offset = offset;
  }

  /** Copies what waits, so that the caller may change its chunk. */
  detach(): void {
    if (this.#owned || this.length === 0) return;
    this.bytes = this.bytes.slice(this.pos, this.end);
    this.end = this.bytes.length;
    this.pos = 0;
  }
}
