/**
 * Parts of a file for engines that know nothing but .lz4: pieces of it, and splits as plain values that go through JSON.
 *
 * @module
 */
import type { BackendChoice } from "@sluice/ffi";
import type { SluiceSplitFault, SluiceSplitOptions, SluiceSplitSource } from "@sluice/internal";
import type { Lz4DictionarySource } from "../codec/decompress_options.ts";

export type { SluiceSplitFault, SluiceSplitOptions, SluiceSplitSource } from "@sluice/internal";

/** Bytes of a compressed file that other tools decode by themselves. */
export interface Lz4Piece {
  /** Bytes of the compressed file, end exclusive. */
  readonly compressedRange: readonly [number, number];
  /** The content that is wanted of it, end exclusive. */
  readonly decompressedRange: readonly [number, number];
  /** "frames": the bytes are whole frames. "carve": prefix and suffix make them one. */
  readonly kind: "frames" | "carve";
  /** Bytes to put before. */
  readonly prefix: Uint8Array<ArrayBuffer>;
  /** Bytes to append. */
  readonly suffix: Uint8Array<ArrayBuffer>;
  /** How many decoded bytes precede the content that is wanted; there may be more after it. */
  readonly drop: number;
}

/** A piece of a split. Decode prefix, bytes of the file and suffix together, as one .lz4 file. */
export interface Lz4SplitPiece {
  /** Bytes of the compressed file, end exclusive. */
  readonly compressedRange: readonly [start: number, end: number];
  /** The content of the split that it holds, end exclusive. */
  readonly decompressedRange: readonly [start: number, end: number];
  /** "frames": the bytes are whole frames. "carve": prefix and suffix make them one. */
  readonly kind: "frames" | "carve";
  /** Bytes to put before, in base64; a frame header, and the history that linked blocks need. */
  readonly prefix: string;
  /** Bytes to append, in base64. */
  readonly suffix: string;
  /** Decoded bytes that precede the content of the split; there may be more after it. */
  readonly drop: number;
  /** Decoded bytes of the piece, `drop` and what follows the content included. */
  readonly size: number;
  /**
   * Bytes and XXH32 of each segment, where the index has hashes. Together the segments are the last decoded bytes of the
   * piece.
   */
  readonly segments?: readonly (readonly [size: number, hash: number])[] | undefined;
}

/** A range of the content, and what to decode for it. `JSON.parse(JSON.stringify(split))` is the same split. */
export interface Lz4Split {
  /** What this is. */
  readonly format: "lz4-split";
  /** The version of this form. */
  readonly version: 1;
  /** Its number, from 0. */
  readonly id: number;
  /** The file that it was planned for, decrypted where it is encrypted. */
  readonly source: SluiceSplitSource;
  /** Bytes of the content that belong to the split, end exclusive. */
  readonly decompressedRange: readonly [start: number, end: number];
  /** What to decode, in this order: one piece, or more where the split starts or ends inside one of several frames. */
  readonly pieces: readonly Lz4SplitPiece[];
  /** Damage in the split that the planner met; absent where it met none. Reading the split meets it again. */
  readonly fault?: SluiceSplitFault | undefined;
}

/** How content is divided. */
export interface Lz4SplitOptions extends SluiceSplitOptions {
  /** The dictionary that the file was made with. */
  readonly dictionary?: Lz4DictionarySource | undefined;
}

/** How a split is read. */
export interface Lz4ReadSplitOptions {
  /** The dictionary that the file was made with. */
  readonly dictionary?: Lz4DictionarySource | undefined;
  /** Compare content with the checksums of blocks and frames and the hashes of the plan. @default {true} */
  readonly verifyChecksums?: boolean | undefined;
  /** The most bytes of a split, compressed or decoded. @default {2 ** 30} */
  readonly maxSplitSize?: number | undefined;
  /** Threads that decode the blocks of independent frames, 1 to 64; native only. @default {1} */
  readonly threads?: number | undefined;
  /** The backend for this call. @default {what configureBackend says} */
  readonly backend?: BackendChoice | undefined;
  /** Gives the read up. */
  readonly signal?: AbortSignal | undefined;
}
