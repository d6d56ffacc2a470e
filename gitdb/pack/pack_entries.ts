/**
 * The entries of a pack one after the other, without an index.
 *
 * @module
 */
import { checkInteger, checkKeys, openByteSource } from "@sluice/internal";
import type { ByteSource, ByteSourceLike } from "@sluice/internal";
import { gitInflate, GitInflaterKernel, RESULT } from "../object/_codec.ts";
import { readU32BE } from "../object/_big_endian.ts";
import { corrupt, overLimit } from "../object/_errors.ts";
import { HASH_SIZE } from "../object/_object_id.ts";
import { OFS_DELTA, REF_DELTA, TYPE_OF_KIND } from "../object/_object_kind.ts";
import type { GitHashAlgorithm } from "../object/object_id.ts";
import { ENTRY_HEADER_MAX, PACK_HEADER_SIZE, parseEntryHeader } from "./_pack_format.ts";
import type { EntryHeader } from "./_pack_format.ts";
import type { PackEntry } from "./pack.ts";

/** Where {@linkcode streamGitPackEntries} starts, and what it refuses. */
export interface GitPackEntriesOptions {
  /** The offset of the first entry to return. @default {12, the first one} */
  readonly offset?: number | undefined;
  /** The hash of the ids. @default {"sha1"} */
  readonly hashAlgorithm?: GitHashAlgorithm | undefined;
  /** The largest entry, in bytes, which is held in memory. @default {268435456} */
  readonly maxObjectSize?: number | undefined;
  /** Gives the walk up. */
  readonly signal?: AbortSignal | undefined;
}

const OPTIONS: ReadonlySet<string> = new Set<keyof GitPackEntriesOptions>([
  "offset",
  "hashAlgorithm",
  "maxObjectSize",
  "signal",
]);
const SIGNATURE = 0x5041434b;
const WINDOW = 1 << 20;
const ENTRY_MAX = 256 << 20;
/** Deflate expands no byte to more than this. */
const RATIO_MAX = 1032;

function fail(state: string, offset: number): Error {
  return corrupt("the pack", state, "CORRUPT_PACK", offset);
}

/**
 * The entries of a pack from an offset to its end, each inflated and none resolved: deltas come as deltas. The pack needs
 * no index. Its checksum is not compared; {@linkcode buildGitPackIndex} does that.
 *
 * @throws {CorruptDataError} If the pack breaks the rules of its format.
 * @throws {LimitExceededError} If an entry is larger than allowed.
 *
 * @example The kinds of all entries
 * ```ts
 * import { PackWriter, streamGitPackEntries } from "@sluice/gitdb";
 * import { assertEquals } from "@std/assert";
 *
 * const writer = new PackWriter();
 * for (const body of ["one", "three"]) await writer.add({ type: "blob", body });
 * const { pack } = await writer.finish();
 * const entries = await Array.fromAsync(streamGitPackEntries(pack));
 * assertEquals(entries.map(({ kind, size }) => [kind, size]), [["full", 5], ["full", 3]]);
 * const [last] = await Array.fromAsync(streamGitPackEntries(pack, { offset: entries[1]!.offset }));
 * assertEquals(new TextDecoder().decode(last!.raw), "one");
 * ```
 */
export function streamGitPackEntries(
  data: ByteSourceLike,
  options: GitPackEntriesOptions = {},
): AsyncGenerator<PackEntry, void, undefined> {
  checkKeys(options, OPTIONS);
  const { offset = PACK_HEADER_SIZE, hashAlgorithm = "sha1", signal } = options;
  checkInteger("offset", offset, PACK_HEADER_SIZE, Number.MAX_SAFE_INTEGER);
  const maxObjectSize = options.maxObjectSize ?? ENTRY_MAX;
  return walk(openByteSource(data), { offset, hashSize: HASH_SIZE[hashAlgorithm], maxObjectSize, signal });
}

