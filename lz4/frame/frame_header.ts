/**
 * What an LZ4 frame says about itself.
 *
 * @module
 */
import { toBytes } from "@sluice/internal";
import type { BytesSource } from "@sluice/internal";
import { fault } from "./_fault.ts";
import { parseFrameHeader } from "./_frame_parser.ts";
import type { Lz4FrameHeader } from "./_types.ts";

export type { Lz4FrameHeader } from "./_types.ts";

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
 * import { compressLz4, readLz4FrameHeader } from "@sluice/lz4";
 * import { assertEquals } from "@std/assert";
 *
 * const info = readLz4FrameHeader(compressLz4(new Uint8Array(10)));
 * assertEquals([info.contentSize, info.linked], [10, false]);
 * ```
 */
export function readLz4FrameHeader(data: BytesSource): Lz4FrameHeader {
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
