/**
 * What salvage yields.
 */

/** Bytes of the file that gave nothing. */
export interface Lz4Damage {
  /** What this part is. */
  readonly kind: "damage";
  /** Bytes of the file, end exclusive. */
  readonly compressedRange: readonly [number, number];
  /** How much content was lost, where the blocks around tell; undefined where that is not known. */
  readonly size: number | undefined;
  /**
   * What is wrong, a code such as "BLOCK_CHECKSUM". "CONTENT_CHECKSUM" and "CONTENT_SIZE" lose nothing: every block of the
   * frame decoded, but its content is not what the frame says. "BLOCK_SHORT" is a block that decodes to less than a block
   * holds, in the middle of a frame that declares its size, has no checksums of blocks, and does not end as it says.
   */
  readonly reason: string;
}

/** Content that decoded. */
export interface Lz4RecoveredContent {
  /** What this part is. */
  readonly kind: "content";
  /** Bytes of the file that it comes from, end exclusive. */
  readonly compressedRange: readonly [number, number];
  /** The content of one block. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Whether some of it derives from content that was lost, directly or by copies of copies. */
  readonly suspect: boolean;
  /** The bytes that do, as ranges of `bytes`, end exclusive; all others are right if the block is. */
  readonly suspectRanges: readonly (readonly [number, number])[];
}
