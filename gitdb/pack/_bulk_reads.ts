/**
 * Reading many objects of packs through jobs of the kernel: window by window, in batches.
 */
import { SluiceError } from "@sluice/internal";
import { orderedBatch, ResultBatch } from "../object/_batch.ts";
import { collect } from "../object/_collect.ts";
import { packIds } from "../object/_ids.ts";
import { GitObjectId, HASH_SIZE } from "../object/_object_id.ts";
import type { GitHashAlgorithm, GitIdLike } from "../object/_object_id.ts";
import type { GitBulkSettings } from "../object/_options.ts";
import { fittingParts } from "../object/_ordered_parts.ts";
import type { IdWindow } from "../object/_windows.ts";
import { MemoryObject } from "../object/_stored_object.ts";
import type {
  GitBulkOptions,
  GitObject,
  GitObjectBatch,
  GitObjectInfo,
  GitResult,
} from "../object/object.ts";
import { GIT_JOB_FLAG, GIT_RECORD, GitJobKernel, RESULT } from "./_pack_engine.ts";
import type { PackEngine } from "./_pack_engine.ts";
import { factsOf, recordError, recordInfo, sizeOf, verifyFlags } from "./_pack_job.ts";
import { largeObject } from "./_pack_reads.ts";
import { isRescuable } from "./_rescue.ts";

/** Bytes of bodies that one call makes; more only where one object needs it. */
const ARENA_SIZE = 4 << 20;
/** Bytes that are made for each object of a job of few. */
const ARENA_SHARE = 64 << 10;
/** Records that one call writes. */
const RECORDS = 8192;
/** Facts that are given together. */
const INFO_GROUP = 4096;
/** Ids of a window whose results are put in order. */
const ORDERED_WINDOW = 4096;

/** One batch as the kernel made it. */
interface Made {
  readonly arena: Uint8Array<ArrayBuffer>;
  readonly result: number;
  readonly count: number;
  /** Room that an object needs which did not fit. */
  readonly wanted: number;
}

/** Gives an object from other copies, or throws the failure. */
export type Rescue = (id: GitObjectId, failure: Error) => Promise<GitObject>;

/** The ids of a window from one up to another. */
function partOf(window: IdWindow, from: number, until: number): IdWindow {
  return { ...window, ids: window.ids.slice(from, until), start: window.start + from };
}

/** Reads windows of ids through one engine. */
export class BulkReads {
  readonly #engine: PackEngine;
  readonly #algorithm: GitHashAlgorithm;
  readonly #arenas: Uint8Array<ArrayBuffer>[] = [];
  readonly #rescue: Rescue;

  /** Reads through an engine; `rescue` looks for other copies of what can't be read. */
  constructor(engine: PackEngine, algorithm: GitHashAlgorithm, rescue: Rescue) {
    this.#engine = engine;
    this.#algorithm = algorithm;
    this.#rescue = rescue;
  }

  #job(ids: Uint8Array, flags: number, threads: number): GitJobKernel {
    return new GitJobKernel(this.#engine.kernel, { ids, flags, threads });
  }

  /** Batches of one window of ids. */
  async *window(window: IdWindow, reuse: boolean): AsyncGenerator<GitObjectBatch> {
    if (!window.settings.ordered) return yield* this.#unordered(window, reuse);
    for (let at = 0; at < window.ids.length; at += ORDERED_WINDOW) {
      yield* this.#ordered(partOf(window, at, at + ORDERED_WINDOW), reuse);
    }
  }

