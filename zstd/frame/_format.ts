/**
 * The byte layout of zstd frames, as RFC 8878 and the format document of zstd 1.5.7 define it.
 */

/** First four bytes of a Zstandard frame, as a little-endian number (RFC 8878, 3.1.1). */
export const FRAME_MAGIC = 0xfd2fb528;
/** Skippable frames start with this number plus 0 to 15 (RFC 8878, 3.1.2). */
export const SKIPPABLE_MAGIC = 0x184d2a50;
/** First four bytes of a formatted dictionary (RFC 8878, 5). */
export const DICTIONARY_MAGIC = 0xec30a437;
/** Bytes of a magic number. */
export const MAGIC_SIZE = 4;
/** Bytes of a skippable frame's header: magic and size. */
export const SKIPPABLE_HEADER_SIZE = 8;
/** No frame header is longer than this, magic included (RFC 8878, 3.1.1.1). */
export const FRAME_HEADER_SIZE_MAX = 18;
/** Bytes of a block header (RFC 8878, 3.1.1.2). */
export const BLOCK_HEADER_SIZE = 3;
/** No block holds more content than this (RFC 8878, 3.1.1.2.4). */
export const BLOCK_SIZE_MAX = 128 << 10;
/** Bytes of the content checksum after the last block. */
export const CHECKSUM_SIZE = 4;

/** Block types by number (RFC 8878, 3.1.1.2.2). */
export const BLOCK_TYPE = { RAW: 0, RLE: 1, COMPRESSED: 2, RESERVED: 3 } as const;

/** The variant of skippable frames that seek tables and dcz headers use. */
export const RESERVED_VARIANT = 14;
/** Last four bytes of a seekable file (zstd's seekable format, 0.1.0). */
export const SEEK_TABLE_MAGIC = 0x8f92eab1;
/** Bytes of a seek table's footer: count of entries, descriptor, magic. */
export const SEEK_FOOTER_SIZE = 9;
/** Bytes of an entry: compressed size, content size. */
export const SEEK_ENTRY_SIZE = 8;
/** A seek table has no more entries than this. */
export const SEEK_FRAME_COUNT_MAX = 0x8000000;
/** No frame of a seekable file has more content than this. */
export const SEEK_FRAME_SIZE_MAX = 0x40000000;
/** Descriptor bit of entries that carry checksums, and the bits that must be zero. */
export const SEEK_CHECKSUM_FLAG = 0x80;
export const SEEK_RESERVED_BITS = 0x7c;
