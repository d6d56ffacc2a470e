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
import { outsideFlag, recordError, recordInfo } from "./_pack_job.ts";
import { packObject } from "./_pack_object.ts";
import type { DeltaTrees } from "./_delta_trees.ts";
import type { PackTable } from "./_pack_table.ts";

/** Records that one call writes; fewer where it runs on the event loop. */
const RECORDS = { native: 8192, wasm: 512 } as const;

/** How entries are hashed. */
export interface DigestOptions extends OutsideOptions {
  readonly threads?: number | undefined;
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
   * Writes the ids of all entries into their table; returns the rows of deltas whose base is in no pack.
   *
   * @throws {SluiceError} What is wrong with the first damaged entry.
   */
  async digests(table: PackTable, trees: DeltaTrees, options: DigestOptions): Promise<number[]> {
    const known = new Uint8Array(table.count);
    let first: { row: number; error: Error } | undefined;
    const unknown = GitObjectId.zero(this.#algorithm);
    for (const rows of trees.groups()) {
      const places = new Uint32Array(2 * rows.length);
      for (let i = 0; i < rows.length; i++) {
        places[2 * i] = table.places[2 * rows[i]!]!;
        places[2 * i + 1] = table.places[2 * rows[i]! + 1]!;
      }
      await this.#digestAll(places, () => unknown, options, (i, digest) => {
        const row = rows[i]!;
        known[row] = 1;
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
   * Makes and hashes the entries at places and tells the digest of each, a view until the next, or what is wrong with it;
   * nothing of those whose base is in no pack.
   */
  async #digestAll(
    places: Uint32Array,
    idOf: (row: number) => GitObjectId,
    options: DigestOptions,
    tell: (row: number, digest: Uint8Array | Error) => void,
  ): Promise<void> {
    const engine = this.#engine;
    const hashSize = HASH_SIZE[this.#algorithm];
    const count = RECORDS[engine.kernel.backend];
    const arena = new Uint8Array(count * hashSize);
    const records = new Uint32Array(count * GIT_RECORD.LENGTH);
    const large: number[] = [];
    const job = this.#jobAt(places, GIT_JOB_FLAG.DIGEST | outsideFlag(options), options.threads ?? 1);
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
          else if (state !== RESULT.OK) tell(row, recordError(engine, state, idOf(row), records, at));
          else tell(row, arena.subarray(start, start + hashSize));
        }
        if (result === RESULT.NEEDS_BYTES) await engine.supply(job);
      }
    } finally {
      job.close();
    }
    for (const row of large) {
      const offset = places[2 * row]! + places[2 * row + 1]! * 2 ** 32;
      tell(row, await this.#digestLarge({ id: idOf(row), offset }, options));
    }
  }

  /** Hashes a large object as a stream. */
  async #digestLarge(row: EntryRow, options: OutsideOptions): Promise<Uint8Array | Error> {
    try {
      const [info] = await this.infos([row]);
      if (!info!.ok) return info!.error;
      const object = packObject(this.#engine, { ...info!.value, kind: kindOfType(info!.value.type) }, {});
      return (await hashObjectBody(object, options)).bytes;
    } catch (error) {
      if (error instanceof SluiceError) return error;
      throw error;
    }
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

function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  for (let i = 0; i < right.length; i++) if (left[i] !== right[i]) return false;
  return true;
}
