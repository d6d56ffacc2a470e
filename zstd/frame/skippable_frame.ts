/**
 * Skippable frames: foreign data inside a zstd stream that every decoder passes over. RFC 8878, 3.1.2.
 *
 * @module
 */
import { checkInteger, CorruptDataError, toBytes, TruncatedDataError, writeU32 } from "@sluice/internal";
import type { BytesSource } from "@sluice/internal";
import { SKIPPABLE_HEADER_SIZE, SKIPPABLE_MAGIC } from "./_format.ts";
import { readZstdFrameHeader } from "./frame_header.ts";

/** A skippable frame that was read. */
export interface ZstdSkippableFrame {
  /** The low four bits of the magic number, 0 to 15: whose data it is. */
  readonly variant: number;
  /** The data; a view of what was read from. */
  readonly body: Uint8Array;
  /** Bytes of the whole frame. */
  readonly byteLength: number;
}

/**
 * Makes a skippable frame around a payload. Variant 14 is used by seek tables and dictionary transport, 0 by pzstd.
 *
 * @throws {RangeError} If the variant is not an integer from 0 to 15.
 *
 * @example Metadata before a frame
 * ```ts
 * import { compressZstd, decompressZstd, readZstdSkippableFrame, writeZstdSkippableFrame } from "@sluice/zstd";
 * import { assertEquals } from "@std/assert";
 *
 * const note = writeZstdSkippableFrame(new TextEncoder().encode("made by hand"), 3);
 * const stream = new Uint8Array([...note, ...compressZstd(new Uint8Array([1, 2, 3]))]);
 * assertEquals(readZstdSkippableFrame(stream).variant, 3);
 * assertEquals(decompressZstd(stream), new Uint8Array([1, 2, 3]));
 * ```
 */
export function writeZstdSkippableFrame(payload: BytesSource, variant = 0): Uint8Array<ArrayBuffer> {
  checkInteger("variant", variant, 0, 15);
  const bytes = toBytes(payload);
  const frame = new Uint8Array(SKIPPABLE_HEADER_SIZE + bytes.length);
  writeU32(frame, 0, SKIPPABLE_MAGIC + variant);
  writeU32(frame, 4, bytes.length);
  frame.set(bytes, SKIPPABLE_HEADER_SIZE);
  return frame;
}

/**
 * Reads the skippable frame that starts at the first byte.
 *
 * @throws {CorruptDataError} With code "BAD_MAGIC" if another kind of frame, or none, starts here.
 * @throws {TruncatedDataError} If the frame goes on after the given bytes.
 *
 * @example The payload
 * ```ts
 * import { readZstdSkippableFrame, writeZstdSkippableFrame } from "@sluice/zstd";
 * import { assertEquals } from "@std/assert";
 *
 * const frame = writeZstdSkippableFrame(new Uint8Array([1, 2]), 5);
 * const { variant, body, byteLength } = readZstdSkippableFrame(frame);
 * assertEquals([variant, ...body, byteLength], [5, 1, 2, frame.length]);
 * ```
 */
export function readZstdSkippableFrame(data: BytesSource): ZstdSkippableFrame {
  const bytes = toBytes(data);
  const header = readZstdFrameHeader(bytes);
  if (header.type !== "skippable") {
    throw new CorruptDataError("Cannot read a skippable frame at byte 0: a zstd frame starts here", {
      format: "zstd",
      code: "BAD_MAGIC",
      offset: 0,
    });
  }
  const byteLength = header.headerSize + header.contentSize!;
  if (byteLength > bytes.length) {
    throw new TruncatedDataError(
      `Cannot read a skippable frame: ${bytes.length} bytes are there, expected ${byteLength}`,
      { format: "zstd", code: "TRUNCATED", offset: bytes.length },
    );
  }
  return {
    variant: header.skippableVariant!,
    body: bytes.subarray(header.headerSize, byteLength),
    byteLength,
  };
}
