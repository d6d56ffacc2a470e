/**
 * Input that waits in a codec.
 *
 * @module
 */
import { concatBytes } from "./bytes.ts";

const NO_BYTES = new Uint8Array();

/**
 * The chunk at hand of a codec, and how far it is used up.
 *
 * @example What waits comes first
 * ```ts
 * import { InputChunk } from "@sluice/internal";
 * import { assertEquals } from "@std/assert";
 *
 * const input = new InputChunk();
 * input.write(new Uint8Array([1, 2]));
 * input.pos++;
 * input.write(new Uint8Array([3]));
 * assertEquals([...input.chunk.subarray(input.pos)], [2, 3]);
 * ```
 */
export class InputChunk {
  /** The chunk; its owner's bytes until they are detached. */
  chunk: Uint8Array = NO_BYTES;
  /** The first byte of the chunk that nothing has used. */
  pos: number = 0;

  /** Bytes of the chunk that nothing has used. */
  get rest(): number {
    return this.chunk.length - this.pos;
  }

  /** Takes the next chunk; what still waits comes before it. */
  write(chunk: Uint8Array): void {
    const waiting = this.chunk.subarray(this.pos);
    this.chunk = waiting.length === 0 ? chunk : concatBytes([new Uint8Array(waiting), new Uint8Array(chunk)]);
    this.pos = 0;
  }

  /** Copies the chunk's rest, so that the caller may change its buffer. */
  detach(): void {
    this.chunk = this.pos === this.chunk.length ? NO_BYTES : this.chunk.slice(this.pos);
    this.pos = 0;
  }

  /** Forgets the chunk. */
  drop(): void {
    this.chunk = NO_BYTES;
    this.pos = 0;
  }
}
