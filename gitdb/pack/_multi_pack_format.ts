/**
 * The header of a multi-pack index (git's pack format, "multi-pack-index (MIDX) files"): where its tables lie, checked.
 */
import type { ByteSource } from "@sluice/internal";
import { readU32BE, readU64BE } from "../object/_big_endian.ts";
import { corrupt } from "../object/_errors.ts";
import { HASH_SIZE } from "../object/_object_id.ts";
import type { GitHashAlgorithm } from "../object/_object_id.ts";
import type { GitIndexLayout } from "./_pack_engine.ts";

/** First bytes: "MIDX". */
export const MIDX_SIGNATURE = 0x4d494458;
/** Names of its chunks. */
export const MIDX_CHUNK = {
  NAMES: 0x504e414d,
  FANOUT: 0x4f494446,
  IDS: 0x4f49444c,
  OFFSETS: 0x4f4f4646,
  LARGE: 0x4c4f4646,
} as const;

const HEADER = 12;
const ROW = 12;
const FANOUT_SIZE = 1024;
const NAMES_SIZE_MAX = 64 << 20;

/** What a header tells. */
export interface MultiPackHeader {
  readonly version: number;
  readonly count: number;
  /** Ids up to each first byte. */
  readonly fanout: Uint32Array;
  /** Names of the indexes of its packs. */
  readonly packs: readonly string[];
  readonly layout: GitIndexLayout;
}

/** The error for a multi-pack index that breaks the rules. */
export function corruptMultiPack(state: string, offset: number): Error {
  return corrupt("a multi-pack index", state, "CORRUPT_INDEX", offset);
}

/**
 * Reads and checks a header. A layer of an incremental index may stand on others.
 *
 * @throws {CorruptDataError} If it breaks the rules of its format.
 */
export async function readMultiPackHeader(
  source: ByteSource,
  algorithm: GitHashAlgorithm,
  options: { readonly isLayer?: boolean | undefined } = {},
): Promise<MultiPackHeader> {
  const hashSize = HASH_SIZE[algorithm];
  const end = source.size - hashSize;
  if (end < HEADER) throw corruptMultiPack(`it has ${source.size} bytes`, source.size);
  const head = await source.read(0, HEADER);
  if (readU32BE(head, 0) !== MIDX_SIGNATURE) throw corruptMultiPack("it does not start as one", 0);
  const version = head[4]!;
  if (version !== 1 && version !== 2) throw corruptMultiPack(`its version is ${version}`, 4);
  if (head[5] !== (algorithm === "sha1" ? 1 : 2)) throw corruptMultiPack("its ids have another hash", 5);
  if (head[7] !== 0 && options.isLayer !== true) throw corruptMultiPack("it stands on others", 7);
  const chunks = await readChunks(source, head[6]!, end);
  const chunk = (id: number, name: string, size?: number): ChunkPlace => {
    const found = chunks.get(id);
    if (found === undefined) throw corruptMultiPack(`it has no chunk ${name}`, HEADER);
    if (size !== undefined && found.size !== size) {
      throw corruptMultiPack(`its chunk ${name} has ${found.size} bytes, expected ${size}`, found.start);
    }
    return found;
  };
  const fanoutPlace = chunk(MIDX_CHUNK.FANOUT, "OIDF", FANOUT_SIZE);
  const fanout = await readFanout(source, fanoutPlace.start);
  const count = fanout[255]!;
  const ids = chunk(MIDX_CHUNK.IDS, "OIDL", count * hashSize);
  const offsets = chunk(MIDX_CHUNK.OFFSETS, "OOFF", count * 8);
  const large = chunks.get(MIDX_CHUNK.LARGE);
  return {
    version,
    count,
    fanout,
    packs: await readNames(source, chunk(MIDX_CHUNK.NAMES, "PNAM"), readU32BE(head, 8), version),
    layout: {
      fanoutPos: fanoutPlace.start,
      idsPos: ids.start,
      idsStride: hashSize,
      offsetsPos: offsets.start,
      offsetsStride: 8,
      largePos: large?.start ?? 0,
      largeCount: large === undefined ? 0 : Math.floor(large.size / 8),
      multi: true,
      largeBit: large !== undefined,
    },
  };
}

interface ChunkPlace {
  readonly start: number;
  readonly size: number;
}

async function readChunks(source: ByteSource, count: number, end: number): Promise<Map<number, ChunkPlace>> {
  const tableEnd = HEADER + (count + 1) * ROW;
  if (tableEnd > end) throw corruptMultiPack("its table of chunks is cut off", HEADER);
  const table = await source.read(HEADER, tableEnd - HEADER);
  const chunks = new Map<number, ChunkPlace>();
  for (let i = 0; i < count; i++) {
    const start = readU64BE(table, i * ROW + 4);
    const next = readU64BE(table, i * ROW + ROW + 4);
    const at = HEADER + i * ROW;
    if (start < tableEnd || next < start || next > end) {
      throw corruptMultiPack("a chunk lies outside of it", at);
    }
    const id = readU32BE(table, i * ROW);
    if (chunks.has(id)) throw corruptMultiPack("it has a chunk twice", at);
    chunks.set(id, { start, size: next - start });
  }
  return chunks;
}

async function readFanout(source: ByteSource, start: number): Promise<Uint32Array> {
  const bytes = await source.read(start, FANOUT_SIZE);
  const fanout = new Uint32Array(256);
  for (let i = 0; i < 256; i++) {
    fanout[i] = readU32BE(bytes, i * 4);
    if (i > 0 && fanout[i]! < fanout[i - 1]!) throw corruptMultiPack("its fan-out falls", start + i * 4);
  }
  return fanout;
}

async function readNames(
  source: ByteSource,
  place: ChunkPlace,
  count: number,
  version: number,
): Promise<string[]> {
  if (place.size > NAMES_SIZE_MAX) {
    throw corruptMultiPack(`its names have ${place.size} bytes`, place.start);
  }
  const names = new TextDecoder().decode(await source.read(place.start, place.size)).split("\0");
  if (names.length <= count) {
    throw corruptMultiPack(`it has fewer than ${count} names of packs`, place.start);
  }
  const packs = names.slice(0, count);
  for (const [i, name] of packs.entries()) {
    if (name === "" || name === ".." || /[/\\]/.test(name)) {
      throw corruptMultiPack("a name of a pack is none", place.start);
    }
    if (version === 1 && i > 0 && packs[i - 1]! >= name) {
      throw corruptMultiPack("its names are not sorted", place.start);
    }
  }
  return packs;
}
