/**
 * Ids of a bulk call that are none: each becomes one failed result, and the others are looked up without them.
 */
import { SluiceError } from "@sluice/internal";
import { GitObjectId, HASH_SIZE } from "./_object_id.ts";
import type { GitHashAlgorithm, GitIdLike } from "./_object_id.ts";
import type { GitBulkOptions, GitResult } from "./object.ts";

type Failure = GitResult<never>;

/** Why a value is no id of this algorithm; undefined where it is one. */
function faultOf(value: GitIdLike, algorithm: GitHashAlgorithm): SluiceError | undefined {
  if (value instanceof GitObjectId && value.algorithm === algorithm) return undefined;
  if (value instanceof Uint8Array && value.length === HASH_SIZE[algorithm]) return undefined;
  try {
    GitObjectId.from(value, algorithm);
    return undefined;
  } catch (error) {
    return new SluiceError((error as Error).message, { format: "git", code: "BAD_ID", cause: error });
  }
}

/** A window of ids without those that are none. */
export class IdSieve {
  /** What is left. */
  readonly ids: readonly GitIdLike[];
  readonly #start: number;
  /** By row of `ids`, its row in the window; undefined where nothing was taken out. */
  readonly #rows: readonly number[] | undefined;
  readonly #failures: readonly Failure[];
  #told = 0;

  /** Looks at a window whose first id has the number `start`. */
  constructor(ids: readonly GitIdLike[], start: number, algorithm: GitHashAlgorithm) {
    const failures: Failure[] = [];
    for (const [row, id] of ids.entries()) {
      const error = faultOf(id, algorithm);
      if (error !== undefined) {
        failures.push({ ok: false, index: start + row, id: GitObjectId.zero(algorithm), error });
      }
    }
    this.#start = start;
    this.#failures = failures;
    if (failures.length === 0) {
      this.ids = ids;
      this.#rows = undefined;
      return;
    }
    const bad = new Set(failures.map(({ index }) => index - start));
    const rows = Array.from(ids.keys()).filter((row) => !bad.has(row));
    this.ids = rows.map((row) => ids[row]!);
    this.#rows = rows;
  }

  /** Whether nothing was taken out. */
  get isClean(): boolean {
    return this.#rows === undefined;
  }

  #indexOf(index: number): number {
    return this.#start + this.#rows![index - this.#start]!;
  }

  /** The options of a call for what is left. */
  options(options: GitBulkOptions): GitBulkOptions {
    const { onMissing } = options;
    if (onMissing === undefined) return options;
    return { ...options, onMissing: (index, id) => onMissing(this.#indexOf(index), id) };
  }

  /** Results with the numbers that they have in the window, each after the failures of ids before it. */
  merge<T>(results: readonly GitResult<T>[]): GitResult<T>[] {
    const merged: GitResult<T>[] = [];
    for (const result of results) {
      const index = this.#indexOf(result.index);
      merged.push(...this.#failuresBefore(index), { ...result, index });
    }
    return merged;
  }

  /** Failures that are not told yet. */
  rest(): Failure[] {
    return this.#failuresBefore(Infinity);
  }

  #failuresBefore(index: number): Failure[] {
    const from = this.#told;
    while (this.#told < this.#failures.length && this.#failures[this.#told]!.index < index) this.#told++;
    return this.#failures.slice(from, this.#told);
  }
}
