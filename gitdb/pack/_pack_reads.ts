/**
 * Reading objects of packs through jobs of the kernel.
 */
import { ResultBatch } from "../object/_batch.ts";
import { SluiceError } from "@sluice/internal";
import type { OutsideOptions } from "../object/_codec.ts";
import { corrupt, idMismatch, objectNotFound } from "../object/_errors.ts";
import { kindOfType, TYPE_OF_KIND } from "../object/_object_kind.ts";
import { hashObjectBody } from "../object/_object_hash.ts";
import { fittingParts } from "../object/_ordered_parts.ts";
import { packIds } from "../object/_ids.ts";
import { HASH_SIZE, ObjectId } from "../object/_object_id.ts";
import type { HashAlgorithm, IdLike } from "../object/_object_id.ts";
import { GIT_JOB_FLAG, GIT_RECORD, GitJobKernel, RESULT } from "./_pack_engine.ts";
import type { PackEngine } from "./_pack_engine.ts";
import { packObject } from "./_pack_object.ts";
import type { BulkSettings } from "../object/_options.ts";
import { isRescuable } from "./_rescue.ts";
import { infoOf, MemoryObject } from "../object/_stored_object.ts";
import type { Facts } from "../object/_stored_object.ts";
import type {
  BulkOptions,
  GitObject,
  ObjectBatch,
  ObjectInfo,
  PackedPlace,
  ReadOptions,
  Result,
} from "../object/object.ts";

/** Bytes of bodies that one call makes; more only where one object needs it. */
const ARENA_SIZE = 4 << 20;
/** Records that one call writes. */
const RECORDS = 8192;
/** Room for one object, kept for single reads. */
const SCRATCH_SIZE = 128 << 10;
/** Facts that are given together. */
const INFO_GROUP = 4096;
/** Ids of a window whose results are put in order. */
const ORDERED_WINDOW = 4096;

/** Bits for a job that hashes what it reads where that is wanted. */
function verifyFlags(options: ReadOptions): number {
  if (options.verify !== true) return 0;
  return GIT_JOB_FLAG.VERIFY | outsideFlag(options);
}

function outsideFlag(options: OutsideOptions): number {
  return options.collisionDetection === false ? 0 : GIT_JOB_FLAG.OUTSIDE;
}

function sizeOf(records: Uint32Array, at: number): number {
  return records[at + GIT_RECORD.SIZE_LOW]! + records[at + GIT_RECORD.SIZE_HIGH]! * 2 ** 32;
}

function placeOf(records: Uint32Array, at: number): PackedPlace {
  return {
    depth: records[at + GIT_RECORD.DEPTH]!,
    pack: records[at + GIT_RECORD.PACK]!,
    offset: records[at + GIT_RECORD.OFFSET_LOW]! + records[at + GIT_RECORD.OFFSET_HIGH]! * 2 ** 32,
  };
}

/** Facts of a record. */
function factsOf(records: Uint32Array, at: number, id: ObjectId): Facts {
  return {
    id,
    kind: records[at + GIT_RECORD.KIND]!,
    size: sizeOf(records, at),
    storage: "packed",
    packed: placeOf(records, at),
  };
}

/** As `infoOf(factsOf(…))`, without the object between: there may be a million of them. */
function recordInfo(records: Uint32Array, at: number, id: ObjectId): ObjectInfo {
  return {
    id,
    type: TYPE_OF_KIND[records[at + GIT_RECORD.KIND]!]!,
    size: sizeOf(records, at),
    storage: "packed",
    packed: placeOf(records, at),
  };
}

/** One batch as the kernel made it. */
interface Made {
  readonly arena: Uint8Array<ArrayBuffer>;
  readonly result: number;
  readonly count: number;
  /** Room that an object needs which did not fit. */
  readonly wanted: number;
}

/** Gives an object from other copies, or throws the failure. */
export type Rescue = (id: ObjectId, failure: Error) => Promise<GitObject>;

