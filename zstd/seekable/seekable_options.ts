/**
 * Options of everything that writes seekable files.
 *
 * @module
 */
import type { ZstdCompressOptions } from "../options/compress_options.ts";

/** How a seekable file is written. Codec options apply to every frame. */
export interface ZstdSeekableCompressOptions
  extends Omit<ZstdCompressOptions, "size" | "format" | "contentChecksum" | "contentSize"> {
  /** Bytes of content in a frame, 1 to 2^30: what one random read decodes at least. @default {2 ** 21} */
  readonly frameSize?: number | undefined;
  /**
   * "size" cuts frames of `frameSize` bytes. "rsync" cuts where the content says so, into a quarter to twice
   * `frameSize`: after a change most frames stay the same, byte by byte, for rsync and deduplicating stores.
   * @default {"size"}
   */
  readonly frameSplit?: "size" | "rsync" | undefined;
  /** Write a checksum of each content into its frame and into the seek table. @default {true} */
  readonly contentChecksum?: boolean | undefined;
  /** How many frames are compressed at the same time, 1 to 64. @default {one for each processor natively, 1 in WASM} */
  readonly threads?: number | undefined;
}
