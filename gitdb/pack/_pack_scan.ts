/**
 * Walking a pack without an index: where its entries start and end is found out by inflating them.
 */
import type { ByteSource } from "@sluice/internal";
import { gitCrc32, GitHashKernel, GitInflaterKernel, RESULT } from "../object/_codec.ts";
import { readU32BE } from "../object/_big_endian.ts";
import { corrupt, overLimit } from "../object/_errors.ts";
import { HASH_SIZE } from "../object/_object_id.ts";
import type { GitHashAlgorithm, GitObjectId } from "../object/_object_id.ts";
import { ENTRY_HEADER_MAX, parseEntryHeader } from "./_pack_format.ts";

/** An entry as the walk found it. */
export interface ScannedEntry {
  readonly offset: number;
  readonly kind: number;
  readonly size: number;
  readonly crc: number;
  /** The id that a delta names as its base. */
  readonly baseId: GitObjectId | undefined;
}

const SIGNATURE = 0x5041434b;
const WINDOW = 1 << 20;

function fail(state: string, offset: number): Error {
  return corrupt("the pack", state, "CORRUPT_PACK", offset);
}

/** Limits of a walk. */
export interface ScanLimits {
  readonly maxObjects: number;
  readonly maxObjectSize: number;
}

/**
 * All entries of a pack, whose checksum is compared on the way.
 *
 * @throws {CorruptDataError} If the pack breaks the rules of its format.
 */
export async function scanPack(
  source: ByteSource,
  algorithm: GitHashAlgorithm,
  limits: ScanLimits,
): Promise<{ entries: ScannedEntry[]; checksum: Uint8Array }> {
  const hashSize = HASH_SIZE[algorithm];
  const end = source.size - hashSize;
  if (end < 12) throw fail(`it has ${source.size} bytes`, source.size);
  const head = await source.read(0, 12);
  const version = readU32BE(head, 4);
  if (readU32BE(head, 0) !== SIGNATURE) throw fail("it does not start as packs do", 0);
  if (version !== 2 && version !== 3) throw fail(`its version is ${version}, expected 2 or 3`, 4);
  const count = readU32BE(head, 8);
  if (count > limits.maxObjects) throw overLimit("the pack", count, limits.maxObjects, "objects");
  if (count > source.size / 3) throw fail(`it says that it has ${count} objects`, 8);
  const entries: ScannedEntry[] = [];
  let window = new Uint8Array();
  let windowAt = 0;
  /** Bytes from `offset` on: at least `least` where the pack has them. */
  const bytesAt = async (offset: number, least: number): Promise<Uint8Array> => {
    if (offset < windowAt || offset + Math.min(least, end - offset) > windowAt + window.length) {
      windowAt = offset;
      window = await source.read(offset, Math.min(WINDOW, end - offset)) as Uint8Array<ArrayBuffer>;
    }
    return window.subarray(offset - windowAt);
  };
  const discarded = new Uint8Array(WINDOW);
  let at = 12;
  for (let i = 0; i < count; i++) {
    if (at >= end) throw fail(`it ends after ${i} of ${count} objects`, at);
    const header = parseEntryHeader(await bytesAt(at, ENTRY_HEADER_MAX), at, hashSize);
    if (header.size > limits.maxObjectSize) {
      throw overLimit(`the entry at byte ${at} of the pack`, header.size, limits.maxObjectSize, "bytes");
    }
    const offset = at;
    const inflater = new GitInflaterKernel();
    let made = 0;
    let stop = offset + header.length;
    try {
      const start = stop;
      for (let result: number = RESULT.OK; result !== RESULT.FRAME_END;) {
        const input = stop < end ? await bytesAt(stop, 1) : new Uint8Array();
        result = inflater.step(input, 0, discarded, 0);
        if (result < 0) throw fail("a stream is corrupt", stop);
        made += inflater.produced;
        if (made > header.size) throw fail("an object is longer than its header says", offset);
        if (inflater.produced === 0 && inflater.consumed === 0 && result !== RESULT.FRAME_END) {
          throw fail("a stream ends too early", stop);
        }
        stop = start + inflater.totalIn;
      }
    } finally {
      inflater.close();
    }
    if (made !== header.size) throw fail("an object is shorter than its header says", offset);
    let crc = 0;
    for (let part = offset; part < stop;) {
      const bytes = (await bytesAt(part, 1)).subarray(0, stop - part);
      crc = gitCrc32(bytes, crc);
      part += bytes.length;
    }
    entries.push({ offset, kind: header.kind, size: header.size, crc, baseId: header.baseId });
    at = stop;
  }
  if (at !== end) throw fail(`${end - at} bytes follow its last object`, at);
  const checksum = await source.read(end, hashSize);
  const digest = await hashFront(source, end, hashSize);
  if (digest.some((byte, i) => byte !== checksum[i])) throw fail("its checksum is wrong", end);
  return { entries, checksum };
}

async function hashFront(source: ByteSource, end: number, hashSize: number): Promise<Uint8Array> {
  const hash = new GitHashKernel(hashSize);
  try {
    for (let at = 0; at < end; at += WINDOW) hash.update(await source.read(at, Math.min(WINDOW, end - at)));
    return hash.digest();
  } finally {
    hash.close();
  }
}
