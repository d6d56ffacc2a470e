/**
 * Looking into a frame's header.
 *
 * @module
 */
import { checkChoice, checkKeys, toBytes, TruncatedDataError } from "@sluice/internal";
import type { BytesSource } from "@sluice/internal";
import { parseFrameHeader } from "./_frame_parser.ts";
import type { ZstdFrameHeader } from "./_types.ts";

export type { ZstdFrameHeader } from "./_types.ts";

/** The two shapes of a zstd frame: with its magic number, or without it for data whose kind is known anyway. */
export type ZstdFormat = "zstd" | "magicless";

/** How a header is read. */
export interface ZstdFrameHeaderOptions {
  /** The shape of the frame. @default {"zstd"} */
  readonly format?: ZstdFormat | undefined;
}

const KEYS: ReadonlySet<string> = new Set(["format"]);

/**
 * Reads the header of the frame that starts at the first byte. 18 bytes are always enough.
 *
 * @throws {TruncatedDataError} With code "NEED_MORE_INPUT" if the header goes on after the given bytes.
 * @throws {CorruptDataError} With code "BAD_MAGIC" if no frame starts here.
 * @throws {UnsupportedFeatureError} With code "FRAME_UNSUPPORTED" if the header's reserved bit is set.
 *
 * @example Content size before decompression
 * ```ts
 * import { compressZstd, readZstdFrameHeader } from "@sluice/zstd";
 * import { assertEquals } from "@std/assert";
 *
 * const frame = compressZstd(new Uint8Array(1000), { contentChecksum: true });
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
