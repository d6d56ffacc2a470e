/**
 * Reading, hashing and checking entries of one pack by their places.
 */
import { SluiceError } from "@sluice/internal";
import type { OutsideOptions } from "../object/_codec.ts";
import { idMismatch } from "../object/_errors.ts";
import { hashObjectBody } from "../object/_object_hash.ts";
import { GitObjectId, HASH_SIZE } from "../object/_object_id.ts";
import type { GitHashAlgorithm } from "../object/_object_id.ts";
import { kindOfType } from "../object/_object_kind.ts";
import type { GitObjectInfo, GitResult } from "../object/object.ts";
import { GIT_JOB_FLAG, GIT_RECORD, GitJobKernel, RESULT } from "./_pack_engine.ts";
import type { PackEngine } from "./_pack_engine.ts";
import { outsideFlag, recordError, recordInfo } from "./_pack_job.ts";
import { packObject } from "./_pack_object.ts";

/** Records that one call writes. */
const RECORDS = 8192;

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
    const job = this.#jobAt(rows, 0, 1);
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
   * The ids of entries: undefined for deltas whose base is in no pack, an error for damaged ones.
   */
  async digests(
    offsets: readonly number[],
    options: DigestOptions,
  ): Promise<(GitObjectId | Error | undefined)[]> {
    const rows = offsets.map((offset) => ({ offset, id: GitObjectId.zero(this.#algorithm) }));
    const digests: (GitObjectId | Error | undefined)[] = new Array(rows.length).fill(undefined);
    await this.#digestAll(rows, options, (row, id, error) => digests[row] = error ?? id);
    return digests;
  }

  /** Makes and hashes entries; returns those that are damaged. */
  async verify(
    rows: readonly EntryRow[],
    options: DigestOptions,
  ): Promise<{ row: number; error: Error }[]> {
    const findings: { row: number; error: Error }[] = [];
    await this.#digestAll(rows, options, (row, id, error) => {
      if (error !== undefined) findings.push({ row, error });
      else if (!id.equals(rows[row]!.id)) findings.push({ row, error: idMismatch(rows[row]!.id, id) });
    });
    return findings.sort((a, b) => a.row - b.row);
  }

  /** Makes and hashes entries and tells of each; of none whose base is in no pack. */
  async #digestAll(
    rows: readonly EntryRow[],
    options: DigestOptions,
    tell: (row: number, id: GitObjectId, error: Error | undefined) => void,
  ): Promise<void> {
    const engine = this.#engine;
    const hashSize = HASH_SIZE[this.#algorithm];
    const arena = new Uint8Array(RECORDS * hashSize);
    const records = new Uint32Array(RECORDS * GIT_RECORD.LENGTH);
    const large: number[] = [];
    const job = this.#jobAt(rows, GIT_JOB_FLAG.DIGEST | outsideFlag(options), options.threads ?? 1);
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
            tell(row, rows[row]!.id, recordError(this.#engine, state, rows[row]!.id, records, at));
          } else tell(row, GitObjectId.from(arena.slice(start, start + hashSize)), undefined);
        }
        if (result === RESULT.NEEDS_BYTES) await engine.supply(job);
      }
    } finally {
      job.close();
    }
    for (const row of large) {
      const id = await this.#digestLarge(rows[row]!, options);
      tell(row, id instanceof GitObjectId ? id : rows[row]!.id, id instanceof GitObjectId ? undefined : id);
    }
  }

  /** Hashes a large object as a stream. */
  async #digestLarge(row: EntryRow, options: OutsideOptions): Promise<GitObjectId | Error> {
    try {
      const [info] = await this.infos([row]);
      if (!info!.ok) return info!.error;
      const object = packObject(this.#engine, { ...info!.value, kind: kindOfType(info!.value.type) }, {});
      return await hashObjectBody(object, options);
    } catch (error) {
      if (error instanceof SluiceError) return error;
      throw error;
    }
  }

  #jobAt(rows: readonly EntryRow[], flags: number, threads: number): GitJobKernel {
    const offsets = new Uint32Array(rows.length * 2);
    for (const [i, { offset }] of rows.entries()) {
      offsets[2 * i] = offset % 2 ** 32;
      offsets[2 * i + 1] = Math.floor(offset / 2 ** 32);
    }
    return new GitJobKernel(this.#engine.kernel, {
      ids: new Uint8Array(),
      pack: this.#pack,
      offsets,
      flags,
      threads,
    });
  }
}
