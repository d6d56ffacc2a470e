/**
 * Compression as a pull codec: content is collected to blocks, and each block is compressed as a whole.
 */
import type { PullCodec } from "@sluice/internal";
import { encodeBlock, encodeBlockAsync } from "./_block_encoder.ts";
import type { BlockRequest } from "./_block_encoder.ts";
import { requestOf } from "./_block_split.ts";
import type { CompressSettings } from "./_compress_options.ts";

const FIRST_ROOM = 64 << 10;

/** One compression from its first input byte to its last output byte. */
export class EncoderCodec implements PullCodec {
  readonly offLoop: boolean;
  readonly #settings: CompressSettings;
  #block = new Uint8Array(FIRST_ROOM);
  #filled = 0;
  #chunk: Uint8Array = new Uint8Array();
  #blockCount = 0;
  #ended = false;
  #closed = false;
  #output: Uint8Array<ArrayBuffer> = new Uint8Array();

  constructor(settings: CompressSettings, offLoop: boolean) {
    this.#settings = settings;
    this.offLoop = offLoop;
  }

  get needsInput(): boolean {
    return !this.#ended && this.#output.length === 0 && this.#chunk.length === 0;
  }

  get done(): boolean {
    return this.#ended && this.#output.length === 0 && this.#chunk.length === 0 && this.#filled === 0 &&
      this.#blockCount > 0;
  }

  write(chunk: Uint8Array): void {
    if (this.#closed) throw new TypeError("Cannot write to the encoder: it is closed");
    if (this.#ended) throw new TypeError("Cannot write to the encoder: its input has ended");
    this.#chunk = chunk;
  }

  end(): void {
    if (this.#closed) throw new TypeError("Cannot end the encoder: it is closed");
    this.#ended = true;
  }

  /** Fills the block; returns it when it is full or the last one. */
  #nextBlock(): BlockRequest | undefined {
    const { blockSize } = this.#settings;
    const count = Math.min(blockSize - this.#filled, this.#chunk.length);
    if (this.#filled + count > this.#block.length) {
      const room = new Uint8Array(
        Math.min(blockSize, Math.max(2 * this.#block.length, this.#filled + count)),
      );
      room.set(this.#block.subarray(0, this.#filled));
      this.#block = room;
    }
    this.#block.set(this.#chunk.subarray(0, count), this.#filled);
    this.#filled += count;
    this.#chunk = this.#chunk.subarray(count);
    const last = this.#ended && this.#chunk.length === 0 && (this.#filled > 0 || this.#blockCount === 0);
    if (this.#filled < blockSize && !last) return undefined;
    const request = requestOf(this.#block.subarray(0, this.#filled), this.#settings, this.#blockCount === 0);
    this.#blockCount++;
    this.#filled = 0;
    return request;
  }

  #give(target: Uint8Array, start: number): number {
    const count = Math.min(this.#output.length, target.length - start);
    target.set(this.#output.subarray(0, count), start);
    this.#output = this.#output.subarray(count);
    return count;
  }

  read(target: Uint8Array<ArrayBuffer>, start: number): number {
    if (this.#output.length === 0 && !this.done) {
      const request = this.#nextBlock();
      if (request !== undefined) this.#output = encodeBlock(request);
    }
    return this.#give(target, start);
  }

  async readAsync(target: Uint8Array<ArrayBuffer>, start: number): Promise<number> {
    if (this.#output.length === 0 && !this.done) {
      const request = this.#nextBlock();
      if (request !== undefined) this.#output = await encodeBlockAsync(request);
    }
    return this.#give(target, start);
  }

  close(): void {
    this.#closed = true;
    this.#block = new Uint8Array();
    this.#chunk = new Uint8Array();
  }
}
