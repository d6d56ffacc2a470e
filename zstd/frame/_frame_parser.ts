/**
 * Frame headers from bytes, without a codec. RFC 8878, 3.1.1.1 and 3.1.2.
 */
import { CorruptDataError, readU16, readU32, readU64, UnsupportedFeatureError } from "@sluice/internal";
import {
  BLOCK_SIZE_MAX,
  FRAME_MAGIC,
  MAGIC_SIZE,
  SKIPPABLE_HEADER_SIZE,
  SKIPPABLE_MAGIC,
} from "./_format.ts";
import type { ZstdFrameHeader } from "./_types.ts";

/** Sizes of the dictionary id and of the content size by their flags. */
const DICT_ID_SIZES = [0, 1, 2, 4] as const;
const CONTENT_SIZE_SIZES = [0, 2, 4, 8] as const;

/** Whether `length` bytes could be the start of a frame of the standard format. */
export function isFramePrefix(bytes: Uint8Array, offset: number, length: number): boolean {
  let standard = true;
  let skippable = true;
  for (let i = 0; i < Math.min(length, MAGIC_SIZE); i++) {
    const byte = bytes[offset + i]!;
    if (byte !== (FRAME_MAGIC >>> (8 * i) & 0xff)) standard = false;
    const expected = SKIPPABLE_MAGIC >>> (8 * i) & 0xff;
    if (i === 0 ? (byte & 0xf0) !== expected : byte !== expected) skippable = false;
  }
  return standard || skippable;
}

/**
 * Parses the frame header at `offset`, of which `length` bytes are there. Returns the number of bytes needed, counted
 * from `offset`, when that is too few.
 *
 * @throws {CorruptDataError} With code "BAD_MAGIC" if no frame starts here.
 * @throws {UnsupportedFeatureError} With code "FRAME_UNSUPPORTED" if the reserved bit is set.
 */
export function parseFrameHeader(
  bytes: Uint8Array,
  offset: number,
  length: number,
  magicless: boolean,
  position: number,
): ZstdFrameHeader | number {
  // Long: the fields of the header in their order, each of which says whether and how wide the next is.
  if (!magicless) {
    if (!isFramePrefix(bytes, offset, length)) {
      throw new CorruptDataError(
        `Cannot read a zstd frame at byte ${position}: the bytes are no frame's magic number`,
        { format: "zstd", code: "BAD_MAGIC", offset: position, errno: 10 },
      );
    }
    if (length < MAGIC_SIZE) return MAGIC_SIZE + 1;
    const magic = readU32(bytes, offset);
    if (magic !== FRAME_MAGIC) {
      if (length < SKIPPABLE_HEADER_SIZE) return SKIPPABLE_HEADER_SIZE;
      return {
        type: "skippable",
        headerSize: SKIPPABLE_HEADER_SIZE,
        contentSize: readU32(bytes, offset + MAGIC_SIZE),
        contentSizeBig: undefined,
        windowSize: 0,
        blockSizeMax: 0,
        dictId: 0,
        hasChecksum: false,
        skippableVariant: magic - SKIPPABLE_MAGIC,
      };
    }
  }
  const start = magicless ? 0 : MAGIC_SIZE;
  if (length < start + 1) return start + 1;

  const descriptor = bytes[offset + start]!;
  const singleSegment = (descriptor & 0x20) !== 0;
  const dictIdSize = DICT_ID_SIZES[descriptor & 3]!;
  const contentSizeFlag = descriptor >>> 6;
  const contentSizeSize = contentSizeFlag === 0 && singleSegment ? 1 : CONTENT_SIZE_SIZES[contentSizeFlag]!;
  const headerSize = start + 1 + (singleSegment ? 0 : 1) + dictIdSize + contentSizeSize;
  if ((descriptor & 0x08) !== 0) {
    throw new UnsupportedFeatureError(
      `Cannot read a zstd frame at byte ${position}: the reserved bit of its header is set`,
      { format: "zstd", code: "FRAME_UNSUPPORTED", offset: position, errno: 14 },
    );
  }
  if (length < headerSize) return headerSize;

  let at = offset + start + 1;
  let windowSize = 0;
  if (!singleSegment) {
    const byte = bytes[at++]!;
    const base = 2 ** (10 + (byte >>> 3));
    windowSize = base + base / 8 * (byte & 7);
  }
  let dictId = 0;
  for (let i = 0; i < dictIdSize; i++) dictId += bytes[at++]! * 2 ** (8 * i);

  let contentSize: number | undefined;
  let contentSizeBig: bigint | undefined;
  if (contentSizeSize === 1) contentSize = bytes[at]!;
  else if (contentSizeSize === 2) contentSize = readU16(bytes, at) + 256;
  else if (contentSizeSize === 4) contentSize = readU32(bytes, at);
  else if (contentSizeSize === 8) {
    contentSizeBig = readU64(bytes, at);
    contentSize = contentSizeBig > BigInt(Number.MAX_SAFE_INTEGER) ? Infinity : Number(contentSizeBig);
  }
  if (singleSegment) windowSize = contentSize!;
  return {
    type: "zstd",
    headerSize,
    contentSize,
    contentSizeBig,
    windowSize,
    blockSizeMax: Math.min(windowSize, BLOCK_SIZE_MAX),
    dictId,
    hasChecksum: (descriptor & 0x04) !== 0,
    skippableVariant: undefined,
  };
}
