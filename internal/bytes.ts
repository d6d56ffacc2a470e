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
 * @throws {TypeError} If the value holds no bytes, a string for example.
 */
export function toBytes(source: BytesSource): Uint8Array {
  if (ArrayBuffer.isView(source)) {
    const view = source instanceof Uint8Array
      ? source
      : new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
    return isShared(view.buffer) ? view.slice() : view;
  }
  if (source instanceof ArrayBuffer) return new Uint8Array(source);
  if (isShared(source)) return new Uint8Array(source).slice();
  throw new TypeError(
    `Cannot read bytes: the value is ${describe(source)}, expected a typed array or ArrayBuffer`,
  );
}

function isShared(buffer: unknown): buffer is SharedArrayBuffer {
  return typeof SharedArrayBuffer !== "undefined" && buffer instanceof SharedArrayBuffer;
}

/** Names a value's type for an error message. */
export function describe(value: unknown): string {
  if (value === null) return "null";
  if (typeof value !== "object") return typeof value === "undefined" ? "undefined" : `a ${typeof value}`;
  return `an object of class ${value.constructor?.name ?? "(none)"}`;
}

/** Joins chunks into one fresh array; a single chunk is returned as it is. */
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

/** The little-endian u16 at `offset`; the bytes must be there. */
export function readU16(bytes: Uint8Array, offset: number): number {
  return bytes[offset]! | bytes[offset + 1]! << 8;
}

/** The little-endian u24 at `offset`; the bytes must be there. */
export function readU24(bytes: Uint8Array, offset: number): number {
  return readU16(bytes, offset) | bytes[offset + 2]! << 16;
}

/** The little-endian u32 at `offset`; the bytes must be there. */
export function readU32(bytes: Uint8Array, offset: number): number {
  return (readU24(bytes, offset) | bytes[offset + 3]! << 24) >>> 0;
}

/** The little-endian u64 at `offset`; the bytes must be there. */
export function readU64(bytes: Uint8Array, offset: number): bigint {
  return BigInt(readU32(bytes, offset + 4)) << 32n | BigInt(readU32(bytes, offset));
}

/** Writes a little-endian u32 at `offset`. */
export function writeU32(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value;
  bytes[offset + 1] = value >>> 8;
  bytes[offset + 2] = value >>> 16;
  bytes[offset + 3] = value >>> 24;
}
