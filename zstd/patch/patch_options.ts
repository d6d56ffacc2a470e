/**
 * Options of patches in both directions.
 *
 * @module
 */
import type { ZstdCompressOptions } from "../options/compress_options.ts";
import type { ZstdDecompressOptions } from "../options/decompress_options.ts";

/**
 * How a patch is made. Window and long-distance matching follow from the size of the target, much as in the reference
 * tool, unless they are given.
 */
export interface ZstdPatchCreateOptions
  extends Omit<ZstdCompressOptions, "dictionary" | "prefix" | "format" | "size"> {
  /** Write a checksum of the target, which is what tells a wrong base. @default {true} */
  readonly contentChecksum?: boolean | undefined;
  /**
   * Put the SHA-256 of the base in front, in a skippable frame, so that a wrong base is told before anything is decoded.
   * The reference tool applies such a patch with `-D`; with `--patch-from` it may fail. @default {false}
   */
  readonly embedBaseHash?: boolean | undefined;
}

/** How a patch is applied. */
export interface ZstdPatchApplyOptions extends
  Pick<
    ZstdDecompressOptions,
    | "allowEmpty"
    | "backend"
    | "maxMemory"
    | "maxWindowLog"
    | "maxWindowSize"
    | "onSkippable"
    | "verifyChecksums"
  > {
  /** The most bytes of the target. @default {256 MiB for whole values, Infinity for streams} */
  readonly maxOutputSize?: number | undefined;
}
