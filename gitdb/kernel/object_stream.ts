/**
 * The kernel of one object as a stream within a memory budget.
 *
 * @module
 */
import { handleOf, providePage, takeNeeds } from "./store.ts";
import { Kernel, STEP } from "@sluice/ffi";
import type { GitDecodeFunctions } from "./_abi/git_decode.gen.ts";
import type { GitPages, GitStoreKernel } from "./store.ts";

/** One object as a stream within a memory budget. */
export class GitObjectStreamKernel extends Kernel<GitDecodeFunctions> implements GitPages {
  /**
   * A stream of the object at an offset of a pack; the store stays until it is closed. A base beyond the budget goes to a
   * temporary file where a folder is named.
   */
  constructor(store: GitStoreKernel, pack: number, offset: number, budget: number, spillFolder: string = "") {
    const limit = Number.isFinite(budget) ? budget : -1;
    const folder = new TextEncoder().encode(spillFolder);
    super(() =>
      handleOf(store).child({
        format: "git",
        action: "open an object",
        make: (functions, owner) =>
          functions.sluice_git_object_new(owner, pack, offset, limit, folder, 0, folder.length),
        free: "sluice_git_object_free",
      })
    );
  }

  /** Gets ready; returns a result, NEEDS_BYTES until all pages are there. */
  open(): number {
    return this.functions.sluice_git_object_open(this.handle.pointer, this.report);
  }

  /** As `open`, off the event loop where the backend can. */
  openAsync(): Promise<number> {
    return this.callAside("sluice_git_object_open_async", this.report);
  }

  /** After `open`: the size of the object. */
  get size(): number {
    return this.reportedValue;
  }

  /** After `open`: the number of its type. */
  get kind(): number {
    return this.report[STEP.DETAIL]!;
  }

  /** After `open`: how many deltas stand between it and a full object. */
  get depth(): number {
    return this.report[STEP.HINT]!;
  }

  /** Writes the next bytes, off the event loop where the backend can; FRAME_END with the last of them. */
  readAsync(target: Uint8Array, start: number, end: number): Promise<number> {
    return this.callAside("sluice_git_object_read_async", target, start, end, this.report);
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
