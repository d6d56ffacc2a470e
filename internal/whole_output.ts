/**
 * The output of a codec whose content is wanted as one array: allocated once where its size is known or bounded, else
 * grown in few steps, and never much larger in memory than the content itself.
 */
import { releaseBuffer } from "./host.ts";
import { readInTurn } from "./pull_codec.ts";
import type { PullCodec } from "./pull_codec.ts";

/** The output limit of whole values, in bytes: what the smallest platforms can hold. */
export const WHOLE_OUTPUT_SIZE_MAX = 256 << 20;

/** A first target that was too small grows at least to this: memory that is not written to costs nothing. */
const GROWN_SIZE_MIN = 64 << 20;
const GROWTH = 4;
/** Bytes of one read: lengths that cross the native boundary have 32 bits. */
const READ_SIZE_MAX = 1 << 30;
/** Room that shows whether more content follows a full target. */
const PROBE_SIZE = 1;

/** How a whole output is read. */
export interface WholeOutputPlan {
  /** Bytes that are allocated first: the size of the content, a bound, or a guess. */
  readonly expected: number;
  /** The most bytes that the codec returns; it fails by itself where there are more. */
  readonly limit: number;
  /** The most bytes of one read. */
  readonly pieceSize: number;
}

/** Collects the output of one codec. */
class WholeOutput {
  readonly #plan: WholeOutputPlan;
  readonly #probe = new Uint8Array(PROBE_SIZE);
  #target: Uint8Array<ArrayBuffer>;
  #length = 0;

  constructor(plan: WholeOutputPlan) {
    this.#plan = plan;
    this.#target = new Uint8Array(Math.min(plan.expected, plan.limit));
  }

  /** Where the next output goes; a full target is probed for the end of the content before it grows. */
  room(): Uint8Array<ArrayBuffer> {
    if (this.#length === this.#target.length) return this.#probe;
    return this.#target.subarray(this.#length, this.#length + Math.min(this.#plan.pieceSize, READ_SIZE_MAX));
  }

  /** Books `length` bytes that were read into `room`. */
  add(room: Uint8Array<ArrayBuffer>, length: number): void {
    if (room === this.#probe && length > 0) {
      this.#grow();
      this.#target.set(room, this.#length);
    }
    this.#length += length;
  }

  #grow(): void {
    const wanted = Math.max(GROWN_SIZE_MIN, this.#length * GROWTH);
    const grown = new Uint8Array(Math.max(Math.min(this.#plan.limit, wanted), this.#length + PROBE_SIZE));
    grown.set(this.#target);
    releaseBuffer(this.#target);
    this.#target = grown;
  }

  /** The content; a target that stayed mostly empty is not kept alive by it. */
  get content(): Uint8Array<ArrayBuffer> {
    const { length } = this.#target;
    if (this.#length === length) return this.#target;
    return this.#length * 2 > length
      ? this.#target.subarray(0, this.#length)
      : this.#target.slice(0, this.#length);
  }
}

/**
 * Reads a codec whose input has ended to its end, into one array.
 *
 * @throws {unknown} What the codec throws.
 */
export function readWhole(codec: PullCodec, plan: WholeOutputPlan): Uint8Array<ArrayBuffer> {
  const output = new WholeOutput(plan);
  while (!codec.done) {
    const room = output.room();
    output.add(room, codec.read(room, 0));
  }
  return output.content;
}

/** As `readWhole`, off the event loop where the codec says that this is worth it, and in turns with it otherwise. */
export async function readWholeAsync(
  codec: PullCodec,
  plan: WholeOutputPlan,
): Promise<Uint8Array<ArrayBuffer>> {
  const output = new WholeOutput(plan);
  while (!codec.done) {
    const room = output.room();
    output.add(room, await readInTurn(codec, room));
  }
  return output.content;
}
