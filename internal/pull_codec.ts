/**
 * The contract between a codec and everything that drives it: streams, iterables and push engines.
 *
 * @module
 */
import { concatBytes } from "./bytes.ts";
import { countWork, isTurnDue, startSlice } from "./event_loop.ts";

/**
 * A codec that its consumer pulls: it holds one chunk of input and writes output only into buffers it is given, so the
 * memory in use never depends on how far the input expands.
 *
 * The driver calls `write` or `end` only while `needsInput` is true, and `read` until `needsInput` or `done`.
 */
export interface PullCodec {
  /** True when nothing more can be read before the next `write`, `end` or flush. */
  readonly needsInput: boolean;
  /** True when all output has been read. */
  readonly done: boolean;
  /** Whether a `read` is worth running off the event loop; then `readAsync` is used. */
  readonly offLoop: boolean;
  /** Hands over the next input; the codec keeps the view until it is used up and never changes it. */
  write(chunk: Uint8Array): void;
  /** Says that no more input comes. */
  end(): void;
  /** Fills `target` from `start` as far as input allows; returns how many bytes it wrote. */
  read(target: Uint8Array<ArrayBuffer>, start: number): number;
  /** As `read`, with the codec's work off the event loop where the backend has that. */
  readAsync(target: Uint8Array<ArrayBuffer>, start: number): Promise<number>;
  /** Frees what the codec holds; calling it again does nothing. */
  close(): void;
}

/** Growth of the pieces that output is collected in stops here. */
const MAX_COLLECTED_CHUNK = 8 << 20;

/**
 * Collects a codec's output into fresh arrays. A buffer that stayed mostly empty is kept for the next time and its few
 * bytes are copied out: most pushes of a compression give little or nothing.
 */
export class OutputCollector {
  readonly #chunkSize: number;
  #spare: Uint8Array<ArrayBuffer> | undefined;
  #failure: { readonly error: unknown } | undefined;

  /** A collector whose first buffer has `chunkSize` bytes; further ones of the same output grow. */
  constructor(chunkSize: number) {
    this.#chunkSize = chunkSize;
  }

  /**
   * Reads everything that the codec can give now, at most `maxOutput` bytes, into one fresh array. Output that comes
   * before a fault is returned; the next call throws.
   */
  collect(codec: PullCodec, maxOutput: number): Uint8Array<ArrayBuffer> {
    this.throwIfFailed();
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    let room = maxOutput;
    let size = this.#chunkSize;
    while (room > 0 && !codec.done && !codec.needsInput) {
      const target = this.#take(Math.min(size, room));
      let length: number;
      try {
        length = codec.read(target, 0);
      } catch (error) {
        this.#failure = { error };
        if (chunks.length === 0) throw error;
        break;
      }
      room -= length;
      if (length * 2 > target.length) {
        chunks.push(target.subarray(0, length));
      } else {
        if (length > 0) chunks.push(target.slice(0, length));
        this.#spare = target;
      }
      size = Math.min(size * 2, MAX_COLLECTED_CHUNK);
    }
    return concatBytes(chunks);
  }

  /** Throws the fault that the last output ended at. */
  throwIfFailed(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  #take(size: number): Uint8Array<ArrayBuffer> {
    const spare = this.#spare;
    if (spare?.length !== size) return new Uint8Array(size);
    this.#spare = undefined;
    return spare;
  }
}

/**
 * Reads everything that the codec can give now, at most `maxOutput` bytes, into one fresh array.
 *
 * @throws {unknown} What the codec throws, even after output.
 */
export function readAvailable(
  codec: PullCodec,
  chunkSize: number,
  maxOutput: number,
): Uint8Array<ArrayBuffer> {
  const collector = new OutputCollector(chunkSize);
  const output = collector.collect(codec, maxOutput);
  collector.throwIfFailed();
  return output;
}

/** Whether the next read runs off the event loop: where the codec says that this is worth it, or a turn is due. */
export function isReadAside(codec: PullCodec): boolean {
  return codec.offLoop || isTurnDue();
}

/** Reads on the event loop, and counts it. */
export function readCounted(codec: PullCodec, target: Uint8Array<ArrayBuffer>): number {
  const started = performance.now();
  const length = codec.read(target, 0);
  countWork(started);
  return length;
}

/** Reads off the event loop, or after a turn of it where the backend has no threads. */
export async function readAside(codec: PullCodec, target: Uint8Array<ArrayBuffer>): Promise<number> {
  const length = await codec.readAsync(target, 0);
  startSlice();
  return length;
}

/** Reads in the one way or the other. */
export async function readInTurn(codec: PullCodec, target: Uint8Array<ArrayBuffer>): Promise<number> {
  return isReadAside(codec) ? await readAside(codec, target) : readCounted(codec, target);
}

/** Reads a codec whose input has ended to its end, off the event loop where it says that this is worth it. */
export async function readToEnd(codec: PullCodec, chunkSize: number): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  for (let size = chunkSize; !codec.done; size = Math.min(size * 2, MAX_COLLECTED_CHUNK)) {
    const target = new Uint8Array(size);
    const length = await readInTurn(codec, target);
    if (length > 0) chunks.push(length * 2 > size ? target.subarray(0, length) : target.slice(0, length));
  }
  return concatBytes(chunks);
}
