/**
 * Decompression as a pull codec: the content of all segments, one after the other.
 */
import type { PullCodec } from "@sluice/internal";
import { ArchiveDecoder } from "./_archive_decoder.ts";
import type { DecompressSettings } from "./_decompress_options.ts";

/** One decompression from its first input byte to its last output byte. */
export class DecoderCodec implements PullCodec {
  readonly archive: ArchiveDecoder;
  readonly offLoop: boolean;
  #needsInput = true;
  #done = false;
  #closed = false;
  /** Thrown by the next read, after the output that came before it. */
  #failure: { readonly error: unknown } | undefined;

  constructor(settings: DecompressSettings, offLoop: boolean) {
    this.archive = new ArchiveDecoder(settings);
    this.offLoop = offLoop;
  }

  get needsInput(): boolean {
    return this.#needsInput && !this.#done && !this.archive.ended && this.#failure === undefined;
  }

  get done(): boolean {
    return this.#done;
  }

  write(chunk: Uint8Array): void {
    if (this.#closed) throw new TypeError("Cannot write to the decoder: it is closed");
    if (this.archive.ended) throw new TypeError("Cannot write to the decoder: its input has ended");
    this.archive.write(chunk);
    this.#needsInput = false;
  }

  end(): void {
    if (this.#closed) throw new TypeError("Cannot end the decoder: it is closed");
    this.archive.end();
    this.#needsInput = false;
  }

  read(target: Uint8Array<ArrayBuffer>, start: number): number {
    let at = start;
    while (this.#goesOn(target, at)) {
      try {
        const kind = this.archive.step(target, at);
        if (kind === "output") at += this.archive.produced;
        else if (this.#stops(kind)) break;
      } catch (error) {
        this.#failure = { error };
      }
    }
    return this.#answer(at - start);
  }

  async readAsync(target: Uint8Array<ArrayBuffer>, start: number): Promise<number> {
    let at = start;
    while (this.#goesOn(target, at)) {
      try {
        const kind = await this.archive.stepAsync(target, at);
        if (kind === "output") at += this.archive.produced;
        else if (this.#stops(kind)) break;
      } catch (error) {
        this.#failure = { error };
      }
    }
    return this.#answer(at - start);
  }

  #goesOn(target: Uint8Array, at: number): boolean {
    return at < target.length && !this.#done && this.#failure === undefined;
  }

  /** Ends a read: output first; a failure is thrown by the read that has nothing else to give. */
  #answer(length: number): number {
    if (length === 0 && this.#failure !== undefined) throw this.#failure.error;
    return length;
  }

  #stops(kind: string): boolean {
    if (kind === "end") this.#done = true;
    if (kind === "input") this.#needsInput = true;
    // What waits may be part of a chunk that its writer takes back.
    if (kind === "input") this.archive.buffer.detach();
    return kind === "end" || kind === "input";
  }

  close(): void {
    this.#closed = true;
    this.archive.close();
  }
}
