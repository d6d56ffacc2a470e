/**
 * Reading, hashing and checking entries of one pack by their places.
 */
import { SluiceError } from "@sluice/internal";
import type { OutsideOptions } from "../object/_codec.ts";
import { idMismatch } from "../object/_errors.ts";
import { idOfBytes } from "../object/_ids.ts";
import { hashObjectBody } from "../object/_object_hash.ts";
import { GitObjectId, HASH_SIZE } from "../object/_object_id.ts";
import type { GitHashAlgorithm } from "../object/_object_id.ts";
import { kindOfType } from "../object/_object_kind.ts";
import type { GitObjectInfo, GitResult } from "../object/object.ts";
import { GIT_JOB_FLAG, GIT_RECORD, GitJobKernel, RESULT } from "./_pack_engine.ts";
import type { PackEngine } from "./_pack_engine.ts";
import { outsideFlag, recordError, recordInfo, sizeOf } from "./_pack_job.ts";
import { WHOLE_OBJECT_MAX } from "../object/_stored_object.ts";
import type { StreamedObject } from "../object/_stored_object.ts";
import { packObject } from "./_pack_object.ts";
import type { DeltaTrees } from "./_delta_trees.ts";
import type { PackTable } from "./_pack_table.ts";

/** Records that one call writes; fewer where it runs on the event loop. */
const RECORDS = { native: 8192, wasm: 512 } as const;
/** Bytes of objects that one call makes. */
const BODIES_SIZE = 4 << 20;

/** How entries are hashed. */
export interface DigestOptions extends OutsideOptions {
  readonly threads?: number | undefined;
}

/** What came of one entry. */
interface EntryRecord {
  readonly state: number;
  readonly kind: number;
  /** Where its output starts in the arena, and how large the object is. */
  readonly start: number;
  readonly size: number;
  readonly arena: Uint8Array<ArrayBuffer>;
  readonly records: Uint32Array;
  readonly at: number;
}

/** An entry of a pack by its place. */
export interface EntryRow {
  readonly id: GitObjectId;
  readonly offset: number;
}

/** Reads entries of one pack of an engine. */
export class EntryReads {
  readonly #engine: PackEngine;
  readonly #pack: number;
  readonly #algorithm: GitHashAlgorithm;

  constructor(engine: PackEngine, pack: number, algorithm: GitHashAlgorithm) {
    this.#engine = engine;
    this.#pack = pack;
    this.#algorithm = algorithm;
  }

  /** Facts of entries whose ids are known. */
  async infos(rows: readonly EntryRow[]): Promise<GitResult<GitObjectInfo>[]> {
    const engine = this.#engine;
    const records = new Uint32Array(rows.length * GIT_RECORD.LENGTH);
    const job = this.#jobAt(placesOf(rows), 0, 1);
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
        : { ok: false, index, id, error: recordError(this.#engine, state, id, records, at) as never };
    });
  }

