/**
 * Frame headers from bytes (LZ4 frame format, general structure).
 */
import { lz4Xxh32 } from "../kernel/blocks.ts";
import { readU32, readU64 } from "@sluice/internal";
import { fault } from "./_fault.ts";
import {
  BLOCK_ID_MIN,
  blockMaxOf,
  FLG,
  FORMAT_VERSION,
  FRAME_HEADER_SIZE_MIN,
  FRAME_MAGIC,
  LEGACY_BLOCK_MAX,
  LEGACY_MAGIC,
  SKIPPABLE_HEADER_SIZE,
  SKIPPABLE_MAGIC,
  WORD_SIZE,
} from "./_format.ts";
import type { Lz4FrameHeader } from "./_types.ts";

/** Whether a word is the magic number of a skippable frame. */
export function isSkippableMagic(word: number): boolean {
  return (word & 0xfffffff0) === (SKIPPABLE_MAGIC | 0);
}

/** Whether a word starts a frame of any kind. */
export function isMagic(word: number): boolean {
  return word === FRAME_MAGIC || word === LEGACY_MAGIC || isSkippableMagic(word);
}

/** Whether the first `size` bytes, fewer than a word, may be the start of one that starts a frame. */
export function mayBeMagic(bytes: Uint8Array, size: number): boolean {
  return [FRAME_MAGIC, LEGACY_MAGIC, SKIPPABLE_MAGIC | bytes[0]! & 15].some((magic) => {
    for (let i = 0; i < size; i++) if ((magic >>> 8 * i & 0xff) !== bytes[i]) return false;
    return true;
  });
}

/** How a header is read. */
export interface ParseOptions {
  /** Where it starts, for errors. */
  readonly offset: number;
  /** Whether its checksum may be wrong. */
  readonly isChecksumOptional?: boolean;
  /** Also take the checksum of old Kafka messages, which includes the magic. */
  readonly kafka?: boolean;
}

/** The header in the first `length` bytes, or how many further bytes are needed to go on. */
export function parseFrameHeader(
  bytes: Uint8Array,
  length: number,
  options: ParseOptions,
): Lz4FrameHeader | number {
  const { offset } = options;
  if (length < WORD_SIZE) return FRAME_HEADER_SIZE_MIN - length;
  const magic = readU32(bytes, 0);
  if (magic === LEGACY_MAGIC) return legacyInfo();
  if (isSkippableMagic(magic)) {
    return length < SKIPPABLE_HEADER_SIZE
      ? SKIPPABLE_HEADER_SIZE - length
      : skippableInfo(magic, readU32(bytes, 4));
  }
  if (magic !== FRAME_MAGIC) throw fault("BAD_MAGIC", offset, "this is not the start of a frame");
  if (length < FRAME_HEADER_SIZE_MIN) return FRAME_HEADER_SIZE_MIN - length;
  const flg = bytes[4]!;
  const bd = bytes[5]!;
  if ((flg & FLG.RESERVED) !== 0) throw fault("RESERVED", offset, "a reserved bit of FLG is set");
  if (flg >>> FLG.VERSION_SHIFT !== FORMAT_VERSION) {
    throw fault(
      "VERSION",
      offset,
      `the frame has version ${flg >>> FLG.VERSION_SHIFT}, expected ${FORMAT_VERSION}`,
    );
  }
  const hasSize = (flg & FLG.CONTENT_SIZE) !== 0;
  const hasDictId = (flg & FLG.DICT_ID) !== 0;
  const headerSize = FRAME_HEADER_SIZE_MIN + (hasSize ? 8 : 0) + (hasDictId ? 4 : 0);
  if (length < headerSize) return headerSize - length;
  if ((bd & 0x80) !== 0) throw fault("RESERVED", offset, "a reserved bit of BD is set");
  const blockId = bd >>> 4;
  if (blockId < BLOCK_ID_MIN) {
    throw fault("BLOCK_SIZE_ID", offset, `the block size id is ${blockId}, expected 4 to 7`);
  }
  if ((bd & 0x0f) !== 0) throw fault("RESERVED", offset, "a reserved bit of BD is set");
  if (!options.isChecksumOptional && !headerChecksumFits(bytes, headerSize, options.kafka ?? false)) {
    throw fault("HEADER_CHECKSUM", offset, "the frame header does not match its checksum");
  }
  const size = hasSize ? readU64(bytes, 6) : undefined;
  if (size !== undefined && size > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw fault("SIZE_RANGE", offset, `the declared content size is ${size} bytes, expected less than 2^53`);
  }
  return {
    type: "frame",
    headerSize,
    blockMax: blockMaxOf(blockId),
    linked: (flg & FLG.INDEPENDENT) === 0,
    blockChecksums: (flg & FLG.BLOCK_CHECKSUM) !== 0,
    contentChecksum: (flg & FLG.CONTENT_CHECKSUM) !== 0,
    contentSize: size === undefined ? undefined : Number(size),
    dictId: hasDictId ? readU32(bytes, headerSize - 5) : undefined,
    skippableVariant: undefined,
  };
}

