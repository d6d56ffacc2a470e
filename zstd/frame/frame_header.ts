/**
 * Looking into a frame's header.
 *
 * @module
 */
import { checkChoice, checkKeys, toBytes, TruncatedDataError } from "@sluice/internal";
import type { BytesSource } from "@sluice/internal";
import { parseFrameHeader } from "./_frame_parser.ts";

/** The two shapes of a zstd frame: with its magic number, or without it for data whose kind is known anyway. */
export type ZstdFormat = "zstd" | "magicless";

/** What a frame says about itself. */
export interface ZstdFrameHeader {
  /** A frame with compressed content, or one that carries foreign data for others to skip. */
  readonly type: "zstd" | "skippable";
  /** Bytes of the header, magic number included. */
  readonly headerSize: number;
  /** Bytes of the content, or of a skippable frame's payload; undefined where the frame does not say. Above 2^53 - 1 it is `Infinity`. */
  readonly contentSize: number | undefined;
  /** The exact content size where the header has its 8-byte form. */
  readonly contentSizeBig: bigint | undefined;
  /** How far back matches may reach, in bytes: what a decoder must be able to hold. */
  readonly windowSize: number;
  /** The most content bytes of one block. */
  readonly blockSizeMax: number;
  /** The id of the dictionary that the frame was compressed with; 0 for none or not told. */
  readonly dictId: number;
  /** Whether a checksum of the content stands behind the last block. */
  readonly hasChecksum: boolean;
  /** The low four bits of a skippable frame's magic number; undefined for other frames. */
  readonly skippableVariant: number | undefined;
}

/** How a header is read. */
export interface ZstdFrameHeaderOptions {
  /** The shape of the frame. @default {"zstd"} */
  readonly format?: ZstdFormat | undefined;
}

const KEYS: ReadonlySet<string> = new Set(["format"]);

/**
 * Reads the header of the frame that starts at the first byte. 18 bytes are always enough.
 *
 * @throws {TruncatedDataError} With code "NEED_MORE_INPUT" if the header goes on behind the given bytes.
 * @throws {CorruptDataError} With code "BAD_MAGIC" if no frame starts here.
 * @throws {UnsupportedFeatureError} With code "FRAME_UNSUPPORTED" if the header's reserved bit is set.
 *
 * @example Content size before decompression
 * ```ts
 * import { compressZstd, readZstdFrameHeader } from "@sluice/zstd";
 * import { assertEquals } from "@std/assert";
 *
 * const frame = compressZstd(new Uint8Array(1000), { checksum: true });
 * const header = readZstdFrameHeader(frame);
 * assertEquals(header.contentSize, 1000);
 * assertEquals(header.hasChecksum, true);
 * ```
 */
export function readZstdFrameHeader(
  data: BytesSource,
  options: ZstdFrameHeaderOptions = {},
): ZstdFrameHeader {
  checkKeys(options, KEYS);
  const magicless = checkChoice("format", options.format ?? "zstd", ["zstd", "magicless"]) === "magicless";
  const bytes = toBytes(data);
  const header = parseFrameHeader(bytes, 0, bytes.length, magicless, 0);
  if (typeof header !== "number") return header;
  throw new TruncatedDataError(
    `Cannot read a zstd frame header: ${bytes.length} bytes are there, expected at least ${header}`,
    { format: "zstd", code: "NEED_MORE_INPUT", offset: bytes.length },
  );
}
