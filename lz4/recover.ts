/**
 * Saving what can be saved from a damaged file.
 *
 * @module
 */
import { checkInteger, readU32, SluiceError, toBytes } from "@sluice/internal";
import type { BytesSource } from "@sluice/internal";
import { BlockSalvager } from "./_block_salvager.ts";
import {
  FRAME_HEADER_SIZE_MAX,
  FRAME_MAGIC,
  HISTORY_MAX,
  LEGACY_WORD_MAX,
  STORED_BIT,
  WORD_SIZE,
} from "./_format.ts";
import { isMagic, parseFrameHeader } from "./_frame_parser.ts";
import type { Lz4FrameInfo } from "./frame_header.ts";

/** Content that decoded. */
export interface Lz4RecoveredContent {
  /** What this part is. */
  readonly kind: "content";
  /** Bytes of the file that it comes from, end exclusive. */
  readonly in: readonly [number, number];
  /** The content of one block. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Whether it may refer to content that was lost: in linked frames, up to 64 KiB behind damage. */
  readonly suspect: boolean;
}

/** Bytes of the file that gave nothing. */
export interface Lz4Damage {
  /** What this part is. */
  readonly kind: "damage";
  /** Bytes of the file, end exclusive. */
  readonly in: readonly [number, number];
  /** How much content was lost, where the blocks around tell; undefined where that is not known. */
  readonly size: number | undefined;
  /** What is wrong, a code such as "BLOCK_CHECKSUM". */
  readonly reason: string;
}

/** How a file is salvaged. */
export interface Lz4RecoverOptions {
  /** The dictionary that the file was made with. */
  readonly dictionary?: BytesSource | undefined;
  /** How many block words in a row make a place believable after the track was lost, 1 to 64. @default {3} */
  readonly resyncBlocks?: number | undefined;
}

/**
 * Decodes every block that still can be, in order, and reports what can't. A block that does not decode or does not match
 * its checksum is left out; where block sizes make no sense the next place that does is looked for: one from which several
 * block words in a row are consistent, or the header of another frame. Damage is never an error.
 *
 * @example A flipped bit costs one block
 * ```ts
 * import { compressLz4, recoverLz4 } from "@sluice/lz4";
 * import { assertEquals } from "@std/assert";
 *
 * const data = crypto.getRandomValues(new Uint8Array(50_000));
 * const file = compressLz4(data, { blockSize: 10_000, blockChecksum: true });
 * file[25_000]! ^= 1;
 * const parts = [...recoverLz4(file)];
 * assertEquals(parts.map((part) => part.kind), ["content", "content", "damage", "content", "content"]);
 * ```
 */
export function* recoverLz4(
  data: BytesSource,
  options: Lz4RecoverOptions = {},
): Generator<Lz4RecoveredContent | Lz4Damage, void, undefined> {
  const bytes = toBytes(data);
  const resyncBlocks = checkInteger("resyncBlocks", options.resyncBlocks ?? 3, 1, 64);
  const dictionary = options.dictionary === undefined ? undefined : toBytes(options.dictionary);
  using salvager = new BlockSalvager(dictionary);
  for (let pos = 0; pos < bytes.length;) {
    const info = headerAt(bytes, pos);
    if (info === undefined) {
      const next = nextFrame(bytes, pos + 1);
      yield { kind: "damage", in: [pos, next], size: undefined, reason: "BAD_HEADER" };
      pos = next;
    } else if (info.type === "skippable") {
      pos += info.headerSize + info.contentSize!;
    } else {
      pos = yield* recoverFrame(bytes, pos + info.headerSize, info, salvager, resyncBlocks);
    }
  }
}

/** The header at an offset, if there is a good one. */
function headerAt(bytes: Uint8Array, pos: number): Lz4FrameInfo | undefined {
  const head = bytes.subarray(pos, pos + FRAME_HEADER_SIZE_MAX);
  try {
    const info = parseFrameHeader(head, head.length, { offset: pos });
    return typeof info === "number" ? undefined : info;
  } catch (error) {
    if (error instanceof SluiceError) return undefined;
    throw error;
  }
}

