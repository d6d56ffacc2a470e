/**
 * Compressed frames from a source, where frames next to each other come with one read.
 */
import type { ByteSource } from "@sluice/internal";
import type { ZstdSeekFrame } from "./seek_index.ts";

/** One read brings at most this much, unless a single frame is larger. */
const READ_SIZE_MAX = 4 << 20;

/** Reads the frames of a run one after another, each as a view of the read that brought it. */
export class FrameRanges {
  readonly #source: ByteSource;
  readonly #frame: (index: number) => ZstdSeekFrame;
  readonly #isWanted: (index: number) => boolean;
  readonly #last: number;
  readonly #signal: AbortSignal | undefined;
  #end = -1;
  #offset = 0;
  #bytes: Promise<Uint8Array> | undefined;

  /** A run up to frame `last`; `isWanted` says which frames are going to be asked for. */
  constructor(
    source: ByteSource,
    frame: (index: number) => ZstdSeekFrame,
    isWanted: (index: number) => boolean,
    last: number,
    signal: AbortSignal | undefined,
  ) {
    this.#source = source;
    this.#frame = frame;
    this.#isWanted = isWanted;
    this.#last = last;
    this.#signal = signal;
  }

  /** The bytes of a frame; frames have to be asked for in order. */
  async read(index: number): Promise<Uint8Array> {
    if (index > this.#end) this.#start(index);
    const offset = this.#offset;
    const { compressedOffset, compressedSize } = this.#frame(index);
    const bytes = await this.#bytes!;
    return bytes.subarray(compressedOffset - offset, compressedOffset - offset + compressedSize);
  }

  #start(index: number): void {
    const first = this.#frame(index);
    let size = first.compressedSize;
    this.#end = index;
    while (this.#end < this.#last && this.#isWanted(this.#end + 1)) {
      const next = this.#frame(this.#end + 1);
      if (size + next.compressedSize > READ_SIZE_MAX) break;
      size += next.compressedSize;
      this.#end++;
    }
    this.#offset = first.compressedOffset;
    this.#bytes = this.#source.read(first.compressedOffset, size, { signal: this.#signal });
    this.#bytes.catch(() => {}); // told to those who asked for a frame
  }
}
