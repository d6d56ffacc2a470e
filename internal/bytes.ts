/**
 * Views, copies and little-endian numbers.
 *
 * @module
 */

/** Any value that holds bytes: typed arrays, DataView and ArrayBuffer. */
export type BytesSource = ArrayBufferView | ArrayBufferLike;

/**
 * The bytes of a source without a copy, except for shared memory: another thread could change that under a codec.
 *
 * @throws {TypeError} If the value holds no bytes, a string for example, or its bytes went with a transfer of their buffer.
 *
 * @example A view of other numbers
 * ```ts
 * import { toBytes } from "@sluice/internal";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(toBytes(new Uint16Array([0x0102])).length, 2);
 * ```
 */
export function toBytes(source: BytesSource): Uint8Array {
  if (ArrayBuffer.isView(source)) {
    const view = source instanceof Uint8Array
      ? source
      : new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
    if (view.length === 0 && !(source instanceof DataView)) checkAttached(source);
    return isShared(view.buffer) ? view.slice() : view;
  }
  if (source instanceof ArrayBuffer) return new Uint8Array(source);
  if (isShared(source)) return new Uint8Array(source).slice();
  throw new TypeError(
    `Cannot read bytes: the value is ${describe(source)}, expected a typed array or ArrayBuffer`,
  );
}

/** Typed arrays whose buffer was transferred or has shrunk look as if they had no bytes; using them is what fails. */
function checkAttached(array: ArrayBufferView): void {
  try {
    Uint8Array.prototype.keys.call(array as Uint8Array);
  } catch {
    throw bytesGone();
  }
}

/**
 * What is thrown for bytes that were there and are not any more.
 *
 * @example Its class
 * ```ts
 * import { bytesGone } from "@sluice/internal";
 * import { assert } from "@std/assert";
 *
 * assert(bytesGone() instanceof TypeError);
 * ```
 */
export function bytesGone(): TypeError {
  return new TypeError("Cannot read bytes: their buffer was transferred");
}

function isShared(buffer: unknown): buffer is SharedArrayBuffer {
  return typeof SharedArrayBuffer !== "undefined" && buffer instanceof SharedArrayBuffer;
}

/**
 * Names a value's type for an error message.
 *
 * @example What was passed instead
 * ```ts
 * import { describe } from "@sluice/internal";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(describe("text"), "a string");
 * assertEquals(describe(new Map()), "an object of class Map");
 * ```
 */
export function describe(value: unknown): string {
  if (value === null || value === undefined) return `${value}`;
  if (typeof value !== "object") return value === "" ? "an empty string" : `a ${typeof value}`;
  return `an object of class ${value.constructor?.name ?? "(none)"}`;
}

/**
 * Joins chunks into one fresh array; a single chunk is returned as it is.
 *
 * @example Two chunks
 * ```ts
 * import { concatBytes } from "@sluice/internal";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(concatBytes([new Uint8Array([1]), new Uint8Array([2, 3])]), new Uint8Array([1, 2, 3]));
 * ```
 */
export function concatBytes(chunks: readonly Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
  if (chunks.length === 1) return chunks[0]!;
  const joined = new Uint8Array(chunks.reduce((size, chunk) => size + chunk.length, 0));
  let offset = 0;
  for (const chunk of chunks) {
    joined.set(chunk, offset);
    offset += chunk.length;
  }
  return joined;
}

/**
 * The little-endian u16 at `offset`; the bytes must be there.
 *
 * @example Low byte first
 * ```ts
 * import { readU16 } from "@sluice/internal";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(readU16(new Uint8Array([0x34, 0x12]), 0), 0x1234);
 * ```
 */
export function readU16(bytes: Uint8Array, offset: number): number {
  return bytes[offset]! | bytes[offset + 1]! << 8;
}

/**
 * The little-endian u24 at `offset`; the bytes must be there.
 *
 * @example Low byte first
 * ```ts
 * import { readU24 } from "@sluice/internal";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(readU24(new Uint8Array([0x56, 0x34, 0x12]), 0), 0x123456);
 * ```
 */
