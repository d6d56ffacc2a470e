/**
 * Options of `dcz` in both directions.
 *
 * @module
 */
import type { ZstdCompressOptions } from "../options/compress_options.ts";
import type { DczDictionary } from "./dcz_dictionary.ts";
import type { ZstdDecompressOptions } from "../options/decompress_options.ts";

/**
 * How a `dcz` body is written. Without `windowLog` the window reaches over the dictionary, up to what RFC 9842 allows:
 * 8 MiB, or 1.25 times the dictionary up to 128 MiB.
 */
export interface DczCompressOptions extends Omit<ZstdCompressOptions, "dictionary" | "prefix" | "format"> {
  /** The dictionary; the reader has to have it. */
  readonly dictionary: DczDictionary;
}

/** How a `dcz` body is read. */
export interface DczDecompressOptions extends
  Omit<
    ZstdDecompressOptions,
    "skipBytes" | "dictionary" | "dictionaries" | "lookupDictionary" | "prefix" | "format"
  > {
  /** The dictionaries at hand, or a function that finds one by its SHA-256; undefined when there is none. */
  readonly dictionaries:
    | readonly DczDictionary[]
    | ((sha256: Uint8Array) => DczDictionary | undefined | Promise<DczDictionary | undefined>);
}
