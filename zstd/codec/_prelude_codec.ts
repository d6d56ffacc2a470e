/**
 * Bytes before a codec's output, which may take a promise to make: a hash, for example.
 */
import type { PullCodec } from "@sluice/internal";

/** Gives the prelude first, then everything that the codec gives. */
export class PreludeCodec implements PullCodec {
  readonly #codec: PullCodec;
  readonly #promise: Promise<Uint8Array> | undefined;
  #prelude: Uint8Array | undefined;
  #pos = 0;

  /** Owns the codec. */
  constructor(codec: PullCodec, prelude: Uint8Array | Promise<Uint8Array>) {
    this.#codec = codec;
    if (prelude instanceof Uint8Array) this.#prelude = prelude;
    else {
      this.#promise = prelude;
      prelude.catch(() => {}); // told by the first read
    }
  }

  get needsInput(): boolean {
    return this.#isOver && this.#codec.needsInput;
  }

  get done(): boolean {
    return this.#isOver && this.#codec.done;
  }

  get offLoop(): boolean {
    return this.#prelude === undefined || this.#codec.offLoop;
  }

  get #isOver(): boolean {
    return this.#pos === this.#prelude?.length;
  }

  write(chunk: Uint8Array): void {
    this.#codec.write(chunk);
  }

  end(): void {
    this.#codec.end();
  }

  read(target: Uint8Array<ArrayBuffer>, start: number): number {
    if (this.#isOver) return this.#codec.read(target, start);
    const part = this.#prelude!.subarray(this.#pos, this.#pos + target.length - start);
    target.set(part, start);
    this.#pos += part.length;
    return part.length;
  }

  async readAsync(target: Uint8Array<ArrayBuffer>, start: number): Promise<number> {
    this.#prelude ??= await this.#promise!;
    return this.#isOver ? await this.#codec.readAsync(target, start) : this.read(target, start);
  }

  close(): void {
    this.#codec.close();
  }
}