export function readU24(bytes: Uint8Array, offset: number): number {
  return readU16(bytes, offset) | bytes[offset + 2]! << 16;
}

/**
 * The little-endian u32 at `offset`; the bytes must be there.
 *
 * @example Never negative
 * ```ts
 * import { readU32 } from "@sluice/internal";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(readU32(new Uint8Array([0, 0, 0, 0x80]), 0), 2 ** 31);
 * ```
 */
export function readU32(bytes: Uint8Array, offset: number): number {
  return (readU24(bytes, offset) | bytes[offset + 3]! << 24) >>> 0;
}

/**
 * The little-endian u64 at `offset`; the bytes must be there.
 *
 * @example All 64 bits
 * ```ts
 * import { readU64 } from "@sluice/internal";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(readU64(new Uint8Array(8).fill(255), 0), 2n ** 64n - 1n);
 * ```
 */
export function readU64(bytes: Uint8Array, offset: number): bigint {
  return BigInt(readU32(bytes, offset + 4)) << 32n | BigInt(readU32(bytes, offset));
}

/**
 * Writes a little-endian u32 at `offset`.
 *
 * @example There and back
 * ```ts
 * import { readU32, writeU32 } from "@sluice/internal";
 * import { assertEquals } from "@std/assert";
 *
 * const bytes = new Uint8Array(4);
 * writeU32(bytes, 0, 0xfd2fb528);
 * assertEquals(readU32(bytes, 0), 0xfd2fb528);
 * ```
 */
export function writeU32(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value;
  bytes[offset + 1] = value >>> 8;
  bytes[offset + 2] = value >>> 16;
  bytes[offset + 3] = value >>> 24;
}

/**
 * A text with one character for each byte, U+0000 to U+00FF. The decoder that the platform calls "latin1" is another one:
 * it makes other characters of the bytes from 0x80 to 0x9f.
 *
 * @example Every byte keeps its number
 * ```ts
 * import { byteString } from "@sluice/internal";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(byteString(new Uint8Array([0x41, 0x80, 0xff])), "A\u0080\u00ff");
 * ```
 */
export function byteString(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += BYTE_STRING_PART) {
    // Spread, the bytes would go through an iterator, which takes ten times as long.
    const part: ArrayLike<number> = bytes.subarray(at, at + BYTE_STRING_PART);
    text += String.fromCharCode.apply(null, part as number[]);
  }
  return text;
}

/** Arguments that every engine takes in one call. */
const BYTE_STRING_PART = 8192;

/**
 * Checks a buffer that a caller wants filled from `source`.
 *
 * @throws {TypeError} If it is no `Uint8Array` over an `ArrayBuffer`, or shares bytes with the source: a codec writes one
 * while it reads the other.
 *
 * @example A plain buffer has no view
 * ```ts
 * import { checkTarget } from "@sluice/internal";
 * import { assertThrows } from "@std/assert";
 *
 * checkTarget(new Uint8Array(4));
 * assertThrows(() => checkTarget(new ArrayBuffer(4)), TypeError, "expected a Uint8Array");
 * ```
 */
export function checkTarget(target: unknown, source?: Uint8Array): Uint8Array<ArrayBuffer> {
  if (!(target instanceof Uint8Array && target.buffer instanceof ArrayBuffer)) {
    throw new TypeError(
      `Cannot read into the target: it is ${describe(target)}, expected a Uint8Array of an ArrayBuffer`,
    );
  }
  if (source !== undefined && source.buffer === target.buffer && overlap(source, target)) {
    throw new TypeError(
      "Cannot read into the target: it shares bytes with the input, expected a buffer apart",
    );
  }
  return target as Uint8Array<ArrayBuffer>;
}

/** Whether two views of one buffer have bytes in common. */
function overlap(a: Uint8Array, b: Uint8Array): boolean {
  return a.byteOffset < b.byteOffset + b.length && b.byteOffset < a.byteOffset + a.length;
}
