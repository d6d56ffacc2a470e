/**
 * What an index says of a file, and how it is stored: an index of ours (.pdx), read and written; control files of zsync and
 * indexes of casync (.caibx), read.
 */
import { hashOnce } from "../kernel/hash.ts";
import { byteString, concatBytes, readU16, readU32, readU64, writeU32 } from "@sluice/internal";
import { failure } from "../file/_errors.ts";
import { readSafe, writeSafe } from "../file/_frames.ts";
import { hashOf } from "../file/_hash_registry.ts";
import type { HashSpec } from "../file/_hash_registry.ts";
import { isSameDigest } from "../file/_digest.ts";

/** A file as a list of chunks with digests. */
export interface IndexModel {
  readonly format: "pdx" | "zsync" | "caibx";
  readonly size: number;
  /** Bytes of each block but the last; undefined where chunks follow the content. */
  readonly blockSize: number | undefined;
  /** The average size that chunks were cut with, where that is how our chunker does it. */
  readonly average: number | undefined;
  readonly hash: HashSpec;
  /** Bytes of each digest that are stored: they may be cut. */
  readonly digestSize: number;
  readonly count: number;
  /** Where each chunk starts, and the size at the end. */
  readonly offsets: Float64Array;
  readonly digests: Uint8Array;
  /** Whether the last block was filled up with zeros before it was hashed. */
  readonly padded: boolean;
  /** SHA-1 of the whole file, in hex, where that is known. */
  readonly sha1: string | undefined;
  /** Where the file is, relative to the index, where that is said. */
  readonly url: string | undefined;
}

/** The chunk that a position lies in. */
export function chunkAt({ offsets, count }: IndexModel, position: number): number {
  let [low, high] = [0, count];
  while (low + 1 < high) {
    const middle = (low + high) >> 1;
    if (offsets[middle]! <= position) low = middle;
    else high = middle;
  }
  return low;
}

const MAGIC = new Uint8Array([0x50, 0x44, 0x58, 0x31, 0x0d, 0x0a, 0x1a, 0x00]);
const HEADER_SIZE = 96;
const TRAILER_SIZE = 32;
const VERSION = 1;
const BLOCK_MIN = 512;
const BLOCK_MAX = 64 << 20;
/** Hashes that an index may be made with, by their numbers there. */
const INDEX_HASHES: readonly string[] = ["blake3", "sha256", "xxh3-128", "sha512_256", "sha1"];

function corrupt(state: string): Error {
  return failure("CORRUPT", `Cannot read the index: ${state}`);
}

function blake3(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return hashOnce(bytes, hashOf("blake3"), undefined);
}

/** What a new index is made of. */
export interface IndexParts {
  readonly size: number;
  readonly blockSize: number | undefined;
  readonly average: number | undefined;
  readonly hash: HashSpec;
  /** Sizes of chunks; not used for blocks. */
  readonly lengths: readonly Uint32Array[];
  readonly digests: readonly Uint8Array<ArrayBuffer>[];
}

/** Writes an index. */
export function writePdx(parts: IndexParts): Uint8Array<ArrayBuffer> {
  const { size, blockSize, average, hash } = parts;
  const digests = concatBytes([new Uint8Array(), ...parts.digests]);
  const count = digests.length / hash.digestSize;
  const header = new Uint8Array(HEADER_SIZE);
  header.set(MAGIC);
  header[8] = VERSION;
  header[10] = blockSize === undefined ? 1 : 0;
  header[11] = INDEX_HASHES.indexOf(hash.name);
  header[12] = hash.digestSize;
  writeSafe(header, 16, size);
  writeU32(header, 24, blockSize ?? average!);
  writeU32(header, 28, blockSize ?? average! / 4);
  writeU32(header, 32, blockSize ?? average! * 4);
  writeSafe(header, 40, count);
  header.set(blake3(digests), 48);
  let body = digests;
  if (blockSize === undefined) {
    body = new Uint8Array(count * (4 + hash.digestSize));
    let index = 0;
    for (const lengths of parts.lengths) {
      for (const length of lengths) {
        const at = index * (4 + hash.digestSize);
        writeU32(body, at, length);
        body.set(digests.subarray(index * hash.digestSize, (index + 1) * hash.digestSize), at + 4);
        index++;
      }
    }
  }
  const content = concatBytes([header, body]);
  return concatBytes([content, blake3(content)]);
}