async function* walk(
  opening: Promise<ByteSource>,
  { offset, hashSize, maxObjectSize, signal }: {
    readonly offset: number;
    readonly hashSize: number;
    readonly maxObjectSize: number;
    readonly signal: AbortSignal | undefined;
  },
): AsyncGenerator<PackEntry, void, undefined> {
  const pieces = new Pieces(await opening, hashSize, signal);
  await pieces.checkHeader();
  for (let at = offset; at < pieces.end;) {
    signal?.throwIfAborted();
    const header = parseEntryHeader(await pieces.from(at, ENTRY_HEADER_MAX), at, hashSize);
    const { size, length, distance, baseId, kind } = header;
    if (size > maxObjectSize) {
      throw overLimit(`the entry at byte ${at} of the pack`, size, maxObjectSize, "bytes");
    }
    if (distance !== undefined && at - distance < PACK_HEADER_SIZE) throw fail("a delta has no base", at);
    const dataOffset = at + length;
    const { raw, stop } = await inflate(pieces, dataOffset, header);
    yield {
      kind: kind === REF_DELTA ? "ref-delta" : kind === OFS_DELTA ? "ofs-delta" : "full",
      type: TYPE_OF_KIND[kind],
      offset: at,
      dataOffset,
      size,
      base: distance === undefined ? baseId : at - distance,
      raw,
    };
    at = stop;
  }
}

/** Windows of a pack. */
class Pieces {
  readonly #source: ByteSource;
  readonly #signal: AbortSignal | undefined;
  /** Where its entries end. */
  readonly end: number;
  #window: Uint8Array = new Uint8Array();
  #start = 0;

  constructor(source: ByteSource, hashSize: number, signal: AbortSignal | undefined) {
    this.#source = source;
    this.#signal = signal;
    this.end = source.size - hashSize;
  }

  async checkHeader(): Promise<void> {
    if (this.end < PACK_HEADER_SIZE) throw fail(`it has ${this.#source.size} bytes`, this.#source.size);
    const head = await this.from(0, PACK_HEADER_SIZE);
    const version = readU32BE(head, 4);
    if (readU32BE(head, 0) !== SIGNATURE) throw fail("it does not start as packs do", 0);
    if (version !== 2 && version !== 3) throw fail(`its version is ${version}, expected 2 or 3`, 4);
  }

  /** Bytes from `offset` on: at least `least`, where there are so many before the end. */
  async from(offset: number, least: number): Promise<Uint8Array> {
    const needed = Math.min(offset + least, this.end);
    if (offset < this.#start || needed > this.#start + this.#window.length) {
      const length = Math.min(Math.max(WINDOW, least), this.end - offset);
      this.#window = await this.#source.read(offset, length, { signal: this.#signal });
      this.#start = offset;
    }
    return this.#window.subarray(offset - this.#start);
  }
}

/** The content of the stream at an offset, and where it stops. */
async function inflate(
  pieces: Pieces,
  offset: number,
  { size }: EntryHeader,
): Promise<{ raw: Uint8Array<ArrayBuffer>; stop: number }> {
  if (size / RATIO_MAX > pieces.end - offset + 16) throw fail("a stream ends too early", pieces.end);
  const raw = new Uint8Array(size);
  // Most streams are shorter than a window.
  const length = gitInflate(await pieces.from(offset, Math.min(WINDOW, size + 64)), raw);
  if (length >= 0) return { raw, stop: offset + length };
  const inflater = new GitInflaterKernel();
  // What does not fit tells of an entry that is longer than its header says.
  const excess = new Uint8Array(1);
  let made = 0;
  let at = offset;
  try {
    for (let result: number = RESULT.OK; result !== RESULT.FRAME_END;) {
      const input = at < pieces.end ? await pieces.from(at, 1) : new Uint8Array();
      const target = made < size ? raw : excess;
      result = inflater.step(input, 0, target, made < size ? made : 0);
      if (result < 0) throw fail("a stream is corrupt", at);
      if (target === excess && inflater.produced > 0) {
        throw fail("an object is longer than its header says", offset);
      }
      if (inflater.produced === 0 && inflater.consumed === 0 && result !== RESULT.FRAME_END) {
        throw fail("a stream ends too early", at);
      }
      made += inflater.produced;
      at = offset + inflater.totalIn;
    }
  } finally {
    inflater.close();
  }
  if (made < size) throw fail("an object is shorter than its header says", offset);
  return { raw, stop: at };
}
