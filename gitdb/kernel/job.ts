/**
 * The kernel of jobs: many objects of a store at once.
 *
 * @module
 */
import { handleOf, providePage, takeNeeds } from "./store.ts";
import { Kernel, STEP } from "@sluice/ffi";
import type { GitDecodeFunctions } from "./_abi/git_decode.gen.ts";
import type { GitPages, GitStoreKernel } from "./store.ts";

/** What a job is made with. */
export interface GitJobKernelOptions {
  /** Ids in one piece; with `pack`, those that the entries should have, or none. */
  readonly ids: Uint8Array;
  /** The pack that `offsets` are in. */
  readonly pack?: number | undefined;
  /** Halves of the offsets of entries, the lower first. */
  readonly offsets?: Uint32Array | undefined;
  /** Bits of `GIT_JOB_FLAG`. */
  readonly flags: number;
  /** Threads, where the backend has them. */
  readonly threads: number;
}

/** Reads many objects of a store. */
export class GitJobKernel extends Kernel<GitDecodeFunctions> implements GitPages {
  /** Starts a job; the store stays until it is closed. */
  constructor(store: GitStoreKernel, options: GitJobKernelOptions) {
    const { ids, offsets, pack, flags, threads } = options;
    super(() =>
      handleOf(store).child({
        format: "git",
        action: "start a job",
        make: (functions, owner) =>
          offsets === undefined
            ? functions.sluice_git_job_new(owner, ids, 0, ids.length, flags, threads)
            : functions.sluice_git_job_new_at(
              owner,
              pack!,
              offsets,
              offsets.length,
              ids,
              0,
              ids.length,
              flags,
              threads,
            ),
        free: "sluice_git_job_free",
      })
    );
  }

  /** Finds the objects; returns a result, NEEDS_BYTES until all pages are there. */
  plan(): number {
    return this.functions.sluice_git_job_plan(this.handle.pointer);
  }

  /** As `plan`, off the event loop where the backend can. */
  planAsync(): Promise<number> {
    return this.callAside("sluice_git_job_plan_async");
  }

  /** Writes a record for every item, in their order. */
  infos(records: Uint32Array): number {
    return this.functions.sluice_git_job_infos(this.handle.pointer, records, records.length);
  }

  /** As `infos`, off the event loop where the backend can. */
  infosAsync(records: Uint32Array): Promise<number> {
    return this.callAside("sluice_git_job_infos_async", records, records.length);
  }

  /** Makes objects until the job is done or the arena or the records are full. */
  next(arena: Uint8Array, records: Uint32Array): number {
    const { length } = records;
    return this.functions.sluice_git_job_next(
      this.handle.pointer,
      arena,
      0,
      arena.length,
      records,
      length,
      this.report,
    );
  }

  /** As `next`, off the event loop where the backend can. */
  nextAsync(arena: Uint8Array, records: Uint32Array): Promise<number> {
    const { length } = records;
    return this.callAside("sluice_git_job_next_async", arena, 0, arena.length, records, length, this.report);
  }

  /** Records that the last `next` wrote. */
  get recordCount(): number {
    return this.report[STEP.DETAIL]!;
  }

  /** Room that the largest object needs which did not fit. */
  get wanted(): number {
    return this.report[STEP.HINT]!;
  }

  /** As `GitPages`, also where the store is closed already. */
  needs(): Uint32Array {
    return takeNeeds(this.functions, this.handle.parentPointer);
  }

  /** As `GitPages`, also where the store is closed already. */
  provide(file: number, page: number, bytes: Uint8Array): number {
    return providePage(this.functions, this.handle.parentPointer, file, page, bytes);
  }
}
