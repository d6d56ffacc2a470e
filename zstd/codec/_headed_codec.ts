/**
 * A codec that is chosen by the first bytes of its input, where choosing may take a promise.
 */
import type { PullCodec } from "@sluice/internal";

/** What the first bytes came to: a codec, and which of them it still has to read. */
export interface Opened {
  readonly codec: PullCodec;
  readonly rest: Uint8Array;
}

/** Collects the first bytes, opens the codec with them and hands everything after them to it. */
export class HeadedCodec implements PullCodec {
  readonly #open: (head: Uint8Array) => Promise<Opened>;
  readonly #head: Uint8Array<ArrayBuffer>;
  #headLength = 0;
  #chunk: Uint8Array | undefined;
  #ended = false;
  #closed = false;
  #codec: PullCodec | undefined;

  /** `open` gets `headSize` bytes, or all of a shorter input; bytes that it does not want go to the codec. */
  constructor(headSize: number, open: (head: Uint8Array) => Promise<Opened>) {
    this.#head = new Uint8Array(headSize);
    this.#open = open;
  }

  get needsInput(): boolean {
    return this.#codec?.needsInput ?? (!this.#ended && this.#headLength < this.#head.length);
  }

  get done(): boolean {
    return this.#codec?.done ?? false;
  }

  get offLoop(): boolean {
    return this.#codec?.offLoop ?? true;
  }

  write(chunk: Uint8Array): void {
    if (this.#codec !== undefined) return this.#codec.write(chunk);
    const part = chunk.subarray(0, this.#head.length - this.#headLength);
    this.#head.set(part, this.#headLength);
    this.#headLength += part.length;
    this.#chunk = chunk.subarray(part.length);
  }

  end(): void {
    this.#ended = true;
    this.#codec?.end();
  }

  read(target: Uint8Array<ArrayBuffer>, start: number): number {
    return this.#codec!.read(target, start);
  }

  async readAsync(target: Uint8Array<ArrayBuffer>, start: number): Promise<number> {
    if (this.needsInput) return 0;
    if (this.#codec === undefined) {
      const { codec, rest } = await this.#open(this.#head.subarray(0, this.#headLength));
      if (this.#closed) {
        codec.close();
        return 0;
      }
      this.#codec = codec;
      if (rest.length > 0) codec.write(rest);
      if (this.#chunk !== undefined && this.#chunk.length > 0) codec.write(this.#chunk);
      this.#chunk = undefined;
      if (this.#ended) codec.end();
      if (codec.needsInput || codec.done) return 0;
    }
    return await this.#codec.readAsync(target, start);
  }

  close(): void {
    this.#closed = true;
    this.#codec?.close();
  }
}
