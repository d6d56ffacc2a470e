/**
 * The small headers and numbers of git's formats, for tools that look into packs and loose objects themselves.
 *
 * @example The header of a pack entry
 * ```ts
 * import { decodePackEntryHeader, encodePackEntryHeader } from "@sluice/gitdb/format";
 * import { assertEquals } from "@std/assert";
 *
 * const bytes = encodePackEntryHeader({ type: "blob", size: 300 });
 * assertEquals(bytes, new Uint8Array([0xbc, 0x12]));
 * assertEquals(decodePackEntryHeader(bytes), { kind: "full", type: "blob", size: 300, length: 2 });
 * ```
 *
 * @module
 */
import { corrupt } from "../object/_errors.ts";
import { looksLoose, looseHeader, readLooseHeader } from "../loose/_loose_format.ts";
import type { LooseHeader } from "../loose/_loose_format.ts";
import { HASH_SIZE, ObjectId } from "../object/_object_id.ts";
import type { HashAlgorithm } from "../object/_object_id.ts";
import { kindOfType, OFS_DELTA, REF_DELTA, TYPE_OF_KIND } from "../object/_object_kind.ts";
import { deltaSize, entryHeader, offsetDistance, parseEntryHeader } from "./_pack_format.ts";
import type { ObjectType } from "../object/object.ts";

export type { HashAlgorithm, LooseHeader, ObjectType };
export { ObjectId };

/** What stands before the zlib stream of a pack entry. */
export type PackEntryHeader =
  | { readonly kind: "full"; readonly type: ObjectType; readonly size: number }
  | { readonly kind: "ofs-delta"; readonly distance: number; readonly size: number }
  | { readonly kind: "ref-delta"; readonly base: ObjectId; readonly size: number };

function checkSize(size: number): void {
  if (!Number.isSafeInteger(size) || size < 0) {
    throw new RangeError(`Cannot encode the size ${size}: expected a whole number from 0 to 2^53 - 1`);
  }
}

/**
 * The header of a pack entry; `length` is how many bytes it has. It may be followed by anything.
 *
 * @throws {CorruptDataError} If it breaks the rules of its format or is cut off.
 *
 * @example A delta with the distance to its base
 * ```ts
 * import { decodePackEntryHeader } from "@sluice/gitdb/format";
 * import { assertEquals } from "@std/assert";
 *
 * const header = decodePackEntryHeader(new Uint8Array([0x65, 0x80, 0x00]));
 * assertEquals(header, { kind: "ofs-delta", distance: 128, size: 5, length: 3 });
 * ```
 */
export function decodePackEntryHeader(
  bytes: Uint8Array,
  hashAlgorithm: HashAlgorithm = "sha1",
): PackEntryHeader & { readonly length: number } {
  const { kind, size, length, distance, baseId } = parseEntryHeader(bytes, 0, HASH_SIZE[hashAlgorithm]);
  if (kind === OFS_DELTA) return { kind: "ofs-delta", distance: distance!, size, length };
  if (kind === REF_DELTA) return { kind: "ref-delta", base: baseId!, size, length };
  return { kind: "full", type: TYPE_OF_KIND[kind]!, size, length };
}

/**
 * The bytes of the header of a pack entry.
 *
 * @throws {RangeError} For a type that does not exist, or a size or distance that is no whole number.
 *
 * @example A delta with the id of its base
 * ```ts
 * import { encodePackEntryHeader, ObjectId } from "@sluice/gitdb/format";
 * import { assertEquals } from "@std/assert";
 *
 * const bytes = encodePackEntryHeader({ kind: "ref-delta", base: ObjectId.zero(), size: 3 });
 * assertEquals([bytes.length, bytes[0]], [21, 0x73]);
 * ```
 */
export function encodePackEntryHeader(
  header: PackEntryHeader | { readonly kind?: "full"; readonly type: ObjectType; readonly size: number },
): Uint8Array<ArrayBuffer> {
  checkSize(header.size);
  if (header.kind === "ofs-delta") {
    checkSize(header.distance);
    if (header.distance === 0) throw new RangeError("Cannot encode the distance 0: a delta needs a base");
    return new Uint8Array([...entryHeader(OFS_DELTA, header.size), ...offsetDistance(header.distance)]);
  }
  if (header.kind === "ref-delta") {
    return new Uint8Array([...entryHeader(REF_DELTA, header.size), ...header.base.bytes]);
  }
  return new Uint8Array(entryHeader(kindOfType(header.type), header.size));
}

/**
 * A size as deltas begin with it (base 128, the lowest group first), and how many bytes it takes.
 *
 * @throws {CorruptDataError} If it is cut off or above 2^53 - 1.
 *
 * @example Two bytes
 * ```ts
 * import { decodeDeltaSize } from "@sluice/gitdb/format";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(decodeDeltaSize(new Uint8Array([0xac, 0x02, 0x90])), { size: 300, length: 2 });
 * ```
 */
export function decodeDeltaSize(bytes: Uint8Array): { readonly size: number; readonly length: number } {
  let size = 0;
  let factor = 1;
  for (const [i, byte] of bytes.subarray(0, 8).entries()) {
    size += (byte & 127) * factor;
    factor *= 128;
    if (size > Number.MAX_SAFE_INTEGER) break;
    if (byte < 0x80) return { size, length: i + 1 };
  }
  throw corrupt("a delta", "a size is cut off or too large", "DELTA_CORRUPT", 0);
}

/**
 * The bytes of a size as deltas begin with it.
 *
 * @example Two bytes
 * ```ts
 * import { encodeDeltaSize } from "@sluice/gitdb/format";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(encodeDeltaSize(300), new Uint8Array([0xac, 0x02]));
 * ```
 */
export function encodeDeltaSize(size: number): Uint8Array<ArrayBuffer> {
  checkSize(size);
  return new Uint8Array(deltaSize(size));
}

/**
 * Whether bytes look as a loose object begins: only the two bytes of a zlib header are judged.
 *
 * @example Not a zip file
 * ```ts
 * import { isLooseObject } from "@sluice/gitdb/format";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(isLooseObject(new Uint8Array([0x50, 0x4b])), false);
 * ```
 */
export function isLooseObject(bytes: Uint8Array): boolean {
  return looksLoose(bytes);
}

/**
 * The header inside a loose object; its first 128 bytes are enough.
 *
 * @throws {CorruptDataError} If that is no loose object.
 *
 * @example Type and size
 * ```ts
 * import { decodeLooseHeader } from "@sluice/gitdb/format";
 * import { assertEquals } from "@std/assert";
 *
 * const stream = new Blob(["blob 5\0hello"]).stream().pipeThrough(new CompressionStream("deflate"));
 * const encoded = await new Response(stream).bytes();
 * assertEquals(decodeLooseHeader(encoded), { type: "blob", size: 5, length: 7 });
 * ```
 */
export function decodeLooseHeader(encoded: Uint8Array): LooseHeader {
  return readLooseHeader(encoded, "a loose object");
}

/**
 * The header that stands before a body, before both are deflated and hashed.
 *
 * @example A blob
 * ```ts
 * import { encodeLooseHeader } from "@sluice/gitdb/format";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new TextDecoder().decode(encodeLooseHeader("blob", 5)), "blob 5\0");
 * ```
 */
export function encodeLooseHeader(type: ObjectType, size: number): Uint8Array<ArrayBuffer> {
  kindOfType(type);
  checkSize(size);
  return looseHeader(type, size);
}