/** Reads an index of any of the three kinds. */
export function readIndex(bytes: Uint8Array): IndexModel {
  if (bytes.length >= MAGIC.length && isSameDigest(bytes.subarray(0, MAGIC.length), MAGIC)) {
    return readPdx(bytes);
  }
  if (bytes.length >= 16 && readU64(bytes, 0) === 48n) return readCaibx(bytes);
  if (new TextDecoder().decode(bytes.subarray(0, 7)) === "zsync: ") return readZsync(bytes);
  throw corrupt("it is neither an index of ours nor one of zsync or casync");
}

function readPdx(bytes: Uint8Array): IndexModel {
  if (bytes.length < HEADER_SIZE + TRAILER_SIZE) throw corrupt("it is cut off");
  const end = bytes.length - TRAILER_SIZE;
  if (!isSameDigest(blake3(bytes.subarray(0, end)), bytes.subarray(end))) {
    throw corrupt("it does not match its checksum");
  }
  if (readU16(bytes, 8) !== VERSION) {
    throw corrupt(`its version is ${readU16(bytes, 8)}, expected ${VERSION}`);
  }
  const kind = bytes[10]!;
  const name = INDEX_HASHES[bytes[11]!];
  if (kind > 1 || name === undefined || bytes[13] !== 0 || readU16(bytes, 14) !== 0) {
    throw corrupt("it asks for something that is not known");
  }
  const hash = hashOf(name);
  const [size, count, extra] = [readSafe(bytes, 16), readSafe(bytes, 40), readU32(bytes, 36)];
  const average = readU32(bytes, 24);
  const entrySize = hash.digestSize + (kind === 1 ? 4 : 0);
  const start = HEADER_SIZE + extra;
  const fits = bytes[12] === hash.digestSize && Number.isSafeInteger(size) && Number.isSafeInteger(count) &&
    average >= BLOCK_MIN && average <= BLOCK_MAX && start + count * entrySize === end;
  if (!fits) throw corrupt("its numbers do not fit");
  const offsets = new Float64Array(count + 1);
  let digests = bytes.subarray(start, end);
  if (kind === 0) {
    if (count !== Math.ceil(size / average)) throw corrupt("it has the wrong number of blocks");
    for (let i = 0; i <= count; i++) offsets[i] = Math.min(size, i * average);
  } else {
    const packed = digests;
    digests = new Uint8Array(count * hash.digestSize);
    for (let i = 0; i < count; i++) {
      const at = i * entrySize;
      const length = readU32(packed, at);
      if (length === 0 || length > 4 * average) throw corrupt(`chunk ${i} has ${length} bytes`);
      offsets[i + 1] = offsets[i]! + length;
      digests.set(packed.subarray(at + 4, at + entrySize), i * hash.digestSize);
    }
    if (offsets[count] !== size) throw corrupt(`its chunks have ${offsets[count]} bytes, expected ${size}`);
  }
  const facts = { format: "pdx", size, hash, digestSize: hash.digestSize, count, offsets, digests } as const;
  const plain = { padded: false, sha1: undefined, url: undefined };
  return {
    ...facts,
    ...plain,
    ...kind === 0 ? { blockSize: average, average: undefined } : { blockSize: undefined, average },
  };
}

const CAIBX_INDEX = 0x96824d9c7b129ff9n;
const CAIBX_TABLE = 0xe75b9e112f17417dn;
const CAIBX_MARKER = 0x4b4f050e5549ecd1n;
const CAIBX_HASH_FLAG = 0x2000000000000000n;
const CAIBX_CHUNK_MAX = 256 << 20;