  /** As many ids at a time as their bodies fit the limit of bytes in flight. */
  async *#ordered(window: IdWindow, reuse: boolean): AsyncGenerator<GitObjectBatch> {
    const { ids, settings } = window;
    const records = await this.#infoRecords(packIds(ids, this.#algorithm), settings);
    const sizes = Float64Array.from(ids, (_, i) => sizeOf(records, i * GIT_RECORD.LENGTH));
    for (const [from, until] of fittingParts(sizes, settings.maxInFlightBytes)) {
      yield orderedBatch(await collect(this.#unordered(partOf(window, from, until), reuse)));
    }
  }

  async #infoRecords(packed: Uint8Array, settings: GitBulkSettings): Promise<Uint32Array> {
    const records = new Uint32Array(packed.length / HASH_SIZE[this.#algorithm] * GIT_RECORD.LENGTH);
    const job = this.#job(packed, GIT_JOB_FLAG.FACTS, 1);
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
    { ids, start, settings, options }: IdWindow,
    reuse: boolean,
  ): AsyncGenerator<GitObjectBatch> {
    const engine = this.#engine;
    const { signal } = settings;
    const packed = packIds(ids, this.#algorithm);
    const job = this.#job(packed, verifyFlags(settings), settings.threads);
    let pending: Promise<Made> | undefined;
    try {
      const planned = await engine.settle(() => job.planAsync(), signal, job);
      if (planned !== RESULT.OK) throw engine.kernel.error(planned, "find objects");
      // One batch is made while the one before is being read.
      const share = Math.min(ARENA_SIZE, Math.max(1, ids.length) * ARENA_SHARE);
      const size = Math.min(share, Math.max(Math.floor(settings.maxInFlightBytes / 2), 1 << 16));
      let records = new Uint32Array(Math.min(RECORDS, Math.max(1, ids.length)) * GIT_RECORD.LENGTH);
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
    ids: readonly GitIdLike[],
    packed: Uint8Array,
    start: number,
    options: GitBulkOptions,
  ): Promise<GitResult<GitObject>[]> {
    const results: GitResult<GitObject>[] = [];
    for (let i = 0; i < count; i++) {
      const at = i * GIT_RECORD.LENGTH;
      const item = records[at + GIT_RECORD.ITEM]!;
      const index = start + item;
      const id = this.#idOf(ids, packed, item);
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
        results.push({ ok: true, index, value: await largeObject(this.#engine, id, options) });
      } else if (result === RESULT.NOT_FOUND && options.onMissing !== undefined) {
        options.onMissing(index, id);
      } else {
        results.push(await this.#secondTry(index, id, recordError(this.#engine, result, id, records, at)));
      }
    }
    return results;
  }

  async #secondTry(index: number, id: GitObjectId, failure: Error): Promise<GitResult<GitObject>> {
    try {
      if (!isRescuable(failure)) throw failure;
      return { ok: true, index, value: await this.#rescue(id, failure) };
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      return { ok: false, index, id, error };
    }
  }

  /** Facts of one window of ids, in groups that a collector of garbage need not move. */
  async *infos({ ids, start, settings, options }: IdWindow): AsyncGenerator<GitResult<GitObjectInfo>[]> {
    const packed = packIds(ids, this.#algorithm);
    const records = await this.#infoRecords(packed, settings);
    for (let from = 0; from < ids.length; from += INFO_GROUP) {
      const results: GitResult<GitObjectInfo>[] = [];
      const end = Math.min(from + INFO_GROUP, ids.length);
      for (let row = from; row < end; row++) {
        const at = row * GIT_RECORD.LENGTH;
        const result = records[at + GIT_RECORD.RESULT]! | 0;
        const index = start + row;
        const id = this.#idOf(ids, packed, row);
        if (result === RESULT.OK) results.push({ ok: true, index, value: recordInfo(records, at, id) });
        else if (result === RESULT.NOT_FOUND && options.onMissing !== undefined) options.onMissing(index, id);
        else {
          const error = recordError(this.#engine, result, id, records, at) as SluiceError;
          results.push({ ok: false, index, id, error });
        }
      }
      if (results.length > 0) yield results;
    }
  }

  /** The id of a row, as it was given or of the bytes of all. */
  #idOf(ids: readonly GitIdLike[], packed: Uint8Array, row: number): GitObjectId {
    const given = ids[row]!;
    if (given instanceof GitObjectId) return given;
    const hashSize = HASH_SIZE[this.#algorithm];
    return GitObjectId.from(packed.subarray(row * hashSize, (row + 1) * hashSize));
  }
}
