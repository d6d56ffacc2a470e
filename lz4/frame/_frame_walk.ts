/**
 * Hopping over a file from header to header and from block to block: nothing but words is read.
 */
import { readU32 } from "@sluice/internal";
import type { ByteSource } from "@sluice/internal";
import { fault } from "./_fault.ts";
import { FRAME_HEADER_SIZE_MAX, LEGACY_WORD_MAX, STORED_BIT, WORD_SIZE } from "./_format.ts";
import { isMagic, mayBeMagic, parseFrameHeader } from "./_frame_parser.ts";
import type { Lz4FrameHeader } from "./frame_header.ts";

/** Words are read this many bytes ahead: small blocks share a read. */
const READ_SIZE = 64 << 10;

/** A frame and its place. */
export interface WalkedFrame {
  readonly info: Lz4FrameHeader;
  readonly offset: number;
  /** Where its blocks end, before the end mark. */
  readonly blocksEnd: number;
  readonly end: number;
  readonly blockCount: number;
}

/** Told of each block: where its word stands, the size of its data, and whether that is stored. */
export type OnBlock = (pos: number, size: number, stored: boolean) => void;

/** A cursor over a source that reads a little ahead. */
class Cursor {
  readonly source: ByteSource;
  #start = 0;
  #bytes: Uint8Array = new Uint8Array();

  constructor(source: ByteSource) {
    this.source = source;
  }

  /** Up to `length` bytes at an offset, fewer at the end. */
  async at(offset: number, length: number): Promise<Uint8Array> {
    const inside = offset >= this.#start && offset + length <= this.#start + this.#bytes.length;
    if (!inside) {
      this.#start = offset;
      const size = Math.max(0, Math.min(READ_SIZE, this.source.size - offset));
      this.#bytes = await this.source.read(Math.min(offset, this.source.size), size);
    }
    return this.#bytes.subarray(offset - this.#start, offset - this.#start + length);
  }
}

/**
 * The frames of a file in order. `onFrame` is told of each before its blocks and returns who is told of those.
 *
 * @throws {TruncatedDataError} If the file ends inside a frame.
 * @throws {CorruptDataError} If something between frames is none ("TRAILING_DATA", "BAD_MAGIC"), or a block is too large.
 */
export async function* walkFrames(
  source: ByteSource,
  action: string,
  onFrame?: (info: Lz4FrameHeader, offset: number) => OnBlock | undefined,
): AsyncGenerator<WalkedFrame, void, undefined> {
  const cursor = new Cursor(source);
  for (let offset = 0; offset < source.size;) {
    const head = await cursor.at(offset, FRAME_HEADER_SIZE_MAX);
    const isFrame = head.length < WORD_SIZE ? mayBeMagic(head, head.length) : isMagic(readU32(head, 0));
    if (offset > 0 && !isFrame) {
      throw fault("TRAILING_DATA", offset, "bytes follow the last frame that start no frame", action);
    }
    const info = parseFrameHeader(head, head.length, { offset });
    if (typeof info === "number") throw truncated(source.size, action);
    const onBlock = onFrame?.(info, offset);
    const found = await walkBlocks(cursor, info, offset + info.headerSize, action, onBlock);
    if (found.end > source.size) throw truncated(source.size, action);
    yield { info, offset, ...found };
    offset = found.end;
  }
}

function truncated(size: number, action: string): Error {
  return fault("TRUNCATED", size, "the data ends inside a frame", action);
}

async function walkBlocks(
  cursor: Cursor,
  info: Lz4FrameHeader,
  start: number,
  action: string,
  onBlock: OnBlock | undefined,
): Promise<Pick<WalkedFrame, "blocksEnd" | "end" | "blockCount">> {
  if (info.type === "skippable") {
    const end = start + info.contentSize!;
    return { blocksEnd: end, end, blockCount: 0 };
  }
  const legacy = info.type === "legacy";
  let pos = start;
  for (let blockCount = 0;; blockCount++) {
    const bytes = await cursor.at(pos, WORD_SIZE);
    if (legacy && bytes.length === 0) return { blocksEnd: pos, end: pos, blockCount };
    if (bytes.length < WORD_SIZE) throw truncated(cursor.source.size, action);
    const word = readU32(bytes, 0);
    if (legacy && word > LEGACY_WORD_MAX) return { blocksEnd: pos, end: pos, blockCount };
    if (!legacy && word === 0) {
      const end = pos + WORD_SIZE + (info.contentChecksum ? WORD_SIZE : 0);
      return { blocksEnd: pos, end, blockCount };
    }
    const size = legacy ? word : word % STORED_BIT;
    if (!legacy && size > info.blockMax) {
      throw fault("BLOCK_TOO_LARGE", pos, `the block has ${size} bytes`, action);
    }
    onBlock?.(pos, size, !legacy && word >= STORED_BIT);
    pos += WORD_SIZE + size + (info.blockChecksums ? WORD_SIZE : 0);
  }
}