function headerChecksumFits(bytes: Uint8Array, headerSize: number, kafka: boolean): boolean {
  const found = bytes[headerSize - 1]!;
  if ((lz4Xxh32(bytes, WORD_SIZE, headerSize - 1, 0, undefined) >>> 8 & 0xff) === found) return true;
  return kafka && (lz4Xxh32(bytes, 0, headerSize - 1, 0, undefined) >>> 8 & 0xff) === found;
}

function legacyInfo(): Lz4FrameHeader {
  return {
    type: "legacy",
    headerSize: WORD_SIZE,
    blockMax: LEGACY_BLOCK_MAX,
    linked: false,
    blockChecksums: false,
    contentChecksum: false,
    contentSize: undefined,
    dictId: undefined,
    skippableVariant: undefined,
  };
}

function skippableInfo(magic: number, size: number): Lz4FrameHeader {
  return {
    ...legacyInfo(),
    type: "skippable",
    headerSize: SKIPPABLE_HEADER_SIZE,
    blockMax: 0,
    contentSize: size,
    skippableVariant: magic & 15,
  };
}

/** FLG and BD of a header, as its frame had them. */
export function descriptorOf(info: Lz4FrameHeader): { flg: number; bd: number } {
  if (info.type !== "frame") return { flg: 0, bd: 0 };
  const flg = FORMAT_VERSION << FLG.VERSION_SHIFT | (info.linked ? 0 : FLG.INDEPENDENT) |
    (info.blockChecksums ? FLG.BLOCK_CHECKSUM : 0) | (info.contentSize === undefined ? 0 : FLG.CONTENT_SIZE) |
    (info.contentChecksum ? FLG.CONTENT_CHECKSUM : 0) | (info.dictId === undefined ? 0 : FLG.DICT_ID);
  return { flg, bd: (31 - Math.clz32(info.blockMax) - 8) / 2 << 4 };
}

/** The frame header that FLG, BD and the two optional fields make. */
export function infoOf(
  flg: number,
  bd: number,
  contentSize: number | undefined,
  dictId: number | undefined,
): Lz4FrameHeader {
  return {
    type: "frame",
    headerSize: FRAME_HEADER_SIZE_MIN + (contentSize === undefined ? 0 : 8) + (dictId === undefined ? 0 : 4),
    blockMax: blockMaxOf(bd >>> 4),
    linked: (flg & FLG.INDEPENDENT) === 0,
    blockChecksums: (flg & FLG.BLOCK_CHECKSUM) !== 0,
    contentChecksum: (flg & FLG.CONTENT_CHECKSUM) !== 0,
    contentSize,
    dictId,
    skippableVariant: undefined,
  };
}

/** The header of a legacy frame. */
export const LEGACY_INFO: Lz4FrameHeader = legacyInfo();

/** A header of 7 to 11 bytes for blocks that are carved out of another frame. */
export function writeFrameHeader(
  flg: number,
  bd: number,
  dictId: number | undefined,
): Uint8Array<ArrayBuffer> {
  const header = new Uint8Array(FRAME_HEADER_SIZE_MIN + (dictId === undefined ? 0 : 4));
  const view = new DataView(header.buffer);
  view.setUint32(0, FRAME_MAGIC, true);
  header[4] = flg;
  header[5] = bd;
  if (dictId !== undefined) view.setUint32(6, dictId, true);
  header[header.length - 1] = lz4Xxh32(header, WORD_SIZE, header.length - 1, 0, undefined) >>> 8;
  return header;
}
