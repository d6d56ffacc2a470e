/**
 * Parts of a file for engines that know nothing but .lz4.
 *
 * @module
 */

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

/** A part of the content, and where it is. */
export interface Lz4Split {
  /** Its number, from 0. */
  readonly id: number;
  /** Bytes of the content, end exclusive. */
  readonly decompressedRange: readonly [number, number];
  /** What to decode, in this order: one piece, or more where the split is in several frames. */
  readonly pieces: readonly Lz4Piece[];
}

/** How content is split: into so many parts, or into parts of about so many bytes. */
export interface Lz4SplitOptions {
  /** How many parts at most. */
  readonly count?: number | undefined;
  /** Content bytes of a part, at least, but for the last. */
  readonly bytes?: number | undefined;
}
