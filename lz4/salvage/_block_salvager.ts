/**
 * Decoding single blocks of a damaged frame.
 */
import { LZ4_DECODE_FLAG, Lz4DecoderKernel, RESULT } from "../kernel/decoder.ts";
import type { Lz4FrameHeader } from "../frame/frame_header.ts";

const WINDOW_SIZE = 1 << 16;
const REASONS: ReadonlyMap<number, string> = new Map([
  [RESULT.BLOCK_CHECKSUM, "BLOCK_CHECKSUM"],
  [RESULT.BLOCK_TOO_LARGE, "BLOCK_TOO_LARGE"],
]);

/** One context that blocks go through, one at a time. */
export class BlockSalvager {
  readonly #kernel = new Lz4DecoderKernel({ maxMemory: 0, backend: undefined });
  readonly #dictionary: Uint8Array;
  #target: Uint8Array<ArrayBuffer> = new Uint8Array();
  #flags = 0;

  constructor(dictionary: Uint8Array | undefined) {
    this.#dictionary = dictionary ?? new Uint8Array();
  }

  /** Starts a frame. */
  begin(info: Lz4FrameHeader): void {
    this.#flags = (info.linked ? LZ4_DECODE_FLAG.LINKED : 0) |
      (info.blockChecksums ? LZ4_DECODE_FLAG.BLOCK_CHECKSUM | LZ4_DECODE_FLAG.VERIFY_BLOCK : 0) |
      (info.type === "legacy" ? LZ4_DECODE_FLAG.LEGACY : 0);
    this.#restart(info.blockMax, this.#dictionary);
    if (this.#target.length < info.blockMax) this.#target = new Uint8Array(info.blockMax);
  }

  /** Goes on after lost content of a linked frame: zeros stand for what is not known. */
  lose(info: Lz4FrameHeader): void {
    this.#restart(info.blockMax, info.linked ? new Uint8Array(WINDOW_SIZE) : this.#dictionary);
  }

  /** A block's content, or what is wrong with it. */
  decode(block: Uint8Array): Uint8Array<ArrayBuffer> | string {
    const result = this.#kernel.run(block, 0, block.length, this.#target, 0, this.#target.length, 0);
    if (result < 0 || this.#kernel.consumed !== block.length) return REASONS.get(result) ?? "BLOCK_CORRUPT";
    return this.#target.slice(0, this.#kernel.produced);
  }

  /** Frees the context. */
  close(): void {
    this.#kernel.close();
  }

  #restart(blockMax: number, history: Uint8Array): void {
    const result = this.#kernel.begin(this.#flags, blockMax, history);
    if (result < 0) throw this.#kernel.error(result, "recover lz4 data");
  }
}
