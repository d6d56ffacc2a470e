/**
 * The small headers and numbers of git's formats, for tools that look into packs and loose objects themselves.
 *
 * @example The header of a pack entry
 * ```ts
 * import { readGitPackEntryHeader, encodeGitPackEntryHeader } from "@sluice/gitdb/format";
 * import { assertEquals } from "@std/assert";
 *
 * const bytes = encodeGitPackEntryHeader({ type: "blob", size: 300 });
 * assertEquals(bytes, new Uint8Array([0xbc, 0x12]));
 * assertEquals(readGitPackEntryHeader(bytes), { kind: "full", type: "blob", size: 300, length: 2 });
 * ```
 *
 * @module
 */
import { checkArgument } from "@sluice/internal";
import { corrupt } from "../object/_errors.ts";
import { looksLoose, looseHeader, readLooseHeader } from "../loose/_loose_format.ts";
import type { GitLooseHeader } from "../loose/_loose_format.ts";
import { GitObjectId, HASH_SIZE } from "../object/_object_id.ts";
import type { GitHashAlgorithm } from "../object/_object_id.ts";
import { kindOfType, OFS_DELTA, REF_DELTA, TYPE_OF_KIND } from "../object/_object_kind.ts";
import { deltaSize, entryHeader, offsetDistance, parseEntryHeader } from "./_pack_format.ts";
import type { GitObjectType } from "../object/object.ts";

export type { GitHashAlgorithm, GitLooseHeader, GitObjectType };
export { GitObjectId };

/** What stands before the zlib stream of a pack entry. */
export type PackEntryHeader =
  | { readonly kind: "full"; readonly type: GitObjectType; readonly size: number }
  | { readonly kind: "ofs-delta"; readonly distance: number; readonly size: number }
  | { readonly kind: "ref-delta"; readonly base: GitObjectId; readonly size: number };

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
 * import { readGitPackEntryHeader } from "@sluice/gitdb/format";
 * import { assertEquals } from "@std/assert";
 *
 * const header = readGitPackEntryHeader(new Uint8Array([0x65, 0x80, 0x00]));
 * assertEquals(header, { kind: "ofs-delta", distance: 128, size: 5, length: 3 });
 * ```
 */
export function readGitPackEntryHeader(
  bytes: Uint8Array,
  hashAlgorithm: GitHashAlgorithm = "sha1",
): PackEntryHeader & { readonly length: number } {
  checkArgument(bytes instanceof Uint8Array, "read a header", bytes, "bytes");
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
 * import { encodeGitPackEntryHeader, GitObjectId } from "@sluice/gitdb/format";
 * import { assertEquals } from "@std/assert";
 *
 * const bytes = encodeGitPackEntryHeader({ kind: "ref-delta", base: GitObjectId.zero(), size: 3 });
 * assertEquals([bytes.length, bytes[0]], [21, 0x73]);
 * ```
 */
export function encodeGitPackEntryHeader(
  header: PackEntryHeader | { readonly kind?: "full"; readonly type: GitObjectType; readonly size: number },
): Uint8Array<ArrayBuffer> {
  checkArgument(typeof header === "object" && header !== null, "write a header", header, "a header");
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
 * import { decodeGitDeltaSize } from "@sluice/gitdb/format";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(decodeGitDeltaSize(new Uint8Array([0xac, 0x02, 0x90])), { size: 300, length: 2 });
 * ```
 */
export function decodeGitDeltaSize(bytes: Uint8Array): { readonly size: number; readonly length: number } {
  checkArgument(bytes instanceof Uint8Array, "read a header", bytes, "bytes");
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
 * import { encodeGitDeltaSize } from "@sluice/gitdb/format";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(encodeGitDeltaSize(300), new Uint8Array([0xac, 0x02]));
 * ```
 */
export function encodeGitDeltaSize(size: number): Uint8Array<ArrayBuffer> {
  checkSize(size);
  return new Uint8Array(deltaSize(size));
}

/**
 * Whether bytes look as a loose object begins: only the two bytes of a zlib header are judged.
 *
 * @example Not a zip file
 * ```ts
 * import { isGitLooseObject } from "@sluice/gitdb/format";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(isGitLooseObject(new Uint8Array([0x50, 0x4b])), false);
 * ```
 */
export function isGitLooseObject(bytes: Uint8Array): boolean {
  checkArgument(bytes instanceof Uint8Array, "read a header", bytes, "bytes");
  return looksLoose(bytes);
}

/**
 * The header inside a loose object; its first 128 bytes are enough.
 *
 * @throws {CorruptDataError} If that is no loose object.
 *
 * @example Type and size
 * ```ts
 * import { readGitLooseHeader } from "@sluice/gitdb/format";
 * import { assertEquals } from "@std/assert";
 *
 * const stream = new Blob(["blob 5\0hello"]).stream().pipeThrough(new CompressionStream("deflate"));
 * const encoded = await new Response(stream).bytes();
 * assertEquals(readGitLooseHeader(encoded), { type: "blob", size: 5, length: 7 });
 * ```
 */
export function readGitLooseHeader(encoded: Uint8Array): GitLooseHeader {
  checkArgument(encoded instanceof Uint8Array, "read a header", encoded, "bytes");
  return readLooseHeader(encoded, "a loose object");
}

/**
 * The header that stands before a body, before both are deflated and hashed.
 *
 * @example A blob
 * ```ts
 * import { encodeGitLooseHeader } from "@sluice/gitdb/format";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new TextDecoder().decode(encodeGitLooseHeader("blob", 5)), "blob 5\0");
 * ```
 */
export function encodeGitLooseHeader(type: GitObjectType, size: number): Uint8Array<ArrayBuffer> {
  kindOfType(type);
  checkSize(size);
  return looseHeader(type, size);
}
