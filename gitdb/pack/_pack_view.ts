/**
 * One pack of a store: access by offset, and checking.
 */
import { CorruptDataError } from "@sluice/internal";
import { deltaSizes, gitCrc32, GitHashKernel, RESULT } from "../object/_codec.ts";
import { hashObjectBody } from "../object/_object_hash.ts";
import { collect } from "../object/_collect.ts";
import { corrupt, tooLarge, unsupported } from "../object/_errors.ts";
import { GitObjectId as Id, HASH_SIZE } from "../object/_object_id.ts";
import type { GitHashAlgorithm, GitObjectId } from "../object/_object_id.ts";
import { OFS_DELTA, TYPE_OF_KIND } from "../object/_object_kind.ts";
import { EntryReads } from "./_entry_reads.ts";
import type { PackEngine } from "./_pack_engine.ts";
import { packObject } from "./_pack_object.ts";
import type { PackUnit } from "./_pack_unit.ts";
import { WHOLE_OBJECT_MAX } from "../object/_stored_object.ts";
import { hasReverseChecksum, readReverseIndex } from "./_reverse_index.ts";
import type { GitObject } from "../object/object.ts";
import type {
  GitPack,
  GitVerifyObjectOptions,
  GitVerifyPackOptions,
  PackEntry,
  PackEntryInfo,
  PackFinding,
  PackListEntry,
} from "./pack.ts";
import type { PackIndex, PackIndexEntry } from "./pack_index.ts";

const CHUNK = 1 << 20;
/** Deflate expands no byte to more than this. */
const DEFLATE_RATIO_MAX = 1032;

/** A pack inside an engine. */
export class PackView implements GitPack {
  readonly name: string;
  readonly index: PackIndex;
  readonly #engine: PackEngine;
  readonly #reads: EntryReads;
  readonly #unit: PackUnit;
  readonly #algorithm: GitHashAlgorithm;

  constructor(engine: PackEngine, unit: PackUnit, algorithm: GitHashAlgorithm) {
    this.#engine = engine;
    this.#reads = new EntryReads(engine, unit.packNumber, algorithm);
    this.#unit = unit;
    this.#algorithm = algorithm;
    this.name = unit.name;
    this.index = unit.index;
  }

  get count(): number {
    return this.index.count;
  }

  get size(): number {
    return this.#unit.files.pack.source.size;
  }

