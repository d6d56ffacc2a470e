/**
 * How much content a value in memory can hold, from its frame headers and block words alone: an upper bound that costs
 * nothing to find and lets the output be allocated once.
 */
import { readU32, SluiceError } from "@sluice/internal";
import {
  EXPANSION_MAX,
  FRAME_HEADER_SIZE_MAX,
  LEGACY_WORD_MAX,
  STORED_BIT,
  WORD_SIZE,
} from "../frame/_format.ts";
import { parseFrameHeader } from "../frame/_frame_parser.ts";
import type { Lz4FrameHeader } from "../frame/frame_header.ts";
import type { DecompressSettings } from "./_decompress_options.ts";

/** The frame header at an offset; undefined when it is cut short or wrong, which the codec reports. */
function headerAt(
  bytes: Uint8Array,
  offset: number,
  settings: DecompressSettings,
): Lz4FrameHeader | undefined {
  const head = bytes.subarray(offset, offset + FRAME_HEADER_SIZE_MAX);
  try {
    const info = parseFrameHeader(head, head.length, {
      offset,
      isChecksumOptional: !settings.verifyChecksums,
      kafka: settings.kafkaHeaderChecksum,
    });
    return typeof info === "number" ? undefined : info;
  } catch (error) {
    if (error instanceof SluiceError) return undefined;
    throw error;
  }
}

/** Walks the blocks of a frame: where they end, and the most content bytes that they can hold. */
function boundBlocks(bytes: Uint8Array, info: Lz4FrameHeader, start: number): { end: number; size: number } {
  const legacy = info.type === "legacy";
  let pos = start;
  let size = 0;
  while (pos + WORD_SIZE <= bytes.length) {
    const word = readU32(bytes, pos);
    if (legacy && word > LEGACY_WORD_MAX) return { end: pos, size };
    if (!legacy && word === 0) {
      return { end: pos + WORD_SIZE + (info.contentChecksum ? WORD_SIZE : 0), size };
    }
    const stored = !legacy && word >= STORED_BIT;
    const length = legacy ? word : word % STORED_BIT;
    const present = Math.min(length, bytes.length - pos - WORD_SIZE);
    size += Math.min(info.blockMax, stored ? present : present * EXPANSION_MAX);
    pos += WORD_SIZE + length + (info.blockChecksums ? WORD_SIZE : 0);
  }
  return { end: bytes.length, size };
}

/**
 * The most content bytes that a value can decode to. What its frames declare counts as far as their blocks can hold it,
 * and the walk ends where the value does or where it is damaged.
 */
export function outputBound(bytes: Uint8Array, settings: DecompressSettings): number {
  let total = 0;
  for (let pos = 0; pos < bytes.length;) {
    const info = headerAt(bytes, pos, settings);
    if (info === undefined) break;
    if (info.type === "skippable") {
      pos += info.headerSize + info.contentSize!;
      continue;
    }
    const { end, size } = boundBlocks(bytes, info, pos + info.headerSize);
    total += Math.min(size, info.contentSize ?? size);
    if (settings.firstFrameOnly) break;
    pos = end;
  }
  return total;
}
