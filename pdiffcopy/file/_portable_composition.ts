/**
 * Puts a file together from frames of a search by Deno's own calls, as `ffi/zig/pdiffcopy/composition.zig` does natively.
 */
import { BlockHasherKernel, hashBlocksInto } from "../kernel/hash.ts";
import type { SluiceError } from "@sluice/internal";
import type { Applied, BlockFile, Composing, SeedBlocks } from "./_block_file.ts";
import { failure } from "./_errors.ts";
import { FRAME, FRAME_HEADER_SIZE, readFrame, readSafe } from "./_frames.ts";
import type { Frame } from "./_frames.ts";

const COPY_SIZE = 1 << 20;

/** The failure for a frame that does not fit its place. */
export function misplaced(path: string, offset: number): SluiceError {
  return failure("PROTOCOL", `Cannot take a frame at byte ${offset} of ${path}: it does not fit`, { offset });
}

/** The failure for content that is not what the other side found. */
export function mismatch(path: string, offset: number): SluiceError {
  const state = "the content before it is not that of the source";
  return failure("VERIFY_FAILED", `Cannot write ${path} on from byte ${offset}: ${state}`, { offset });
}

/** One run over frames. */
export class PortableComposition {
  readonly #file: BlockFile;
  readonly #seed: SeedBlocks | undefined;
  readonly #composing: Composing;
  readonly #write: (offset: number, bytes: Uint8Array) => Promise<void>;
  #next = 0;
  #end = 0;
  #written = 0;

  constructor(
    file: BlockFile,
    seed: SeedBlocks | undefined,
    composing: Composing,
    write: (offset: number, bytes: Uint8Array) => Promise<void>,
  ) {
    this.#file = file;
    this.#seed = seed;
    this.#composing = composing;
    this.#write = write;
  }

  /** Takes whole frames from `pos` on; stops at a copy of blocks that the seed does not have. */
  async run(frames: Uint8Array, pos: number, next: number, end: number): Promise<Applied> {
    [this.#next, this.#end] = [next, end];
    let at = pos;
    while (frames.length - at >= FRAME_HEADER_SIZE) {
      const frame = readFrame(frames, at);
      if (frame.end > frames.length) break;
      if (frame.position !== this.#next) throw misplaced(this.#file.path, this.#next);
      if (!await this.#take(frame, frames.subarray(at, at + FRAME_HEADER_SIZE))) break;
      at = frame.end;
    }
    return { consumed: at - pos, next: this.#next, written: this.#written };
  }

  async #take({ type, payload }: Frame, head: Uint8Array): Promise<boolean> {
    const { chain } = this.#composing;
    switch (type) {
      case FRAME.COPY:
        return await this.#copy(payload, head);
      case FRAME.LITERAL:
        if (payload.length === 0 || payload.length > this.#end - this.#next) break;
        chain.update(head);
        chain.update(payload);
        await this.#put(payload);
        return true;
      case FRAME.HOLE: {
        const length = payload.length === 8 ? readSafe(payload, 0) : 0;
        if (!(length > 0 && length <= this.#end - this.#next)) break;
        chain.update(head);
        chain.update(payload);
        const zeros = new Uint8Array(Math.min(COPY_SIZE, length));
        for (let left = length; left > 0; left -= zeros.length) await this.#put(zeros.subarray(0, left));
        return true;
      }
      case FRAME.SUM:
        this.#checkSum(payload);
        return true;
    }
    throw misplaced(this.#file.path, this.#next);
  }

  async #put(bytes: Uint8Array): Promise<void> {
    await this.#write(this.#next, bytes);
    this.#next += bytes.length;
    this.#written += bytes.length;
  }

  async #copy(payload: Uint8Array, head: Uint8Array): Promise<boolean> {
    const { blockSize, hash, chain } = this.#composing;
    const seed = this.#seed;
    if (payload.length !== 16) throw misplaced(this.#file.path, this.#next);
    const [block, size] = [readSafe(payload, 0), readSafe(payload, 8)];
    if (!(size > 0 && size <= this.#end - this.#next)) throw misplaced(this.#file.path, this.#next);
    if (seed === undefined || !(block >= seed.first && block < seed.limit)) return false;
    if (Math.ceil(size / blockSize) > seed.limit - block) throw misplaced(this.#file.path, this.#next);
    chain.update(head);
    const offset = (block - seed.first) * blockSize;
    const stays = seed.file === this.#file && offset === this.#next;
    const batch = Math.max(1, Math.floor(COPY_SIZE / blockSize)) * blockSize;
    const buffer = new Uint8Array(Math.min(batch, size));
    for (let at = 0; at < size; at += batch) {
      const bytes = buffer.subarray(0, Math.min(batch, size - at));
      const count = await seed.file.read(offset + at, bytes);
      if (count < bytes.length) throw mismatch(this.#file.path, this.#next);
      const digests = new Uint8Array(Math.ceil(bytes.length / blockSize) * hash.digestSize);
      await hashBlocksInto(bytes, blockSize, hash, 1, digests, undefined);
      chain.update(digests);
      if (stays) this.#next += bytes.length;
      else await this.#put(bytes);
    }
    return true;
  }

  #checkSum(payload: Uint8Array): void {
    const composing = this.#composing;
    const found = composing.chain.finish();
    composing.chain[Symbol.dispose]();
    composing.chain = new BlockHasherKernel(composing.hash, undefined);
    if (found.toHex() !== payload.toHex()) throw mismatch(this.#file.path, this.#next);
  }
}
