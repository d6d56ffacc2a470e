/**
 * Reading one object of packs through a job of the kernel.
 */
import type { GitObjectId } from "../object/_object_id.ts";
import { infoOf, MemoryObject } from "../object/_stored_object.ts";
import type { Facts } from "../object/_stored_object.ts";
import type { GitObject, GitObjectInfo, GitReadOptions } from "../object/object.ts";
import { GIT_RECORD, GitJobKernel, RESULT } from "./_pack_engine.ts";
import type { PackEngine } from "./_pack_engine.ts";
import { factsOf, recordError, verifyFlags } from "./_pack_job.ts";
import { packObject } from "./_pack_object.ts";

/** Room for one object, kept for single reads. */
const SCRATCH_SIZE = 128 << 10;

/** Reads single objects through one engine. */
export class PackReads {
  readonly #engine: PackEngine;
  #scratch: Uint8Array<ArrayBuffer> | undefined;
  readonly #record = new Uint32Array(GIT_RECORD.LENGTH);

  constructor(engine: PackEngine) {
    this.#engine = engine;
  }

  /** Whether a pack has the object, or whether the pack `only` has it. */
  async has(id: GitObjectId, signal?: AbortSignal, only?: number): Promise<boolean> {
    const result = await this.#engine.settle(() => this.#engine.kernel.find(id.bytes, only), signal);
    if (result === RESULT.NOT_FOUND) return false;
    if (result !== RESULT.OK) throw this.#engine.kernel.error(result, `find object ${id}`);
    return true;
  }

  /** As `has`, at once; only where every file is read by the backend. */
  hasSync(id: GitObjectId): boolean {
    const result = this.#engine.kernel.find(id.bytes);
    if (result === RESULT.OK || result === RESULT.NOT_FOUND) return result === RESULT.OK;
    throw this.#engine.kernel.error(result, `find object ${id}`);
  }

  async info(id: GitObjectId, signal?: AbortSignal): Promise<GitObjectInfo> {
    const job = oneJob(this.#engine, id, 0);
    try {
      const record = new Uint32Array(GIT_RECORD.LENGTH);
      const planned = await this.#engine.settle(() => job.plan(), signal, job);
      const result = planned === RESULT.OK
        ? await this.#engine.settle(() => job.infos(record), signal, job)
        : planned;
      return infoOf(recordedFacts(this.#engine, result, record, id));
    } finally {
      job.close();
    }
  }

  async read(id: GitObjectId, options: GitReadOptions): Promise<GitObject> {
    const { signal } = options;
    signal?.throwIfAborted();
    if (this.#engine.isDirect) return this.readSync(id, options);
    const job = oneJob(this.#engine, id, verifyFlags(options));
    try {
      const planned = await this.#engine.settle(() => job.plan(), signal, job);
      if (planned !== RESULT.OK) throw this.#engine.kernel.error(planned, `find object ${id}`);
      const record = new Uint32Array(GIT_RECORD.LENGTH);
      let arena = new Uint8Array(SCRATCH_SIZE);
      while (true) {
        const result = await this.#engine.settle(() => job.next(arena, record), signal, job);
        if (job.recordCount === 1) {
          if ((record[GIT_RECORD.RESULT]! | 0) === RESULT.VALUE_TOO_LARGE) {
            return await largeObject(this.#engine, id, options);
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

  #object(
    result: number,
    record: Uint32Array,
    arena: Uint8Array<ArrayBuffer>,
    id: GitObjectId,
  ): MemoryObject {
    const facts = recordedFacts(this.#engine, result, record, id);
    const start = record[GIT_RECORD.START]!;
    return new MemoryObject(facts, arena.slice(start, start + facts.size));
  }

  /** As `read`, at once; only where every file is read by the backend. */
  readSync(id: GitObjectId, options: GitReadOptions): GitObject {
    const { kernel } = this.#engine;
    const job = oneJob(this.#engine, id, verifyFlags(options));
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

  #largeSync(id: GitObjectId, options: GitReadOptions, job: GitJobKernel): GitObject {
    const record = new Uint32Array(GIT_RECORD.LENGTH);
    return packObject(
      this.#engine,
      recordedFacts(this.#engine, job.infos(record), withoutSizeFault(record), id),
      options,
    );
  }
}

function oneJob(engine: PackEngine, id: GitObjectId, flags: number): GitJobKernel {
  return new GitJobKernel(engine.kernel, { ids: id.bytes, flags, threads: 1 });
}

/** Facts of the one record of a job, which is refused where it is a failure. */
function recordedFacts(engine: PackEngine, result: number, record: Uint32Array, id: GitObjectId): Facts {
  if (result !== RESULT.OK) throw engine.kernel.error(result, `find object ${id}`);
  const state = record[GIT_RECORD.RESULT]! | 0;
  if (state !== RESULT.OK) throw recordError(engine, state, id, record, 0);
  return factsOf(record, 0, id);
}

/** An object that is too large to be made ahead. */
export async function largeObject(
  engine: PackEngine,
  id: GitObjectId,
  options: GitReadOptions,
): Promise<GitObject> {
  const job = oneJob(engine, id, 0);
  try {
    const record = new Uint32Array(GIT_RECORD.LENGTH);
    await engine.settle(() => job.plan(), options.signal, job);
    const result = await engine.settle(() => job.infos(record), options.signal, job);
    return packObject(engine, recordedFacts(engine, result, record, id), options);
  } finally {
    job.close();
  }
}

/** A record whose only fault is that its object is large. */
function withoutSizeFault(record: Uint32Array): Uint32Array {
  if ((record[GIT_RECORD.RESULT]! | 0) === RESULT.VALUE_TOO_LARGE) record[GIT_RECORD.RESULT] = RESULT.OK;
  return record;
}
