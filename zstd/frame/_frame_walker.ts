/**
 * Finds the frames of a zstd stream by hopping from block header to block header: no codec, no content held.
 */
import { concatBytes, CorruptDataError, readU24, readU32, TruncatedDataError } from "@sluice/internal";
import { BLOCK_HEADER_SIZE, BLOCK_TYPE, CHECKSUM_SIZE, FRAME_HEADER_SIZE_MAX } from "./_format.ts";
import { parseFrameHeader } from "./_frame_parser.ts";
import type { ZstdFrameHeader } from "./frame_header.ts";
import type { ZstdFrameInfo } from "./_types.ts";

/** Takes a stream in pieces and gives out each frame when its last byte has come. */
export class FrameWalker {
  readonly #magicless: boolean;
  /** Small parts (headers, checksums) that a chunk border may split. */
  #held: Uint8Array<ArrayBuffer> = new Uint8Array();
  /** Input bytes used, over all chunks. */
  #offset = 0;
  /** Bytes to pass over before the next part. */
  #skip = 0;
  #frameOffset = 0;
  #header: ZstdFrameHeader | undefined;
  #blockCount = 0;
  #lastBlock = false;

  /** A walker over frames with or without magic numbers. */
  constructor(magicless = false) {
    this.#magicless = magicless;
  }

  /** The header of the frame that has not ended. */
  get header(): ZstdFrameHeader | undefined {
    return this.#header;
  }

  /** The frames that end in this chunk. */
  *push(chunk: Uint8Array): Generator<ZstdFrameInfo, void, undefined> {
    let pos = 0;
    while (true) {
      if (this.#skip > 0) {
        const step = Math.min(this.#skip, chunk.length - pos);
        this.#skip -= step;
        this.#offset += step;
        pos += step;
        if (this.#skip > 0) return;
      }
      const frame = this.#header;
      if (frame !== undefined && (frame.type === "skippable" || this.#lastBlock && !frame.hasChecksum)) {
        yield this.#finish(undefined);
        continue;
      }
      // A part is parsed from one piece: from the chunk itself, or from held bytes plus the chunk's first ones.
      const held = this.#held.length;
      const part = held === 0 ? chunk.subarray(pos) : this.#join(chunk, pos);
      if (part.length === 0) return;
      const used = this.#parsePart(part);
      if (typeof used === "object") {
        pos += CHECKSUM_SIZE - held;
        this.#offset += CHECKSUM_SIZE;
        yield used;
      } else if (used === 0) {
        this.#held = part.slice();
        return;
      } else {
        pos += used - held;
        this.#offset += used;
      }
      this.#held = new Uint8Array();
    }
  }

  /**
   * Says that the stream is over.
   *
   * @throws {TruncatedDataError} If it ends inside a frame.
   */
  finish(): void {
    if (this.#header === undefined && this.#held.length === 0) return;
    const offset = this.#offset + this.#held.length;
    throw new TruncatedDataError(
      `Cannot walk zstd frames at byte ${offset}: the data ends inside the frame that starts at byte ${this.#frameOffset}`,
      { format: "zstd", code: "TRUNCATED", offset },
    );
  }

  #join(chunk: Uint8Array, pos: number): Uint8Array {
    const room = FRAME_HEADER_SIZE_MAX - this.#held.length;
    return concatBytes([this.#held, new Uint8Array(chunk.subarray(pos, pos + room))]);
  }

  /** Parses one part and returns its size, the frame that it ends, or 0 when bytes are missing. */
  #parsePart(part: Uint8Array): number | ZstdFrameInfo {
    if (this.#header === undefined) {
      this.#frameOffset = this.#offset;
      const header = parseFrameHeader(part, 0, part.length, this.#magicless, this.#offset);
      if (typeof header === "number") return 0;
      this.#header = header;
      this.#blockCount = 0;
      this.#lastBlock = false;
      if (header.type === "skippable") this.#skip = header.contentSize!;
      return header.headerSize;
    }
    if (this.#lastBlock) {
      return part.length < CHECKSUM_SIZE ? 0 : this.#finish(readU32(part, 0));
    }
    if (part.length < BLOCK_HEADER_SIZE) return 0;
    const block = readU24(part, 0);
    const type = block >>> 1 & 3;
    const size = block >>> 3;
    if (type === BLOCK_TYPE.RESERVED || size > this.#header.blockSizeMax) {
      throw new CorruptDataError(
        `Cannot walk zstd frames at byte ${this.#offset}: the block header is corrupt`,
        { format: "zstd", code: "CORRUPT", offset: this.#offset, errno: 20 },
      );
    }
    this.#blockCount++;
    this.#lastBlock = (block & 1) === 1;
    this.#skip = type === BLOCK_TYPE.RLE ? 1 : size;
    return BLOCK_HEADER_SIZE;
  }

  #finish(checksum: number | undefined): ZstdFrameInfo {
    const header = this.#header!;
    this.#header = undefined;
    const end = this.#offset + (checksum === undefined ? 0 : CHECKSUM_SIZE);
    return {
      ...header,
      offset: this.#frameOffset,
      compressedSize: end - this.#frameOffset,
      blockCount: this.#blockCount,
      checksum,
    };
  }
}

/** What frames that can be decoded together hold. */
export interface FrameMeasure {
  /** Content bytes of all frames. */
  readonly size: number;
  /** The dictionary id that all frames have, 0 for none; undefined where they differ. */
  readonly dictId: number | undefined;
}

/**
 * The size of all content of a stream in memory, when every frame declares one that its blocks can hold and no window
 * is larger than allowed; undefined in every other case, whatever is wrong. Costs next to nothing for a single frame.
 */
export function measureFrames(bytes: Uint8Array, maxWindowSize: number): FrameMeasure | undefined {
  let dictId: number | undefined;
  let mixed = false;
  let total = 0;
  let pos = 0;
  do {
    let header: ZstdFrameHeader | number;
    try {
      header = parseFrameHeader(bytes, pos, bytes.length - pos, false, pos);
    } catch {
      return undefined;
    }
    if (typeof header === "number") return undefined;
    pos += header.headerSize;
    if (header.type === "skippable") {
      pos += header.contentSize!;
      continue;
    }
    let blockCount = 0;
    let block: number;
    do {
      if (pos + BLOCK_HEADER_SIZE > bytes.length) return undefined;
      block = readU24(bytes, pos);
      const repeated = (block >>> 1 & 3) === BLOCK_TYPE.RLE;
      // The library takes a repeated byte in a frame of no bytes in one call but not in steps: left to the codec.
      if (repeated && header.blockSizeMax === 0) return undefined;
      pos += BLOCK_HEADER_SIZE + (repeated ? 1 : block >>> 3);
      blockCount++;
    } while ((block & 1) === 0);
    if (header.hasChecksum) pos += CHECKSUM_SIZE;
    const { contentSize } = header;
    if (contentSize === undefined || contentSize > blockCount * header.blockSizeMax) return undefined;
    if (header.windowSize > maxWindowSize) return undefined;
    mixed ||= dictId !== undefined && dictId !== header.dictId;
    dictId = header.dictId;
    total += contentSize;
  } while (pos < bytes.length);
  return pos === bytes.length ? { size: total, dictId: mixed ? undefined : dictId ?? 0 } : undefined;
}