/** Where the next frame with a good header starts; the end where there is none. */
function nextFrame(bytes: Uint8Array, from: number): number {
  for (
    let pos = bytes.indexOf(FRAME_MAGIC & 0xff, from);
    pos >= 0;
    pos = bytes.indexOf(FRAME_MAGIC & 0xff, pos + 1)
  ) {
    if (
      pos + WORD_SIZE <= bytes.length && readU32(bytes, pos) === FRAME_MAGIC &&
      headerAt(bytes, pos) !== undefined
    ) {
      return pos;
    }
  }
  return bytes.length;
}

/** What stands where a block word is expected. */
function blockAt(bytes: Uint8Array, pos: number, info: Lz4FrameInfo): { end: number } | "end" | undefined {
  if (pos + WORD_SIZE > bytes.length) {
    return info.type === "legacy" && pos === bytes.length ? "end" : undefined;
  }
  const word = readU32(bytes, pos);
  if (info.type === "legacy") {
    if (word > LEGACY_WORD_MAX) return isMagic(word) ? "end" : undefined;
    return word > 0 && pos + WORD_SIZE + word <= bytes.length ? { end: pos + WORD_SIZE + word } : undefined;
  }
  if (word === 0) return "end";
  const size = word % STORED_BIT;
  const end = pos + WORD_SIZE + size + (info.blockChecksum ? WORD_SIZE : 0);
  return size <= info.blockMax && end <= bytes.length ? { end } : undefined;
}

/** Whether so many blocks in a row, or the end of the frame, can be seen from here. */
function isConsistent(bytes: Uint8Array, pos: number, info: Lz4FrameInfo, count: number): boolean {
  let at = pos;
  for (let i = 0; i < count; i++) {
    const block = blockAt(bytes, at, info);
    if (block === undefined) return false;
    if (block === "end") return i > 0;
    at = block.end;
  }
  return true;
}

function* recoverFrame(
  bytes: Uint8Array,
  start: number,
  info: Lz4FrameInfo,
  salvager: BlockSalvager,
  resyncBlocks: number,
): Generator<Lz4RecoveredContent | Lz4Damage, number, undefined> {
  salvager.begin(info);
  let pos = start;
  /** Content since the last damage; from 64 KiB on nothing can refer to what was lost. */
  let clean = Infinity;
  while (true) {
    const block = blockAt(bytes, pos, info);
    if (block === "end") {
      return pos + (info.type === "legacy" ? 0 : WORD_SIZE + (info.contentChecksum ? WORD_SIZE : 0));
    }
    if (block === undefined) {
      const next = resync(bytes, pos + 1, info, resyncBlocks);
      const truncated = next.pos === bytes.length;
      yield {
        kind: "damage",
        in: [pos, next.pos],
        size: undefined,
        reason: truncated ? "TRUNCATED" : "BLOCK_TOO_LARGE",
      };
      pos = next.pos;
      clean = 0;
      if (next.leaves) return pos;
      salvager.lose(info);
      continue;
    }
    const result = salvager.decode(bytes.subarray(pos, block.end));
    if (result instanceof Uint8Array) {
      yield {
        kind: "content",
        in: [pos, block.end],
        bytes: result,
        suspect: info.linked && clean < HISTORY_MAX,
      };
      clean += result.length;
    } else {
      // All blocks but the last are full unless a flush made them short; the next one tells.
      const size = isLast(bytes, block.end, info) ? undefined : info.blockMax;
      yield { kind: "damage", in: [pos, block.end], size, reason: result };
      clean = 0;
      salvager.lose(info);
    }
    pos = block.end;
  }
}

function isLast(bytes: Uint8Array, pos: number, info: Lz4FrameInfo): boolean {
  return typeof blockAt(bytes, pos, info) !== "object";
}

/** The next place where blocks go on, or another frame starts. */
function resync(
  bytes: Uint8Array,
  from: number,
  info: Lz4FrameInfo,
  count: number,
): { pos: number; leaves: boolean } {
  const frame = nextFrame(bytes, from);
  for (let pos = from; pos < frame; pos++) {
    if (isConsistent(bytes, pos, info, count)) return { pos, leaves: false };
  }
  return { pos: frame, leaves: true };
}
