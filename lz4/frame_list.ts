/**
 * The frames of an lz4 file: where they are and what they say, by their headers alone.
 *
 * @module
 */
import { byteSourceFromBytes, readU32 } from "@sluice/internal";
import type { ByteSource, BytesSource } from "@sluice/internal";
import { fault } from "./_fault.ts";
import { FRAME_HEADER_SIZE_MAX, LEGACY_WORD_MAX, STORED_BIT, WORD_SIZE } from "./_format.ts";
import { isMagic, parseFrameHeader } from "./_frame_parser.ts";
import type { Lz4FrameInfo } from "./frame_header.ts";

/** A frame's header together with its place. */
export interface Lz4FrameSummary extends Lz4FrameInfo {
  /** Where the frame starts. */
  readonly offset: number;
  /** Bytes of the whole frame. */
  readonly compressedSize: number;
  /** How many blocks it has. */
  readonly blockCount: number;
}

/** Words are read this many bytes ahead: small blocks share a read. */
const READ_SIZE = 64 << 10;

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
 * Lists the frames of a file by hopping from block to block: no content is read or decoded.
 *
 * @throws {TruncatedDataError} If the file ends inside a frame.
 * @throws {CorruptDataError} If something between frames is none ("TRAILING_DATA", "BAD_MAGIC"), or a block is too large.
 *
 * @example Frames behind one another
 * ```ts
 * import { compressLz4, listLz4Frames } from "@sluice/lz4";
 * import { assertEquals } from "@std/assert";
 *
 * const frame = compressLz4(new Uint8Array(10));
 * const frames = await Array.fromAsync(listLz4Frames(new Uint8Array([...frame, ...frame])));
 * assertEquals(frames.map((info) => info.offset), [0, frame.length]);
 * ```
 */
export async function* listLz4Frames(
  data: BytesSource | ByteSource,
): AsyncGenerator<Lz4FrameSummary, void, undefined> {
  const source = typeof data === "object" && "read" in data ? data : byteSourceFromBytes(data);
  const cursor = new Cursor(source);
  for (let offset = 0; offset < source.size;) {
    const head = await cursor.at(offset, FRAME_HEADER_SIZE_MAX);
    if (offset > 0 && head.length >= WORD_SIZE && !isMagic(readU32(head, 0))) {
      throw fault(
        "TRAILING_DATA",
        offset,
        "bytes follow the last frame that start no frame",
        "list lz4 frames",
      );
    }
    const info = parseFrameHeader(head, head.length, { offset });
    if (typeof info === "number") throw truncated(source.size);
    const { end, blockCount } = await frameEnd(cursor, info, offset + info.headerSize);
    if (end > source.size) throw truncated(source.size);
    yield { ...info, offset, compressedSize: end - offset, blockCount };
    offset = end;
  }
}

function truncated(size: number): Error {
  return fault("TRUNCATED", size, "the data ends inside a frame", "list lz4 frames");
}

async function frameEnd(
  cursor: Cursor,
  info: Lz4FrameInfo,
  start: number,
): Promise<{ end: number; blockCount: number }> {
  if (info.type === "skippable") return { end: start + info.contentSize!, blockCount: 0 };
  let pos = start;
  for (let blockCount = 0;; blockCount++) {
    const bytes = await cursor.at(pos, WORD_SIZE);
    if (info.type === "legacy" && bytes.length === 0) return { end: pos, blockCount };
    if (bytes.length < WORD_SIZE) throw truncated(cursor.source.size);
    const word = readU32(bytes, 0);
    if (info.type === "legacy") {
      if (word > LEGACY_WORD_MAX) return { end: pos, blockCount };
      pos += WORD_SIZE + word;
      continue;
    }
    if (word === 0) return { end: pos + WORD_SIZE + (info.contentChecksum ? WORD_SIZE : 0), blockCount };
    const size = word % STORED_BIT;
    if (size > info.blockMax) {
      throw fault("BLOCK_TOO_LARGE", pos, `the block has ${size} bytes`, "list lz4 frames");
    }
    pos += WORD_SIZE + size + (info.blockChecksum ? WORD_SIZE : 0);
  }
}
