/**
 * Random access to bytes wherever they are.
 *
 * @module
 */
import { checkArgument, checkNumber } from "./options.ts";
import { toBytes } from "./bytes.ts";
import type { BytesSource } from "./bytes.ts";

/** Options of one read. */
export interface ByteSourceReadOptions {
  /** Gives the read up. */
  readonly signal?: AbortSignal | undefined;
}

/** Bytes that can be read at any offset. Every decoder with random access takes one. */
export interface ByteSource {
  /** How many bytes there are. */
  readonly size: number;
  /**
   * What tells this version of the bytes from others: the ETag or date of an HTTP object, the identity of a file. A later
   * process hands it back as `ifMatch`. Undefined where there is none.
   */
  readonly validator?: string | undefined;
  /**
   * Reads exactly `length` bytes from `offset`.
   *
   * @throws {RangeError} If the range does not lie inside the source.
   */
  read(offset: number, length: number, options?: ByteSourceReadOptions): Promise<Uint8Array>;
}

/**
 * Checks a range against the size of its source.
 *
 * @throws {RangeError} If the range does not lie inside.
 *
 * @example A range that ends after the source
 * ```ts
 * import { checkRange } from "@sluice/internal";
 * import { assertThrows } from "@std/assert";
 *
 * checkRange(90, 10, 100);
 * assertThrows(() => checkRange(91, 10, 100), RangeError);
 * ```
 */
export function checkRange(offset: number, length: number, size: number): void {
  checkNumber("offset", offset);
  checkNumber("length", length);
  const inside = Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 0 &&
    offset + length <= size;
  if (!inside) {
    throw new RangeError(`Cannot read ${length} bytes at byte ${offset}: the source has ${size} bytes`);
  }
}

/**
 * A source over bytes in memory; reads are views, not copies.
 *
 * @example Reading a range
 * ```ts
 * import { byteSourceFromBytes } from "@sluice/internal";
 * import { assertEquals } from "@std/assert";
 *
 * const source = byteSourceFromBytes(new Uint8Array([1, 2, 3, 4]));
 * assertEquals(await source.read(1, 2), new Uint8Array([2, 3]));
 * ```
 */
export function byteSourceFromBytes(data: BytesSource): ByteSource {
  const bytes = toBytes(data);
  return {
    size: bytes.length,
    read(offset, length, options): Promise<Uint8Array> {
      return new Promise((resolve) => {
        options?.signal?.throwIfAborted();
        checkRange(offset, length, bytes.length);
        resolve(bytes.subarray(offset, offset + length));
      });
    },
  };
}

/**
 * A source over a Blob or File; each read loads just its range.
 *
 * @example Reading a range
 * ```ts
 * import { byteSourceFromBlob } from "@sluice/internal";
 * import { assertEquals } from "@std/assert";
 *
 * const source = byteSourceFromBlob(new Blob(["random access"]));
 * assertEquals(new TextDecoder().decode(await source.read(7, 6)), "access");
 * ```
 */
export function byteSourceFromBlob(blob: Blob): ByteSource {
  checkArgument(blob instanceof Blob, "open a Blob", blob, "a Blob");
  return {
    size: blob.size,
    async read(offset, length, options): Promise<Uint8Array> {
      options?.signal?.throwIfAborted();
      checkRange(offset, length, blob.size);
      return new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer());
    },
  };
}