  async checksum(): Promise<Uint8Array> {
    const size = HASH_SIZE[this.#algorithm];
    return await this.#unit.files.pack.source.read(this.size - size, size);
  }

  async bytesAt(offset: number, length: number): Promise<Uint8Array> {
    return await this.#unit.files.pack.source.read(offset, length);
  }

  async infoAt(offset: number): Promise<PackEntryInfo> {
    const { kernel } = this.#engine;
    while (true) {
      const entry = kernel.entry(this.#unit.packNumber, offset);
      if (entry === RESULT.NEEDS_BYTES) await this.#engine.supply(this.#engine.kernel);
      else if (typeof entry === "number") throw kernel.error(entry, `read the pack "${this.name}"`, offset);
      else {
        const { kind, size, data, baseOffset, baseId } = entry;
        return {
          kind: baseId !== undefined ? "ref-delta" : kind === OFS_DELTA ? "ofs-delta" : "full",
          type: TYPE_OF_KIND[kind],
          offset,
          dataOffset: data,
          size,
          base: baseId !== undefined ? Id.from(baseId) : kind === OFS_DELTA ? baseOffset : undefined,
        };
      }
    }
  }

  async entryAt(offset: number): Promise<PackEntry> {
    const info = await this.infoAt(offset);
    if (info.size > WHOLE_OBJECT_MAX) throw tooLarge("an entry", info.size, WHOLE_OBJECT_MAX);
    if (info.size / DEFLATE_RATIO_MAX > this.size) {
      throw corrupt(
        `the pack "${this.name}"`,
        `an entry says that it has ${info.size} bytes`,
        "CORRUPT",
        offset,
      );
    }
    const raw = new Uint8Array(info.size);
    const result = await this.#engine.settle(() =>
      this.#engine.kernel.inflate(this.#unit.packNumber, offset, raw)
    );
    if (result !== RESULT.OK) {
      throw this.#engine.kernel.error(result, `read the pack "${this.name}"`, offset);
    }
    return { ...info, raw };
  }

  async chainAt(offset: number): Promise<PackEntryInfo[]> {
    const chain: PackEntryInfo[] = [];
    const seen = new Set<number>();
    for (let at: number | undefined = offset; at !== undefined;) {
      if (seen.has(at)) {
        throw corrupt(`the pack "${this.name}"`, "a chain of deltas leads back to itself", "DELTA_CYCLE", at);
      }
      seen.add(at);
      const entry: PackEntryInfo = await this.infoAt(at);
      chain.push(entry);
      if (entry.base instanceof Id) {
        const position: number | undefined = await this.index.indexOf(entry.base);
        at = position === undefined ? undefined : await this.index.offsetAt(position);
      } else at = entry.base;
    }
    return chain;
  }

  async collectChain(offset: number): Promise<PackEntry[]> {
    const chain: PackEntry[] = [];
    for (const entry of await this.chainAt(offset)) chain.push(await this.entryAt(entry.offset));
    return chain;
  }

  entries(): AsyncGenerator<PackIndexEntry> {
    return this.index.entriesByOffset(this.#unit.files.reverse?.());
  }

  async readAt(offset: number, id: GitObjectId): Promise<GitObject> {
    const chain = await this.chainAt(offset);
    const root = chain.at(-1)!;
    const depth = chain.length - 1;
    let { size } = chain[0]!;
    if (depth > 0) {
      const { raw } = await this.entryAt(offset);
      size = deltaSizes(raw).target;
    }
    const facts = {
      id,
      kind: TYPE_OF_KIND.indexOf(root.type),
      size,
      storage: "packed" as const,
      packed: { depth, offset, pack: this.#unit.packNumber },
    };
    return packObject(this.#engine, facts, {});
  }

  async verifyObject(id: GitObjectId, options: GitVerifyObjectOptions = {}): Promise<boolean> {
    const position = await this.index.indexOf(id);
    if (position === undefined) throw corrupt(`object ${id}`, "it is not in this pack", "OBJECT_NOT_FOUND");
    const offset = await this.index.offsetAt(position);
    if ((options.mode ?? "hash") === "crc") {
      const expected = await this.index.crcAt(position);
      if (expected === undefined) throw unsupported("verify by CRC", "the index has version 1");
      const offsets = (await this.index.offsets()).sort();
      const next = offsets[offsets.indexOf(offset) + 1] ?? this.size - HASH_SIZE[this.#algorithm];
      return gitCrc32(await this.#unit.files.pack.source.read(offset, next - offset)) === expected;
    }
    try {
      const object = await this.readAt(offset, id);
      return (await hashObjectBody(object, {})).equals(id);
    } catch {
      return false;
    }
  }

  async *list(): AsyncGenerator<PackListEntry> {
    const rows = await collect(this.entries());
    const idAt = new Map(rows.map(({ offset, id }) => [offset, id]));
    const end = this.size - HASH_SIZE[this.#algorithm];
    const infos = await this.#reads.infos(rows);
    for (const [i, result] of infos.entries()) {
      if (!result.ok) throw result.error;
      const { offset } = rows[i]!;
      const entry = await this.infoAt(offset);
      yield {
        ...result.value,
        packedSize: (rows[i + 1]?.offset ?? end) - offset,
        base: typeof entry.base === "number" ? idAt.get(entry.base) : entry.base,
        entrySize: entry.size,
      };
    }
  }

  /** What is wrong with the reverse index, where there is one. */
  async #reverseFault(): Promise<string | undefined> {
    const source = this.#unit.files.reverse?.();
    if (source === undefined) return undefined;
    let offsets: Float64Array;
    try {
      offsets = await this.index.offsets();
    } catch (error) {
      if (error instanceof CorruptDataError) return "the reverse index can't be compared with its index";
      throw error;
    }
    const packChecksum = await this.index.packChecksum();
    const order = await readReverseIndex(source, { algorithm: this.#algorithm, offsets, packChecksum });
    if (typeof order === "string") return order;
    return await hasReverseChecksum(source, this.#algorithm)
      ? undefined
      : "the checksum of the reverse index is wrong";
  }

  async *verify(
    options: GitVerifyPackOptions = {},
  ): AsyncGenerator<PackFinding> {
    const { level = "full" } = options;
    const rows = await collect(this.index.soundEntriesByOffset(this.#unit.files.reverse?.()));
    const end = this.size - HASH_SIZE[this.#algorithm];
    const whole = (message: string): PackFinding => ({ offset: undefined, id: undefined, message });
    for await (const message of this.index.verify()) yield whole(message);
    const reverse = await this.#reverseFault();
    if (reverse !== undefined) yield whole(reverse);
    for (const [i, { offset, id }] of rows.entries()) {
      if (offset < 12 || offset >= end) yield { offset, id, message: "the offset is outside of the pack" };
      else if (i > 0 && offset === rows[i - 1]!.offset) {
        yield { offset, id, message: "two ids have this offset" };
      }
    }
    if (rows.length > 0 && rows[0]!.offset !== 12) yield whole("the first entry is not in the index");
    const { source } = this.#unit.files.pack;
    if (level !== "structure") {
      for (const [i, { offset, id, crc }] of rows.entries()) {
        const next = Math.min(rows[i + 1]?.offset ?? end, end);
        if (crc === undefined || offset < 12 || offset >= next) continue;
        if (await crcOf(source, offset, next) !== crc) yield { offset, id, message: "the CRC is wrong" };
      }
    }
    if (level !== "full") return;
    if (!Id.from(await hashSource(source, end, this.#algorithm)).equals(Id.from(await this.checksum()))) {
      yield whole("the checksum of the pack is wrong");
    }
    const inside = rows.filter(({ offset }) => offset >= 12 && offset < end);
    for (const { row, error } of await this.#reads.verify(inside, options)) {
      const { offset, id } = inside[row]!;
      yield { offset, id, message: error.message };
    }
  }
}

async function crcOf(
  source: PackUnit["files"]["pack"]["source"],
  start: number,
  end: number,
): Promise<number> {
  let crc = 0;
  for (let at = start; at < end; at += CHUNK) {
    crc = gitCrc32(await source.read(at, Math.min(CHUNK, end - at)), crc);
  }
  return crc;
}

async function hashSource(
  source: PackUnit["files"]["pack"]["source"],
  size: number,
  algorithm: GitHashAlgorithm,
): Promise<Uint8Array> {
  const hash = new GitHashKernel(HASH_SIZE[algorithm]);
  try {
    for (let at = 0; at < size; at += CHUNK) hash.update(await source.read(at, Math.min(CHUNK, size - at)));
    return hash.digest();
  } finally {
    hash.close();
  }
}
