/**
 * What an LZ4 frame says about itself.
 *
 * @module
 */
import { toBytes } from "@sluice/internal";
import type { BytesSource } from "@sluice/internal";
import { fault } from "./_fault.ts";
import { parseFrameHeader } from "./_frame_parser.ts";

/** The header of a frame of any kind. */
export interface Lz4FrameInfo {
  /** "legacy" frames are those of lz4 before 1.4; "skippable" ones hold no content. */
  readonly type: "frame" | "legacy" | "skippable";
  /** Bytes of the header, magic included. */
  readonly headerSize: number;
  /** The most content bytes of a block; 0 for a skippable frame. */
  readonly blockMax: number;
  /** Whether blocks refer to the content in front of them. */
  readonly linked: boolean;
  /** Whether each block has a checksum. */
  readonly blockChecksum: boolean;
  /** Whether the content has a checksum. */
  readonly contentChecksum: boolean;
  /** The declared content size in bytes, or a skippable frame's payload size; undefined where there is none. */
  readonly contentSize: number | undefined;
  /** The declared dictionary; undefined where there is none. */
  readonly dictId: number | undefined;
  /** 0 to 15 for a skippable frame, else undefined. */
  readonly skippableVariant: number | undefined;
}

/**
 * Reads the header at the start of `data`: 19 bytes are always enough.
 *
 * @throws {TruncatedDataError} With code "HEADER_INCOMPLETE" if more bytes are needed.
 * @throws {CorruptDataError} With code "BAD_MAGIC" if this starts no frame, or "BLOCK_SIZE_ID".
 * @throws {UnsupportedFeatureError} With code "VERSION" or "RESERVED".
 * @throws {ChecksumMismatchError} With code "HEADER_CHECKSUM".
 *
 * @example Looking before decoding
 * ```ts
 * import { compressLz4, lz4FrameInfo } from "@sluice/lz4";
 * import { assertEquals } from "@std/assert";
 *
 * const info = lz4FrameInfo(compressLz4(new Uint8Array(10)));
 * assertEquals([info.contentSize, info.linked], [10, false]);
 * ```
 */
export function lz4FrameInfo(data: BytesSource): Lz4FrameInfo {
  const bytes = toBytes(data);
  const info = parseFrameHeader(bytes, bytes.length, { offset: 0 });
  if (typeof info !== "number") return info;
  throw fault(
    "HEADER_INCOMPLETE",
    bytes.length,
    `${info} more bytes of the frame header are needed`,
    "read a frame header",
  );
}
