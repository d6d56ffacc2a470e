/**
 * A file that is put together from blocks of others, literal bytes and holes, in order from its start.
 */
import { BlockHasherKernel } from "../kernel/hash.ts";
import type { BlockFile, Composing, SeedBlocks } from "../file/_block_file.ts";
import { failure } from "../file/_errors.ts";
import {
  FRAME,
  FRAME_HEADER_SIZE,
  frameSize,
  PAYLOAD_SIZE_MAX,
  readFrame,
  readSafe,
} from "../file/_frames.ts";
import { misplaced } from "../file/_portable_composition.ts";
import type { HashSpec } from "../file/_hash_registry.ts";
import type { Place } from "./_signature.ts";
import type { LocalTarget } from "./_target.ts";

/** What became of frames. */
export interface Composed {
  /** Where the next must start. */
  readonly next: number;
  /** Bytes that were written. */
  readonly written: number;
}

/** Puts the new content of a target together. */
export class ComposedTarget implements Disposable {
  readonly #target: LocalTarget;
  readonly #size: number;
  readonly #composing: Composing;
  #next = 0;
  /** Whether frames came since the last sum. */
  #isOpen = false;

  /** Opens nothing: the target stays the caller's, and has begun. */
  constructor(target: LocalTarget, size: number, blockSize: number, hash: HashSpec) {
    this.#target = target;
    this.#size = size;
    this.#composing = { blockSize, hash, chain: new BlockHasherKernel(hash, undefined) };
  }

  /** Where the next frame must start. */
  get next(): number {
    return this.#next;
  }

  /** Takes whole frames; blocks are those of `places`. */
  async take(frames: Uint8Array<ArrayBuffer>, places: readonly Place[]): Promise<Composed> {
    const part = this.#target.part;
    if (part === undefined) throw new TypeError("Cannot put content together: the target has not begun");
    const sums = lastIsSum(frames);
    let [pos, written] = [0, 0];
    let seed: SeedBlocks | undefined;
    while (pos < frames.length) {
      const range = { next: this.#next, end: this.#size };
      const applied = await part.composeBlocks(seed, this.#composing, range, frames, pos);
      pos += applied.consumed;
      written += applied.written;
      this.#next = applied.next;
      if (pos < frames.length) seed = this.#seedOf(frames, pos, places, seed);
    }
    this.#isOpen = !(sums ?? !this.#isOpen);
    return { next: this.#next, written };
  }

  /** The file that has the blocks of the copy at `pos`. */
  #seedOf(
    frames: Uint8Array,
    pos: number,
    places: readonly Place[],
    last: SeedBlocks | undefined,
  ): SeedBlocks {
    const { type, payload } = readFrame(frames, pos);
    const block = type === FRAME.COPY && payload.length === 16 ? readSafe(payload, 0) : NaN;
    const place = places.find(({ first, limit }) => block >= first && block < limit);
    const file = place && this.#fileOf(place);
    if (place === undefined || file === undefined || place.first === last?.first) {
      throw misplaced(this.#target.name, this.#next);
    }
    return { file, first: place.first, limit: place.limit };
  }

  #fileOf({ kind, file }: Place): BlockFile | undefined {
    return kind === "old" ? this.#target.old : kind === "own" ? this.#target.part : file;
  }

  /** Fails unless all of the content came and was checked. */
  checkComplete(): void {
    if (this.#next === this.#size && !this.#isOpen) return;
    throw failure("TRUNCATED", `Cannot write ${this.#target.name}: the frames end at byte ${this.#next}`, {
      offset: this.#next,
    });
  }

  [Symbol.dispose](): void {
    this.#composing.chain[Symbol.dispose]();
  }
}

/** Whether the last of whole frames is a sum; undefined where there is none. */
function lastIsSum(frames: Uint8Array): boolean | undefined {
  let last: number | undefined;
  for (let pos = 0; pos < frames.length;) {
    const size = frameSize(frames, pos, frames.length, PAYLOAD_SIZE_MAX);
    if (size < FRAME_HEADER_SIZE || pos + size > frames.length) {
      throw failure("PROTOCOL", "Cannot take frames: the last one is cut off", { offset: pos });
    }
    last = frames[pos];
    pos += size;
  }
  return last === undefined ? undefined : last === FRAME.SUM;
}
