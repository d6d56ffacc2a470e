/**
 * The part of a damaged file that is at hand.
 */
import { readU32 } from "@sluice/internal";

/** Asks whoever drives a salvage for more of the file. */
export const MORE = Symbol("more");

/** Bytes of a file from some offset on; all positions are offsets in the file. */
export class SalvageWindow {
  #bytes: Uint8Array;
  #start = 0;
  #length: number;
  #ended: boolean;

  /** A window over a whole file, or an empty one that grows. */
  constructor(file?: Uint8Array) {
    this.#bytes = file ?? new Uint8Array(1 << 16);
    this.#length = file?.length ?? 0;
    this.#ended = file !== undefined;
  }

  /** Where what is known of the file ends. */
  get end(): number {
    return this.#start + this.#length;
  }

  /** Whether that is the end of the file. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Asks for more until the file is known up to `end`; returns whether it goes that far. */
  *reach(end: number): Generator<typeof MORE, boolean, undefined> {
    while (this.end < end && !this.#ended) yield MORE;
    return this.end >= end;
  }

  /** The little-endian word at a position that was reached. */
  word(pos: number): number {
    return readU32(this.#bytes, pos - this.#start);
  }

  /** A view of bytes that were reached, good until the next `append`. */
  view(pos: number, end: number): Uint8Array {
    return this.#bytes.subarray(pos - this.#start, end - this.#start);
  }

  /** Releases what precedes a position. */
  drop(pos: number): void {
    if (this.#ended && this.#start === 0 && this.#length === this.#bytes.length) return; // a whole file
    const count = pos - this.#start;
    if (count < this.#bytes.length / 2 && count < this.#length) return;
    this.#bytes.copyWithin(0, count, this.#length);
    this.#start += count;
    this.#length -= count;
  }

  /** Takes the next bytes of the file. */
  append(chunk: Uint8Array): void {
    if (this.#length + chunk.length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + chunk.length));
      grown.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = grown;
    }
    this.#bytes.set(chunk, this.#length);
    this.#length += chunk.length;
  }

  /** There is no more. */
  finish(): void {
    this.#ended = true;
  }
}
