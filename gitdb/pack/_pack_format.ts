/**
 * Wire form of packs (git's pack format document).
 */
import { concatBytes } from "@sluice/internal";
import { gitCrc32, GitHashKernel } from "../object/_codec.ts";
import { writeU32BE } from "../object/_big_endian.ts";
import { corrupt } from "../object/_errors.ts";
import { GitObjectId, HASH_SIZE } from "../object/_object_id.ts";
import type { GitHashAlgorithm } from "../object/_object_id.ts";
import { OFS_DELTA, REF_DELTA } from "../object/_object_kind.ts";
import { PackTable } from "./_pack_table.ts";

/** Bytes before the first entry. */
export const PACK_HEADER_SIZE = 12;
const PACK_SIGNATURE = 0x5041434b;

/** The header of a pack of version 2. */
export function packHeader(count: number): Uint8Array<ArrayBuffer> {
  const header = new Uint8Array(PACK_HEADER_SIZE);
  writeU32BE(header, 0, PACK_SIGNATURE);
  writeU32BE(header, 4, 2);
  writeU32BE(header, 8, count);
  return header;
}

/** Type and size before an entry. */
export function entryHeader(kind: number, size: number): number[] {
  const bytes: number[] = [];
  let byte = kind << 4 | size % 16;
  let rest = Math.floor(size / 16);
  while (rest > 0) {
    bytes.push(byte | 0x80);
    byte = rest % 128;
    rest = Math.floor(rest / 128);
  }
  bytes.push(byte);
  return bytes;
}

/** The longest header of an entry. */
export const ENTRY_HEADER_MAX = 9 + 32;

/** What stands before an entry's zlib stream. */
export interface EntryHeader {
  readonly kind: number;
  /** Inflated size of what follows. */
  readonly size: number;
  /** Bytes of the header. */
  readonly length: number;
  /** Of a delta that names its base by distance: how far in front it starts. */
  readonly distance: number | undefined;
  /** Of a delta that names its base by id. */
  readonly baseId: GitObjectId | undefined;
}

/**
 * Parses the header of the entry at `offset` of a pack.
 *
 * @throws {CorruptDataError} If it breaks the rules of its format or is cut off.
 */
export function parseEntryHeader(bytes: Uint8Array, offset: number, hashSize: number): EntryHeader {
  const fail = (state: string): Error => corrupt("the pack", state, "CORRUPT_PACK", offset);
  let at = 0;
  const next = (): number => {
    if (at >= bytes.length) throw fail("a header is cut off");
    return bytes[at++]!;
  };
  let byte = next();
  const kind = byte >> 4 & 7;
  let size = byte & 15;
  for (let factor = 16; byte & 0x80; factor *= 128) {
    byte = next();
    size += (byte & 127) * factor;
    if (at > 9 || size > Number.MAX_SAFE_INTEGER) throw fail("a size is too large");
  }
  if (kind === 0 || kind === 5) throw fail(`an entry has the type ${kind}`);
  let distance: number | undefined;
  let baseId: GitObjectId | undefined;
  if (kind === OFS_DELTA) {
    byte = next();
    distance = byte & 127;
    while (byte & 0x80) {
      byte = next();
      distance = (distance + 1) * 128 + (byte & 127);
      if (distance > Number.MAX_SAFE_INTEGER) throw fail("a distance is too large");
    }
    if (distance === 0) throw fail("a delta stands on itself");
  }
  if (kind === REF_DELTA) {
    if (bytes.length - at < hashSize) throw fail("a header is cut off");
    baseId = GitObjectId.from(bytes.slice(at, at + hashSize));
    at += hashSize;
  }
  return { kind, size, length: at, distance, baseId };
}

/** A size as deltas have it: base 128, the lowest group first. */
export function deltaSize(size: number): number[] {
  const bytes: number[] = [];
  let rest = size;
  while (rest >= 128) {
    bytes.push(rest % 128 | 0x80);
    rest = Math.floor(rest / 128);
  }
  return [...bytes, rest];
}

/** The distance to a base: highest group first, one added for each byte that follows. */
export function offsetDistance(distance: number): number[] {
  const bytes = [distance % 128];
  let rest = Math.floor(distance / 128);
  while (rest > 0) {
    rest--;
    bytes.unshift(0x80 | rest % 128);
    rest = Math.floor(rest / 128);
  }
  return bytes;
}

/** Takes a pack's bytes, in order. */
export type ByteSink = (bytes: Uint8Array<ArrayBuffer>) => void;

/** Writes a pack entry by entry and keeps what its index needs. */
export class PackOutput implements Disposable {
  readonly table: PackTable;
  readonly #hash: GitHashKernel;
  readonly #sink: ByteSink;
  #offset = 0;

  constructor(algorithm: GitHashAlgorithm, count: number, sink: ByteSink) {
    this.table = new PackTable(algorithm);
    this.#hash = new GitHashKernel(HASH_SIZE[algorithm]);
    this.#sink = sink;
    this.#put(packHeader(count));
  }

  #put(bytes: Uint8Array<ArrayBuffer>): void {
    this.#hash.update(bytes);
    this.#sink(bytes);
    this.#offset += bytes.length;
  }

  /** Writes one entry; `base` is the offset or the id of what a delta stands on. Returns its offset. */
  entry(
    id: GitObjectId,
    kind: number,
    size: number,
    base: number | GitObjectId | undefined,
    stream: Uint8Array<ArrayBuffer>,
  ): number {
    const offset = this.#offset;
    const header = base === undefined
      ? new Uint8Array(entryHeader(kind, size))
      : typeof base === "number"
      ? new Uint8Array([...entryHeader(OFS_DELTA, size), ...offsetDistance(offset - base)])
      : new Uint8Array([...entryHeader(REF_DELTA, size), ...base.bytes]);
    const whole = concatBytes([header, stream]);
    this.#put(whole);
    this.table.push(id, offset, gitCrc32(whole));
    return offset;
  }

  /** Writes the checksum and returns it. */
  finish(): Uint8Array<ArrayBuffer> {
    const checksum = this.#hash.digest();
    this.#sink(checksum.slice());
    return checksum;
  }

  [Symbol.dispose](): void {
    this.#hash.close();
  }
}
