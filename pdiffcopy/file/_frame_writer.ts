/**
 * Frames of blocks that were compared in memory.
 */
import { FRAME, FRAME_HEADER_SIZE, writeHeader, writeSafe } from "./_frames.ts";

const RUN_SIZE = FRAME_HEADER_SIZE + 8;

/** Collects frames in a buffer; runs of one kind become one frame. */
export class FrameWriter {
  readonly target: Uint8Array<ArrayBuffer>;
  produced = 0;
  #run = { type: 0, start: 0, end: 0 };

  constructor(target: Uint8Array<ArrayBuffer>) {
    this.target = target;
  }

  /** Room that a block of these many bytes needs, with the run before it. */
  hasRoom(size: number): boolean {
    return this.produced + 2 * RUN_SIZE + size <= this.target.length;
  }

  run(type: number, start: number, end: number): void {
    if (this.#run.type !== type || this.#run.end !== start) this.flush();
    if (this.#run.end === this.#run.start) this.#run = { type, start, end };
    else this.#run.end = end;
  }

  data(position: number, digest: Uint8Array, block: Uint8Array): void {
    this.flush();
    writeHeader(this.target, this.produced, FRAME.DATA, digest.length + block.length, position);
    this.target.set(digest, this.produced + FRAME_HEADER_SIZE);
    this.target.set(block, this.produced + FRAME_HEADER_SIZE + digest.length);
    this.produced += FRAME_HEADER_SIZE + digest.length + block.length;
  }

  flush(): void {
    const { type, start, end } = this.#run;
    if (end === start) return;
    writeHeader(this.target, this.produced, type, 8, start);
    writeSafe(this.target, this.produced + FRAME_HEADER_SIZE, end - start);
    this.produced += RUN_SIZE;
    this.#run = { type: 0, start: 0, end: 0 };
  }
}
