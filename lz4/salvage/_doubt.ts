/**
 * Judging blocks that are shorter than they might be: flushed, or damaged. Only the end of their frame shows which, so
 * what follows the first of them waits for it.
 */
import type { Lz4Damage, Lz4RecoveredContent } from "./_types.ts";

/** Content that waits at most; with more of it the doubt stays. */
const HELD_SIZE_MAX = 64 << 20;

/** The parts of one frame from its first short block on. */
export class Doubt {
  #parts: (Lz4RecoveredContent | Lz4Damage)[] | undefined;
  #size = 0;

  /** Whether parts wait. */
  get open(): boolean {
    return this.#parts !== undefined;
  }

  /** Whether so much waits that the frame's end can't be awaited. */
  get full(): boolean {
    return this.#size > HELD_SIZE_MAX;
  }

  /** Starts to wait. */
  begin(): void {
    this.#parts ??= [];
  }

  /** Takes parts that wait, with the marks that they have if the short block is damaged. */
  hold(parts: readonly (Lz4RecoveredContent | Lz4Damage)[]): void {
    this.#parts!.push(...parts);
    for (const part of parts) this.#size += part.kind === "content" ? part.bytes.length : 0;
  }

  /** Everything that waits: as it was marked, or without marks when the frame has proved to be sound. */
  *end(sound: boolean): Generator<Lz4RecoveredContent | Lz4Damage, void, undefined> {
    const parts = this.#parts ?? [];
    this.#parts = undefined;
    this.#size = 0;
    for (const part of parts) {
      if (!sound) yield part;
      else if (part.kind === "content") yield { ...part, suspect: false, suspectRanges: [] };
    }
  }
}