  /**
   * Writes the ids and types of all entries into their table; returns the rows of deltas whose base is in no pack.
   *
   * @throws {SluiceError} What is wrong with the first damaged entry.
   */
  async digests(table: PackTable, trees: DeltaTrees, options: DigestOptions): Promise<number[]> {
    const known = new Uint8Array(table.count);
    let first: { row: number; error: Error } | undefined;
    const unknown = GitObjectId.zero(this.#algorithm);
    for (const rows of trees.groups()) {
      await this.#digestAll(placesOfRows(table, rows), () => unknown, options, (i, digest, kind) => {
        const row = rows[i]!;
        known[row] = 1;
        table.kinds[row] = kind;
        if (!(digest instanceof Error)) table.ids.set(digest, row * table.hashSize);
        else if (first === undefined || row < first.row) first = { row, error: digest };
      });
    }
    if (first !== undefined) throw first.error;
    const lost: number[] = [];
    for (let row = 0; row < known.length; row++) if (known[row] === 0) lost.push(row);
    return lost;
  }

  /** Makes and hashes entries; returns those that are damaged. */
  async verify(
    rows: readonly EntryRow[],
    options: DigestOptions,
  ): Promise<{ row: number; error: Error }[]> {
    const findings: { row: number; error: Error }[] = [];
    await this.#digestAll(placesOf(rows), (row) => rows[row]!.id, options, (row, digest) => {
      if (digest instanceof Error) findings.push({ row, error: digest });
      else if (!sameBytes(digest, rows[row]!.id.bytes)) {
        findings.push({ row, error: idMismatch(rows[row]!.id, idOfBytes(digest.slice())) });
      }
    });
    return findings.sort((a, b) => a.row - b.row);
  }

  /**
   * Makes some entries and tells the content of each, which is valid during the call.
   *
   * @throws {SluiceError} What is wrong with the first damaged entry.
   */
  async bodies(
    table: PackTable,
    rows: Uint32Array,
    tell: (row: number, content: Uint8Array) => void,
  ): Promise<void> {
    const large: number[] = [];
    const arena = new Uint8Array(BODIES_SIZE);
    await this.#each(placesOfRows(table, rows), { flags: 0, threads: 1, arena }, (i, record) => {
      if (record.state === RESULT.VALUE_TOO_LARGE) large.push(rows[i]!);
      else if (record.state !== RESULT.OK) throw this.#errorOf(record, table.idAt(rows[i]!));
      else tell(rows[i]!, record.arena.subarray(record.start, record.start + record.size));
    });
    for (const row of large) {
      const object = await this.#large({ id: table.idAt(row), offset: table.offsetAt(row) });
      if (object instanceof Error) throw object;
      tell(row, await object.bytes({ maxObjectSize: WHOLE_OBJECT_MAX }));
    }
  }

  /**
   * Makes and hashes the entries at places and tells the digest of each, a view until the next, or what is wrong with it,
   * and its type; nothing of those whose base is in no pack.
   */
  async #digestAll(
    places: Uint32Array,
    idOf: (row: number) => GitObjectId,
    options: DigestOptions,
    tell: (row: number, digest: Uint8Array | Error, kind: number) => void,
  ): Promise<void> {
    const hashSize = HASH_SIZE[this.#algorithm];
    const large: { readonly row: number; readonly kind: number }[] = [];
    const job = {
      flags: GIT_JOB_FLAG.DIGEST | outsideFlag(options),
      threads: options.threads ?? 1,
      arena: new Uint8Array(RECORDS[this.#engine.kernel.backend] * hashSize),
    };
    await this.#each(places, job, (row, record) => {
      const { state, kind, start } = record;
      if (state === RESULT.VALUE_TOO_LARGE) large.push({ row, kind });
      else if (state !== RESULT.OK) tell(row, this.#errorOf(record, idOf(row)), kind);
      else tell(row, record.arena.subarray(start, start + hashSize), kind);
    });
    for (const { row, kind } of large) {
      const offset = places[2 * row]! + places[2 * row + 1]! * 2 ** 32;
      tell(row, await this.#digestLarge({ id: idOf(row), offset }, options), kind);
    }
  }

  /** Runs a job over the entries at places and tells the record of each. */
  async #each(
    places: Uint32Array,
    settings: { readonly flags: number; readonly threads: number; readonly arena: Uint8Array<ArrayBuffer> },
    tell: (row: number, record: EntryRecord) => void,
  ): Promise<void> {
    const engine = this.#engine;
    let { arena } = settings;
    const records = new Uint32Array(RECORDS[engine.kernel.backend] * GIT_RECORD.LENGTH);
    const job = this.#jobAt(places, settings.flags, settings.threads);
    try {
      const planned = await engine.settle(() => job.planAsync(), undefined, job);
      if (planned !== RESULT.OK) throw engine.kernel.error(planned, "find objects");
      for (let result: number = RESULT.OUTPUT_PENDING; result !== RESULT.OK;) {
        result = await job.nextAsync(arena, records);
        if (result < 0) throw engine.kernel.error(result, "read objects");
        for (let i = 0; i < job.recordCount; i++) tell(...recordOf(records, i * GIT_RECORD.LENGTH, arena));
        // An object that is larger than the memory for all gets as much as it needs.
        if (job.recordCount === 0 && job.wanted > arena.length) arena = new Uint8Array(job.wanted);
        if (result === RESULT.NEEDS_BYTES) await engine.supply(job);
      }
    } finally {
      job.close();
    }
  }

  #errorOf({ state, records, at }: EntryRecord, id: GitObjectId): Error {
    return recordError(this.#engine, state, id, records, at);
  }

  /** Hashes a large object as a stream. */
  async #digestLarge(row: EntryRow, options: OutsideOptions): Promise<Uint8Array | Error> {
    try {
      const object = await this.#large(row);
      return object instanceof Error ? object : (await hashObjectBody(object, options)).bytes;
    } catch (error) {
      if (error instanceof SluiceError) return error;
      throw error;
    }
  }

  /** An object that is too large to be made with others. */
  async #large(row: EntryRow): Promise<StreamedObject | Error> {
    const [info] = await this.infos([row]);
    if (!info!.ok) return info!.error;
    return packObject(this.#engine, { ...info!.value, kind: kindOfType(info!.value.type) }, {});
  }

  #jobAt(places: Uint32Array, flags: number, threads: number): GitJobKernel {
    return new GitJobKernel(this.#engine.kernel, {
      ids: new Uint8Array(),
      pack: this.#pack,
      offsets: places,
      flags,
      threads,
    });
  }
}

/** Halves of the offsets of entries, the lower first. */
function placesOf(rows: readonly EntryRow[]): Uint32Array {
  const places = new Uint32Array(rows.length * 2);
  for (let i = 0; i < rows.length; i++) {
    const { offset } = rows[i]!;
    places[2 * i] = offset % 2 ** 32;
    places[2 * i + 1] = Math.floor(offset / 2 ** 32);
  }
  return places;
}

function placesOfRows(table: PackTable, rows: Uint32Array): Uint32Array {
  const places = new Uint32Array(rows.length * 2);
  for (let i = 0; i < rows.length; i++) {
    places[2 * i] = table.places[2 * rows[i]!]!;
    places[2 * i + 1] = table.places[2 * rows[i]! + 1]!;
  }
  return places;
}

/** What a record says of the entry that it is of, whose number comes first. */
function recordOf(
  records: Uint32Array,
  at: number,
  arena: Uint8Array<ArrayBuffer>,
): [item: number, record: EntryRecord] {
  const state = records[at + GIT_RECORD.RESULT]! | 0;
  const [kind, start] = [records[at + GIT_RECORD.KIND]!, records[at + GIT_RECORD.START]!];
  return [records[at + GIT_RECORD.ITEM]!, {
    state,
    kind,
    start,
    size: sizeOf(records, at),
    records,
    at,
    arena,
  }];
}

function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  for (let i = 0; i < right.length; i++) if (left[i] !== right[i]) return false;
  return true;
}