function readCaibx(bytes: Uint8Array): IndexModel {
  const start = 48 + 16;
  const tail = bytes.length - 40;
  const count = (tail - start) / 40;
  const shaped = Number.isInteger(count) && count >= 0 && readU64(bytes, 8) === CAIBX_INDEX &&
    readU64(bytes, 48) === 2n ** 64n - 1n && readU64(bytes, 56) === CAIBX_TABLE &&
    readU64(bytes, tail) === 0n && readU64(bytes, tail + 8) === 0n && readU64(bytes, tail + 16) === 48n &&
    readU64(bytes, tail + 24) === BigInt(bytes.length - 48) && readU64(bytes, tail + 32) === CAIBX_MARKER;
  if (!shaped) throw corrupt("it is no index of casync, or cut off");
  const offsets = new Float64Array(count + 1);
  const digests = new Uint8Array(count * 32);
  for (let i = 0; i < count; i++) {
    const at = start + 40 * i;
    offsets[i + 1] = readSafe(bytes, at);
    const length = offsets[i + 1]! - offsets[i]!;
    if (!(length > 0 && length <= CAIBX_CHUNK_MAX)) {
      throw corrupt(`chunk ${i} does not follow the one before`);
    }
    digests.set(bytes.subarray(at + 8, at + 40), 32 * i);
  }
  const hash = hashOf((readU64(bytes, 16) & CAIBX_HASH_FLAG) === 0n ? "sha256" : "sha512_256");
  const facts = {
    format: "caibx",
    hash,
    digestSize: 32,
    count,
    offsets,
    digests,
    size: offsets[count]!,
  } as const;
  return {
    ...facts,
    blockSize: undefined,
    average: undefined,
    padded: false,
    sha1: undefined,
    url: undefined,
  };
}

const ZSYNC_HEADER_MAX = 65_536;

function readZsync(bytes: Uint8Array): IndexModel {
  const text = byteString(bytes.subarray(0, ZSYNC_HEADER_MAX));
  const end = text.indexOf("\n\n");
  if (end < 0) throw corrupt("its header does not end");
  const fields = new Map(
    text.slice(0, end).split("\n").map((line) => {
      const colon = line.indexOf(": ");
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 2)] as const;
    }),
  );
  const whole = (name: string, max: number): number => {
    const value = /^\d{1,16}$/.test(fields.get(name) ?? "") ? Number(fields.get(name)) : NaN;
    if (!(value <= max)) throw corrupt(`its field ${name} is ${fields.get(name)}`);
    return value;
  };
  const size = whole("length", Number.MAX_SAFE_INTEGER);
  const blockSize = whole("blocksize", BLOCK_MAX);
  const lengths = /^([12]),([1-4]),(\d{1,2})$/.exec(fields.get("hash-lengths") ?? "");
  const digestSize = Number(lengths?.[3]);
  if (lengths === null || digestSize < 3 || digestSize > 16 || blockSize < BLOCK_MIN) {
    throw corrupt("its numbers do not fit");
  }
  if (fields.has("z-map2")) throw failure("UNSUPPORTED", "Cannot read the index: it is of a compressed file");
  const weakSize = Number(lengths[2]);
  const count = Math.ceil(size / blockSize);
  if (bytes.length - (end + 2) !== count * (weakSize + digestSize)) {
    throw corrupt("it has the wrong number of blocks");
  }
  const offsets = Float64Array.from({ length: count + 1 }, (_, index) => Math.min(size, index * blockSize));
  const digests = new Uint8Array(count * digestSize);
  for (let i = 0; i < count; i++) {
    const at = end + 2 + i * (weakSize + digestSize) + weakSize;
    digests.set(bytes.subarray(at, at + digestSize), i * digestSize);
  }
  const sha1 = fields.get("sha-1");
  return {
    format: "zsync",
    size,
    blockSize,
    average: undefined,
    hash: hashOf("md4"),
    digestSize,
    count,
    offsets,
    digests,
    padded: true,
    sha1: sha1 !== undefined && /^[0-9a-f]{40}$/.test(sha1) ? sha1 : undefined,
    url: fields.get("url"),
  };
}
