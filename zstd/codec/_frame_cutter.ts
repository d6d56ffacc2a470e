/**
 * Cuts a stream into runs of whole frames that can be decoded on their own, by hopping over block headers.
 */
import { concatBytes, SluiceError } from "@sluice/internal";
import type { ZstdFrameInfo } from "../frame/_types.ts";
import { FrameWalker } from "../frame/_frame_walker.ts";

/** A frame of more bytes, on either side, is not held but decoded as it comes. */
export const FRAME_SIZE_MAX = 32 << 20;
/** Small frames go together until they have this much content: less is not worth a change of threads. */
const RUN_SIZE = 1 << 20;

/** Whole frames one after the other. */
export interface FrameRun {
  readonly kind: "frames";
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Frames with content. */
  readonly frameCount: number;
  /** The most bytes of content that they can have. */
  readonly bound: number;
  /** Headers of the frames with content; all have the same dictionary id. */
  readonly frames: readonly ZstdFrameInfo[];
}

/** Bytes that are decoded in order: part of one large frame, or everything after the last frame that was found. */
export interface FramePart {
  readonly kind: "part" | "rest";
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Whether the large frame ends here. */
  readonly last: boolean;
}

/** The most content that the blocks of a frame can have, or what it declares. */
function contentBound({ type, contentSize, blockCount, blockSizeMax }: ZstdFrameInfo): number {
  return type === "skippable" ? 0 : contentSize ?? blockCount * blockSizeMax;
}

/** Takes a stream in chunks of any size, which it copies. */
export class FrameCutter {
  readonly #walker = new FrameWalker();
  /** Bytes of the frame that has not ended. */
  #held: Uint8Array<ArrayBuffer>[] = [];
  #heldSize = 0;
  /** Where the chunk at hand starts in the stream. */
  #base = 0;
  /** Whether the frame that has not ended is passed on in parts. */
  #inParts = false;
  /** Whether frames can not be told apart any more. */
  #lost = false;

  /** Cuts the next chunk; whole frames never wait for the next one. */
  *push(chunk: Uint8Array): Generator<FrameRun | FramePart, void, undefined> {
    if (this.#lost) return yield { kind: "rest", bytes: chunk.slice(), last: false };
    let start = 0;
    let run: ZstdFrameInfo[] = [];
    let bound = 0;
    try {
      for (const frame of this.#walker.push(chunk)) {
        const end = frame.offset + frame.compressedSize - this.#base;
        const frameBound = contentBound(frame);
        const large = this.#inParts || frameBound > FRAME_SIZE_MAX;
        if (run.length > 0 && (large || bound + frameBound > RUN_SIZE || !sameDictionary(run, frame))) {
          const frameStart = frame.offset - this.#base;
          yield this.#run(chunk.subarray(start, frameStart), run, bound);
          [start, run, bound] = [frameStart, [], 0];
        }
        if (large) {
          yield { kind: "part", bytes: this.#take(chunk.subarray(start, end)), last: true };
          this.#inParts = false;
          start = end;
        } else {
          run.push(frame);
          bound += frameBound;
        }
        if (run.length > 0 && bound >= RUN_SIZE) {
          yield this.#run(chunk.subarray(start, end), run, bound);
          [start, run, bound] = [end, [], 0];
        }
      }
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      this.#lost = true;
      return yield {
        kind: this.#inParts ? "part" : "rest",
        bytes: this.#take(chunk.subarray(start)),
        last: false,
      };
    }
    const end = run.length === 0 ? start : run.at(-1)!.offset + run.at(-1)!.compressedSize - this.#base;
    if (run.length > 0) yield this.#run(chunk.subarray(start, end), run, bound);
    this.#base += chunk.length;
    yield* this.#hold(chunk.slice(end));
  }

  /** What is left when the input has ended: bytes of a frame that has not. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.#take(new Uint8Array());
  }

  *#hold(bytes: Uint8Array<ArrayBuffer>): Generator<FramePart, void, undefined> {
    if (bytes.length > 0) this.#held.push(bytes);
    this.#heldSize += bytes.length;
    const declared = this.#walker.header?.contentSize ?? 0;
    this.#inParts ||= Math.max(this.#heldSize, declared) > FRAME_SIZE_MAX;
    if (!this.#inParts || this.#heldSize === 0) return;
    yield { kind: "part", bytes: this.#take(new Uint8Array()), last: false };
  }

  #run(bytes: Uint8Array, frames: readonly ZstdFrameInfo[], bound: number): FrameRun {
    const withContent = frames.filter(({ type }) => type === "zstd");
    return {
      kind: "frames",
      bytes: this.#take(bytes),
      frameCount: withContent.length,
      bound,
      frames: withContent,
    };
  }

  /** The held bytes and those that follow them, as a copy. */
  #take(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
    const all = this.#held.length === 0 ? bytes.slice() : concatBytes([...this.#held, bytes.slice()]);
    this.#held = [];
    this.#heldSize = 0;
    return all;
  }
}

function sameDictionary(run: readonly ZstdFrameInfo[], frame: ZstdFrameInfo): boolean {
  const other = run.find(({ type }) => type === "zstd");
  return other === undefined || frame.type === "skippable" || other.dictId === frame.dictId;
}
