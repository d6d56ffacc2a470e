/**
 * Reading a file here and there, in order.
 */
import type { Bytes } from "./messages.ts";

const WINDOW_SIZE = 256 << 10;

/** The bytes of a file, read in windows. */
export class BlobReader {
  readonly #file: Blob;
  #window: Bytes = new Uint8Array();
  #start = 0;

  constructor(file: Blob) {
    this.#file = file;
  }

  get size(): number {
    return this.#file.size;
  }

  /** The bytes at an offset: fewer where the file ends. */
  async read(offset: number, length: number): Promise<Bytes> {
    const from = offset - this.#start;
    if (from < 0 || from + length > this.#window.length) {
      const end = offset + Math.max(length, WINDOW_SIZE);
      this.#window = new Uint8Array(await this.#file.slice(offset, end).arrayBuffer());
      this.#start = offset;
      return this.#window.subarray(0, length);
    }
    return this.#window.subarray(from, from + length);
  }
}

/** A number of up to four bytes, the lowest first. */
export function littleEndian(bytes: Uint8Array, at: number, length: number): number {
  let value = 0;
  for (let i = length - 1; i >= 0; i--) value = value * 256 + (bytes[at + i] ?? 0);
  return value;
}

/** Says that a file is not what it should be, and where. */
export class Damage extends Error {
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}
