/**
 * Numbers of varying length (LEB128, minimal) and bytes in a row, written and read with checks.
 */
import { readU32, writeU32 } from "@sluice/internal";

const LENGTH_MAX = 8;

/** Bytes that grow. */
export class ByteWriter {
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(64);
  #length = 0;

  /** How many bytes were written. */
  get length(): number {
    return this.#length;
  }

  /** Writes one byte. */
  byte(value: number): void {
    this.#room(1);
    this.#bytes[this.#length++] = value;
  }

  /** Writes a little-endian u32. */
  u32(value: number): void {
    this.#room(4);
    writeU32(this.#bytes, this.#length, value);
    this.#length += 4;
  }

  /** Writes a little-endian u64 below 2^53. */
  u64(value: number): void {
    this.u32(value % 2 ** 32);
    this.u32(Math.floor(value / 2 ** 32));
  }

  /** Writes a number from 0 to 2^53 - 1 in 1 to 8 bytes. */
  number(value: number): void {
    let rest = value;
    while (rest >= 128) {
      this.byte(rest % 128 + 128);
      rest = Math.floor(rest / 128);
    }
    this.byte(rest);
  }

  /** Writes a number of either sign. */
  signed(value: number): void {
    this.number(value < 0 ? -value * 2 - 1 : value * 2);
  }

  /** Writes bytes as they are. */
  bytes(bytes: Uint8Array): void {
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** What was written. */
  take(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length);
  }

  #room(size: number): void {
    if (this.#length + size <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + size));
    grown.set(this.#bytes);
    this.#bytes = grown;
  }
}

/** Reads what a `ByteWriter` wrote; every length is checked against the bytes that are there. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #fail: (field: string, state: string) => Error;
  #pos = 0;

  /** A reader that throws what `fail` makes. */
  constructor(bytes: Uint8Array, fail: (field: string, state: string) => Error) {
    this.#bytes = bytes;
    this.#fail = fail;
  }

  /** Bytes that were not read yet. */
  get left(): number {
    return this.#bytes.length - this.#pos;
  }

  /** Reads one byte. */
  byte(): number {
    return this.bytes(1)[0]!;
  }

  /** Reads a little-endian u32. */
  u32(): number {
    return readU32(this.bytes(4), 0);
  }

  /** Reads a little-endian u64 that must be below 2^53. */
  u64(): number {
    const value = this.u32() + this.u32() * 2 ** 32;
    if (value > Number.MAX_SAFE_INTEGER) throw this.#fail("number", "is above 2^53 - 1");
    return value;
  }

  /** Reads a number of 1 to 8 bytes, in its shortest form. */
  number(): number {
    let value = 0;
    for (let i = 0; i < LENGTH_MAX; i++) {
      const byte = this.byte();
      value += (byte & 127) * 2 ** (7 * i);
      if (byte >= 128) continue;
      if (byte === 0 && i > 0) throw this.#fail("number", "is not in its shortest form");
      if (value > Number.MAX_SAFE_INTEGER) break;
      return value;
    }
    throw this.#fail("number", "is above 2^53 - 1");
  }

  /** Reads a number of either sign. */
  signed(): number {
    const value = this.number();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  /** A view of the next bytes. */
  bytes(length: number): Uint8Array {
    if (length > this.left) throw this.#fail("length", `ends ${length - this.left} bytes too early`);
    this.#pos += length;
    return this.#bytes.subarray(this.#pos - length, this.#pos);
  }
}
