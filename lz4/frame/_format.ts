/**
 * The byte layout of LZ4 streams, as the frame format 1.6.4 and the block format of lz4 1.10.0 define it.
 */

/** First four bytes of a frame, as a little-endian number. */
export const FRAME_MAGIC = 0x184d2204;
/** First four bytes of a legacy frame. */
export const LEGACY_MAGIC = 0x184c2102;
/** Skippable frames start with this number plus 0 to 15. */
export const SKIPPABLE_MAGIC = 0x184d2a50;
/** The skippable frames that hold an index of ours. */
export const INDEX_MAGIC = 0x184d2a5d;
/** Bytes of a magic number, a block word, a checksum. */
export const WORD_SIZE = 4;
/** Magic, FLG, BD and header checksum. */
export const FRAME_HEADER_SIZE_MIN = 7;
/** With content size and dictionary id. */
export const FRAME_HEADER_SIZE_MAX = 19;
/** Magic and size. */
export const SKIPPABLE_HEADER_SIZE = 8;
/** A block word with this bit set holds stored bytes. */
export const STORED_BIT = 0x80000000;
/** Legacy blocks decode to at most this. */
export const LEGACY_BLOCK_MAX = 8 << 20;
/** A legacy word above this is no block size: the frame has ended. */
export const LEGACY_WORD_MAX = LEGACY_BLOCK_MAX + Math.floor(LEGACY_BLOCK_MAX / 255) + 16;
/** No match reaches back further. */
export const HISTORY_MAX = 65535;
/** Content is at most this many times its compressed size. */
export const EXPANSION_MAX = 255;
/** Bits of FLG. */
export const FLG = {
  DICT_ID: 1,
  RESERVED: 2,
  CONTENT_CHECKSUM: 4,
  CONTENT_SIZE: 8,
  BLOCK_CHECKSUM: 16,
  INDEPENDENT: 32,
  VERSION_SHIFT: 6,
} as const;
/** The only version of the frame format. */
export const FORMAT_VERSION = 1;
/** The smallest and largest number of a block maximum. */
export const BLOCK_ID_MIN = 4;
/** The largest number of a block maximum. */
export const BLOCK_ID_MAX = 7;

/** The block maximum that a number of the format stands for, 4 to 7. */
export function blockMaxOf(id: number): number {
  return 1 << (8 + 2 * id);
}

/** The numbers that lz4's own frame library gives to failures (LZ4F_errorCodes), by our code. */
export const LZ4F_ERRNO: Readonly<Record<string, number>> = {
  BLOCK_SIZE_ID: 2,
  BLOCK_TOO_LARGE: 2,
  VERSION: 6,
  BLOCK_CHECKSUM: 7,
  RESERVED: 8,
  HEADER_INCOMPLETE: 12,
  BAD_MAGIC: 13,
  CONTENT_SIZE: 14,
  BLOCK_CORRUPT: 16,
  DICT_REQUIRED: 16,
  HEADER_CHECKSUM: 17,
  CONTENT_CHECKSUM: 18,
};
