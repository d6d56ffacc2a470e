/**
 * The kernel of one object as a stream within a memory budget.
 *
 * @module
 */
import { halves } from "./codec.ts";
import { handleOf, providePage, takeNeeds } from "./store.ts";
import { STEP, STEP_LENGTH } from "@sluice/ffi";
import type { Handle } from "@sluice/ffi";
import type { GitDecodeFunctions } from "./_abi/git_decode.gen.ts";
import type { GitPages, GitStoreKernel } from "./store.ts";

/** One object as a stream within a memory budget. */
export class GitObjectStreamKernel implements GitPages, Disposable {
  readonly #functions: GitDecodeFunctions;
  readonly #handle: Handle<GitDecodeFunctions>;
  readonly #step = new Uint32Array(STEP_LENGTH);

  /**
   * A stream of the object at an offset of a pack; the store stays until it is closed. A base beyond the budget goes to a
   * temporary file where a folder is named.
   */
  constructor(store: GitStoreKernel, pack: number, offset: number, budget: number, spillFolder: string = "") {
    const limit = Number.isFinite(budget) ? budget : -1;
    const folder = new TextEncoder().encode(spillFolder);
    this.#handle = handleOf(store).child({
      format: "git",
      action: "open an object",
      make: (functions, owner) =>
        functions.sluice_git_object_new(owner, pack, offset, limit, folder, 0, folder.length),
      free: "sluice_git_object_free",
    });
    this.#functions = this.#handle.library.functions;
  }

  /** Gets ready; returns a result, NEEDS_BYTES until all pages are there. */
  open(): number {
    return this.#functions.sluice_git_object_open(this.#handle.pointer, this.#step);
  }

  /** As `open`, off the event loop where the backend can. */
  openAsync(): Promise<number> {
    return this.#handle.run((pointer) => this.#functions.sluice_git_object_open_async(pointer, this.#step));
  }

  /** After `open`: the size of the object. */
  get size(): number {
    return halves(this.#step[STEP.VALUE_LOW]!, this.#step[STEP.VALUE_HIGH]!);
  }

  /** After `open`: the number of its type. */
  get kind(): number {
    return this.#step[STEP.DETAIL]!;
  }

  /** After `open`: how many deltas stand between it and a full object. */
  get depth(): number {
    return this.#step[STEP.HINT]!;
  }

  /** After `readAsync`: bytes that were written. */
  get produced(): number {
    return this.#step[STEP.PRODUCED]!;
  }

  /** Writes the next bytes, off the event loop where the backend can; FRAME_END with the last of them. */
  readAsync(target: Uint8Array, start: number, end: number): Promise<number> {
    return this.#handle.run((pointer) =>
      this.#functions.sluice_git_object_read_async(pointer, target, start, end, this.#step)
    );
  }

  /** As `GitPages`, also where the store is closed already. */
  needs(): Uint32Array {
    return takeNeeds(this.#functions, this.#handle.parentPointer);
  }

  /** As `GitPages`, also where the store is closed already. */
  provide(file: number, page: number, bytes: Uint8Array): number {
    return providePage(this.#functions, this.#handle.parentPointer, file, page, bytes);
  }

  /** Frees the stream; calling it again does nothing. */
  close(): void {
    this.#handle.close();
  }

  /** Frees the stream. */
  [Symbol.dispose](): void {
    this.close();
  }
}
