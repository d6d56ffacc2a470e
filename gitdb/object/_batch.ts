/**
 * A batch of results over one piece of memory.
 */
import type { GitObject, GitObjectBatch, GitResult } from "./object.ts";

/** Results, and what takes their memory back. */
export class ResultBatch implements GitObjectBatch {
  readonly buffer: Uint8Array<ArrayBuffer>;
  readonly results: readonly GitResult<GitObject>[];
  readonly #release: (() => void) | undefined;
  #released = false;

  constructor(
    buffer: Uint8Array<ArrayBuffer>,
    results: readonly GitResult<GitObject>[],
    release?: () => void,
  ) {
    this.buffer = buffer;
    this.results = results;
    this.#release = release;
  }

  get length(): number {
    return this.results.length;
  }

  [Symbol.iterator](): Iterator<GitResult<GitObject>> {
    return this.results[Symbol.iterator]();
  }

  [Symbol.dispose](): void {
    if (this.#released) return;
    this.#released = true;
    this.#release?.();
  }
}

/** Batches as one, whose results are in the order of their numbers. */
export function orderedBatch(batches: readonly GitObjectBatch[]): ResultBatch {
  return new ResultBatch(
    batches[0]?.buffer as Uint8Array<ArrayBuffer> | undefined ?? new Uint8Array(),
    batches.flatMap((batch) => batch.results).sort((a, b) => a.index - b.index),
    () => batches.forEach((batch) => batch[Symbol.dispose]()),
  );
}
