/**
 * What a decoder is at a boundary: the record that checkpoints are made of.
 */
import type { Lz4FrameHeader } from "../frame/frame_header.ts";

/** What the next input byte belongs to. Numbers are part of the S4CK format; the others of 0 to 10 are reserved. */
export const PHASE = {
  HEADER: 0,
  BLOCK: 2,
  STORED: 3,
  BLOCK_DATA: 4,
  CONTENT_CHECKSUM: 6,
  SKIPPABLE: 7,
  LEGACY_BLOCK: 8,
  LEGACY_DATA: 9,
  DONE: 10,
} as const;

/** What tells a dictionary from others. */
export interface DictionaryPrint {
  /** Its id in the frame header, 0 for none. */
  readonly id: number;
  /** Bytes that count, at most 64 KiB. */
  readonly size: number;
  /** XXH32 of those bytes with the seeds 0 to 3. */
  readonly hashes: readonly number[];
}

/** A decoder's state at a boundary. */
export interface DecoderState {
  /** One of `PHASE`. */
  readonly phase: number;
  /** The open frame. */
  readonly info: Lz4FrameHeader | undefined;
  /** Absolute input offset. */
  readonly compressedOffset: number;
  /** Absolute output offset. */
  readonly decompressedOffset: number;
  /** Input bytes of the open frame. */
  readonly frameIn: number;
  /** Content bytes of the open frame. */
  readonly frameOut: number;
  /** Blocks of the open frame. */
  readonly blockCount: number;
  /** Bytes of a skippable frame's payload that are still to pass, or of a stored block whose start was given out. */
  readonly remaining: number;
  /** Whether checksums are verified. */
  readonly verify: boolean;
  /** State of the content's XXH32. */
  readonly hash: Uint32Array | undefined;
  /** History of a linked frame, the last 65,535 bytes of it. */
  readonly window: Uint8Array<ArrayBuffer>;
  /** The open frame's dictionary. */
  readonly dictionary: DictionaryPrint | undefined;
  /** An incomplete unit that was read already. */
  readonly carry: Uint8Array<ArrayBuffer>;
}