/** Reads through one engine. */
export class PackReads {
  readonly #engine: PackEngine;
  readonly #algorithm: HashAlgorithm;
  #scratch: Uint8Array<ArrayBuffer> | undefined;
  readonly #record = new Uint32Array(GIT_RECORD.LENGTH);
  readonly #arenas: Uint8Array<ArrayBuffer>[] = [];
  readonly #rescue: Rescue | undefined;

  /** Reads through an engine; `rescue` looks for other copies of what bulk calls can't read. */
  constructor(engine: PackEngine, algorithm: HashAlgorithm, rescue?: Rescue) {
    this.#engine = engine;
    this.#algorithm = algorithm;
    this.#rescue = rescue;
  }

  #error(result: number, id: ObjectId, record: Uint32Array, at: number): Error {
    if (result === RESULT.NOT_FOUND) return objectNotFound(id);
    const { offset } = factsOf(record, at, id).packed!;
    if (result === RESULT.CHECKSUM_MISMATCH) {
      return corrupt(`object ${id}`, "its content does not hash to its id", "ID_MISMATCH", offset);
    }
    return this.#engine.kernel.error(result, `read object ${id}`, offset);
  }

  #job(ids: Uint8Array, flags: number, threads: number): GitJobKernel {
    return new GitJobKernel(this.#engine.kernel, { ids, flags, threads });
  }

  /** Whether a pack has the object, or whether the pack `only` has it. */
  async has(id: ObjectId, signal?: AbortSignal, only?: number): Promise<boolean> {
    const result = await this.#engine.settle(() => this.#engine.kernel.find(id.bytes, only), signal);
    if (result === RESULT.NOT_FOUND) return false;
    if (result !== RESULT.OK) throw this.#engine.kernel.error(result, `find object ${id}`);
    return true;
  }

  /** As `has`, at once; only where every file is read by the backend. */
  hasSync(id: ObjectId): boolean {
    const result = this.#engine.kernel.find(id.bytes);
    if (result === RESULT.OK || result === RESULT.NOT_FOUND) return result === RESULT.OK;
    throw this.#engine.kernel.error(result, `find object ${id}`);
  }

  async info(id: ObjectId, signal?: AbortSignal): Promise<ObjectInfo> {
    const job = this.#job(id.bytes, 0, 1);
    try {
      const record = new Uint32Array(GIT_RECORD.LENGTH);
      const planned = await this.#engine.settle(() => job.plan(), signal, job);
      const result = planned === RESULT.OK
        ? await this.#engine.settle(() => job.infos(record), signal, job)
        : planned;
      return infoOf(this.#facts(result, record, id));
    } finally {
      job.close();
    }
  }

  /** Facts of the one record of a job, which is refused where it is a failure. */
  #facts(result: number, record: Uint32Array, id: ObjectId): Facts {
    if (result !== RESULT.OK) throw this.#engine.kernel.error(result, `find object ${id}`);
    const state = record[GIT_RECORD.RESULT]! | 0;
    if (state !== RESULT.OK) throw this.#error(state, id, record, 0);
    return factsOf(record, 0, id);
  }

  async read(id: ObjectId, options: ReadOptions): Promise<GitObject> {
    const { signal } = options;
    signal?.throwIfAborted();
    if (this.#engine.isDirect) return this.readSync(id, options);
    const job = this.#job(id.bytes, verifyFlags(options), 1);
    try {
      const planned = await this.#engine.settle(() => job.plan(), signal, job);
      if (planned !== RESULT.OK) throw this.#engine.kernel.error(planned, `find object ${id}`);
      const record = new Uint32Array(GIT_RECORD.LENGTH);
      let arena = new Uint8Array(SCRATCH_SIZE);
      while (true) {
        const result = await this.#engine.settle(() => job.next(arena, record), signal, job);
        if (job.recordCount === 1) {
          if ((record[GIT_RECORD.RESULT]! | 0) === RESULT.VALUE_TOO_LARGE) {
            return await this.#large(id, options);
          }
          return this.#object(RESULT.OK, record, arena, id);
        }
        if (result < 0) throw this.#engine.kernel.error(result, `read object ${id}`);
        arena = new Uint8Array(job.wanted);
      }
    } finally {
      job.close();
    }
  }

  #object(result: number, record: Uint32Array, arena: Uint8Array<ArrayBuffer>, id: ObjectId): MemoryObject {
    const facts = this.#facts(result, record, id);
    const start = record[GIT_RECORD.START]!;
    return new MemoryObject(facts, arena.slice(start, start + facts.size));
  }

  /** As `read`, at once; only where every file is read by the backend. */
  readSync(id: ObjectId, options: ReadOptions): GitObject {
    const { kernel } = this.#engine;
    const job = this.#job(id.bytes, verifyFlags(options), 1);
    try {
      const planned = job.plan();
      if (planned !== RESULT.OK) throw kernel.error(planned, `find object ${id}`);
      const record = this.#record;
      const scratch = this.#scratch ??= new Uint8Array(SCRATCH_SIZE);
      let result = job.next(scratch, record);
      let count = job.recordCount;
      if (count === 0 && result === RESULT.OUTPUT_PENDING) {
        const exact = new Uint8Array(job.wanted);
        result = job.next(exact, record);
        count = job.recordCount;
        if (count === 1 && record[GIT_RECORD.RESULT] === RESULT.OK) {
          return new MemoryObject(factsOf(record, 0, id), exact);
        }
      }
      if (count !== 1) throw kernel.error(result, `read object ${id}`);
      if ((record[GIT_RECORD.RESULT]! | 0) === RESULT.VALUE_TOO_LARGE) {
        return this.#largeSync(id, options, job);
      }
      return this.#object(RESULT.OK, record, scratch, id);
    } finally {
      job.close();
    }
  }

  #largeSync(id: ObjectId, options: ReadOptions, job: GitJobKernel): GitObject {
    const record = new Uint32Array(GIT_RECORD.LENGTH);
    return packObject(this.#engine, this.#facts(job.infos(record), withoutSizeFault(record), id), options);
  }

  async #large(id: ObjectId, options: ReadOptions): Promise<GitObject> {
    const job = this.#job(id.bytes, 0, 1);
    try {
      const record = new Uint32Array(GIT_RECORD.LENGTH);
      await this.#engine.settle(() => job.plan(), options.signal, job);
      const result = await this.#engine.settle(() => job.infos(record), options.signal, job);
      return packObject(this.#engine, this.#facts(result, record, id), options);
    } finally {
      job.close();
    }
  }

  /** Batches of one window of ids. */
  async *window(
    ids: readonly IdLike[],
    start: number,
    settings: BulkSettings,
    options: BulkOptions,
    reuse: boolean,
  ): AsyncGenerator<ObjectBatch> {
    if (settings.ordered) {
      for (let at = 0; at < ids.length; at += ORDERED_WINDOW) {
        yield* this.#ordered(ids.slice(at, at + ORDERED_WINDOW), start + at, settings, options, reuse);
      }
      return;
    }
    yield* this.#unordered(ids, start, settings, options, reuse);
  }

  /** As many ids at a time as their bodies fit the limit of bytes in flight. */
  async *#ordered(
    ids: readonly IdLike[],
    start: number,
    settings: BulkSettings,
    options: BulkOptions,
    reuse: boolean,
  ): AsyncGenerator<ObjectBatch> {
    const records = await this.#infoRecords(packIds(ids, this.#algorithm), settings);
    const sizes = Float64Array.from(ids, (_, i) => sizeOf(records, i * GIT_RECORD.LENGTH));
    for (const [from, until] of fittingParts(sizes, settings.maxInFlightBytes)) {
      const batches: ObjectBatch[] = [];
      for await (
        const batch of this.#unordered(ids.slice(from, until), start + from, settings, options, reuse)
      ) {
        batches.push(batch);
      }
      const results = batches.flatMap((batch) => batch.results).sort((a, b) => a.index - b.index);
      yield new ResultBatch(
        batches[0]?.buffer ?? new Uint8Array(),
        results,
        () => batches.forEach((batch) => batch[Symbol.dispose]()),
      );
    }
  }

  async #infoRecords(packed: Uint8Array, settings: BulkSettings): Promise<Uint32Array> {
    const records = new Uint32Array(packed.length / HASH_SIZE[this.#algorithm] * GIT_RECORD.LENGTH);
    const job = this.#job(packed, 0, 1);
    try {
      const planned = await this.#engine.settle(() => job.planAsync(), settings.signal, job);
      if (planned !== RESULT.OK) throw this.#engine.kernel.error(planned, "find objects");
      const result = await this.#engine.settle(() => job.infosAsync(records), settings.signal, job);
      if (result !== RESULT.OK) throw this.#engine.kernel.error(result, "read facts of objects");
    } finally {
      job.close();
    }
    return records;
  }

  async *#unordered(
    ids: readonly IdLike[],
    start: number,
    settings: BulkSettings,
    options: BulkOptions,
    reuse: boolean,
  ): AsyncGenerator<ObjectBatch> {
    const engine = this.#engine;
    const { signal } = settings;
    const packed = packIds(ids, this.#algorithm);
    const job = this.#job(packed, verifyFlags(settings), settings.threads);
    let pending: Promise<Made> | undefined;
    try {
      const planned = await engine.settle(() => job.planAsync(), signal, job);
      if (planned !== RESULT.OK) throw engine.kernel.error(planned, "find objects");
      // One batch is made while the one before is being read.
      const size = Math.min(ARENA_SIZE, Math.max(Math.floor(settings.maxInFlightBytes / 2), 1 << 16));
      let records = new Uint32Array(RECORDS * GIT_RECORD.LENGTH);
      let otherRecords = records.slice();
      pending = this.#make(job, size, records, reuse);
      while (pending !== undefined) {
        const { arena, result, count, wanted }: Made = await pending;
        pending = undefined;
        signal?.throwIfAborted();
        if (result < 0) throw engine.kernel.error(result, "read objects");
        const filled = records;
        [records, otherRecords] = [otherRecords, records];
        if (result === RESULT.NEEDS_BYTES) await engine.supply(job, signal);
        if (result !== RESULT.OK) {
          pending = this.#make(job, count === 0 ? Math.max(wanted, size) : size, records, reuse);
        }
        if (count > 0) {
          const results = await this.#results(filled, count, arena, ids, packed, start, options);
          yield new ResultBatch(arena, results, reuse ? () => this.#giveArena(arena) : undefined);
        } else if (reuse) this.#giveArena(arena);
      }
    } finally {
      await pending?.catch(() => {});
      job.close();
    }
  }

  /** Makes the next batch of a job. */
  async #make(job: GitJobKernel, size: number, records: Uint32Array, reuse: boolean): Promise<Made> {
    const arena = reuse ? this.#takeArena(size) : new Uint8Array(size);
    const result = await job.nextAsync(arena, records);
    return { arena, result, count: job.recordCount, wanted: job.wanted };
  }

  #takeArena(size: number): Uint8Array<ArrayBuffer> {
    const at = this.#arenas.findIndex((arena) => arena.length >= size);
    return at < 0 ? new Uint8Array(size) : this.#arenas.splice(at, 1)[0]!;
  }

  #giveArena(arena: Uint8Array<ArrayBuffer>): void {
    if (this.#arenas.length < 2 && arena.length <= ARENA_SIZE) this.#arenas.push(arena);
  }

  async #results(
    records: Uint32Array,
    count: number,
    arena: Uint8Array<ArrayBuffer>,
    ids: readonly IdLike[],
    packed: Uint8Array,
    start: number,
    options: BulkOptions,
  ): Promise<Result<GitObject>[]> {
    const hashSize = HASH_SIZE[this.#algorithm];
    const results: Result<GitObject>[] = [];
    for (let i = 0; i < count; i++) {
      const at = i * GIT_RECORD.LENGTH;
      const item = records[at + GIT_RECORD.ITEM]!;
      const index = start + item;
      const given = ids[item]!;
      const id = given instanceof ObjectId
        ? given
        : ObjectId.from(packed.subarray(item * hashSize, (item + 1) * hashSize));
      const result = records[at + GIT_RECORD.RESULT]! | 0;
      if (result === RESULT.OK) {
        const facts = factsOf(records, at, id);
        const from = records[at + GIT_RECORD.START]!;
        results.push({
          ok: true,
          index,
          value: new MemoryObject(facts, arena.subarray(from, from + facts.size)),
        });
      } else if (result === RESULT.VALUE_TOO_LARGE) {
        results.push({ ok: true, index, value: await this.#large(id, options) });
      } else if (result === RESULT.NOT_FOUND && options.onMissing !== undefined) {
        options.onMissing(index, id);
      } else {
        results.push(await this.#secondTry(index, id, this.#error(result, id, records, at)));
      }
    }
    return results;
  }

  async #secondTry(index: number, id: ObjectId, failure: Error): Promise<Result<GitObject>> {
    try {
      if (this.#rescue === undefined || !isRescuable(failure)) throw failure;
      return { ok: true, index, value: await this.#rescue(id, failure) };
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      return { ok: false, index, id, error };
    }
  }

  /** Facts of one window of ids, in groups that a collector of garbage need not move. */
  async *infos(
    ids: readonly IdLike[],
    start: number,
    settings: BulkSettings,
  ): AsyncGenerator<Result<ObjectInfo>[]> {
    const packed = packIds(ids, this.#algorithm);
    const records = await this.#infoRecords(packed, settings);
    const hashSize = HASH_SIZE[this.#algorithm];
    for (let from = 0; from < ids.length; from += INFO_GROUP) {
      yield ids.slice(from, from + INFO_GROUP).map((given, i) => {
        const row = from + i;
        const at = row * GIT_RECORD.LENGTH;
        const id = given instanceof ObjectId
          ? given
          : ObjectId.from(packed.subarray(row * hashSize, (row + 1) * hashSize));
        const result = records[at + GIT_RECORD.RESULT]! | 0;
        return result === RESULT.OK
          ? { ok: true, index: start + row, value: recordInfo(records, at, id) }
          : { ok: false, index: start + row, id, error: this.#error(result, id, records, at) as never };
      });
    }
  }

  /** Facts of entries of one pack whose ids are known. */
  async infosAt(pack: number, rows: readonly EntryRow[]): Promise<Result<ObjectInfo>[]> {
    const engine = this.#engine;
    const records = new Uint32Array(rows.length * GIT_RECORD.LENGTH);
    const job = this.#jobAt(pack, rows, 0, 1);
    try {
      let result = await engine.settle(() => job.planAsync(), undefined, job);
      if (result === RESULT.OK) result = await engine.settle(() => job.infosAsync(records), undefined, job);
      if (result !== RESULT.OK) throw engine.kernel.error(result, "read facts of objects");
    } finally {
      job.close();
    }
    return rows.map(({ id }, index) => {
      const at = index * GIT_RECORD.LENGTH;
      const state = records[at + GIT_RECORD.RESULT]! | 0;
      return state === RESULT.OK
        ? { ok: true, index, value: recordInfo(records, at, id) }
        : { ok: false, index, id, error: this.#error(state, id, records, at) as never };
    });
  }

  /**
   * The ids of entries of one pack: undefined for deltas whose base is in no pack, an error for damaged ones.
   */
  async digestsAt(
    pack: number,
    offsets: readonly number[],
    options: DigestOptions,
  ): Promise<(ObjectId | Error | undefined)[]> {
    const rows = offsets.map((offset) => ({ offset, id: ObjectId.zero(this.#algorithm) }));
    const digests: (ObjectId | Error | undefined)[] = new Array(rows.length).fill(undefined);
    await this.#digestAll(pack, rows, options, (row, id, error) => digests[row] = error ?? id);
    return digests;
  }

  /** Makes and hashes entries of one pack; returns those that are damaged. */
  async verifyAt(
    pack: number,
    rows: readonly EntryRow[],
    options: DigestOptions,
  ): Promise<{ row: number; error: Error }[]> {
    const findings: { row: number; error: Error }[] = [];
    await this.#digestAll(pack, rows, options, (row, id, error) => {
      if (error !== undefined) findings.push({ row, error });
      else if (!id.equals(rows[row]!.id)) findings.push({ row, error: idMismatch(rows[row]!.id, id) });
    });
    return findings.sort((a, b) => a.row - b.row);
  }

  /** Makes and hashes entries of one pack and tells of each; of none whose base is in no pack. */
  async #digestAll(
    pack: number,
    rows: readonly EntryRow[],
    options: DigestOptions,
    tell: (row: number, id: ObjectId, error: Error | undefined) => void,
  ): Promise<void> {
    const engine = this.#engine;
    const hashSize = HASH_SIZE[this.#algorithm];
    const arena = new Uint8Array(RECORDS * hashSize);
    const records = new Uint32Array(RECORDS * GIT_RECORD.LENGTH);
    const large: number[] = [];
    const job = this.#jobAt(pack, rows, GIT_JOB_FLAG.DIGEST | outsideFlag(options), options.threads ?? 1);
    try {
      const planned = await engine.settle(() => job.planAsync(), undefined, job);
      if (planned !== RESULT.OK) throw engine.kernel.error(planned, "find objects");
      for (let result: number = RESULT.OUTPUT_PENDING; result !== RESULT.OK;) {
        result = await job.nextAsync(arena, records);
        if (result < 0) throw engine.kernel.error(result, "read objects");
        for (let i = 0; i < job.recordCount; i++) {
          const at = i * GIT_RECORD.LENGTH;
          const row = records[at + GIT_RECORD.ITEM]!;
          const state = records[at + GIT_RECORD.RESULT]! | 0;
          const start = records[at + GIT_RECORD.START]!;
          if (state === RESULT.VALUE_TOO_LARGE) large.push(row);
          else if (state !== RESULT.OK) {
            tell(row, rows[row]!.id, this.#error(state, rows[row]!.id, records, at));
          } else tell(row, ObjectId.from(arena.slice(start, start + hashSize)), undefined);
        }
        if (result === RESULT.NEEDS_BYTES) await engine.supply(job);
      }
    } finally {
      job.close();
    }
    for (const row of large) {
      const id = await this.#digestLarge(pack, rows[row]!, options);
      tell(row, id instanceof ObjectId ? id : rows[row]!.id, id instanceof ObjectId ? undefined : id);
    }
  }

  /** Hashes a large object as a stream. */
  async #digestLarge(pack: number, row: EntryRow, options: OutsideOptions): Promise<ObjectId | Error> {
    try {
      const [info] = await this.infosAt(pack, [row]);
      if (!info!.ok) return info!.error;
      const object = packObject(this.#engine, { ...info!.value, kind: kindOfType(info!.value.type) }, {});
      return await hashObjectBody(object, options);
    } catch (error) {
      if (error instanceof SluiceError) return error;
      throw error;
    }
  }

  #jobAt(pack: number, rows: readonly EntryRow[], flags: number, threads: number): GitJobKernel {
    const offsets = new Uint32Array(rows.length * 2);
    for (const [i, { offset }] of rows.entries()) {
      offsets[2 * i] = offset % 2 ** 32;
      offsets[2 * i + 1] = Math.floor(offset / 2 ** 32);
    }
    return new GitJobKernel(this.#engine.kernel, { ids: new Uint8Array(), pack, offsets, flags, threads });
  }
}

/** How entries are hashed. */
export interface DigestOptions extends OutsideOptions {
  readonly threads?: number | undefined;
}

/** An entry of a pack by its place. */
export interface EntryRow {
  readonly id: ObjectId;
  readonly offset: number;
}

/** A record whose only fault is that its object is large. */
function withoutSizeFault(record: Uint32Array): Uint32Array {
  if ((record[GIT_RECORD.RESULT]! | 0) === RESULT.VALUE_TOO_LARGE) record[GIT_RECORD.RESULT] = RESULT.OK;
  return record;
}
