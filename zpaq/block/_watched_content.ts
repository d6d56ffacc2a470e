/**
 * Content that is counted and hashed while it is read.
 */
import { ZpaqHashKernel } from "../kernel/hash.ts";
import { readChunks } from "@sluice/internal";
import type { ChunkSource } from "@sluice/internal";

/** One pass over the chunks of a source. */
export class WatchedContent {
  readonly #source: ChunkSource;
  readonly #hash: ZpaqHashKernel | undefined;
  readonly #signal: AbortSignal | undefined;
  /** Bytes so far. */
  size = 0;

  constructor(source: ChunkSource, hashed: boolean, signal: AbortSignal | undefined) {
    this.#source = source;
    this.#signal = signal;
    this.#hash = hashed ? new ZpaqHashKernel(undefined) : undefined;
  }

  async *chunks(): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
    for await (const chunk of readChunks(this.#source, this.#signal)) {
      this.size += chunk.length;
      this.#hash?.update(chunk);
      yield chunk as Uint8Array<ArrayBuffer>;
    }
  }

  /** The SHA-1 of the bytes so far, where it is kept. */
  digest(): Uint8Array<ArrayBuffer> | undefined {
    return this.#hash?.digest();
  }

  close(): void {
    this.#hash?.close();
  }
}
