/**
 * Options of HTTP servers that speak zstd.
 *
 * @module
 */
import type { ZstdCompressOptions } from "../options/compress_options.ts";
import type { DczDictionary } from "./dcz_dictionary.ts";
import type { ZstdDictionaryStore } from "./dictionary_store.ts";
import type { ZstdContentEncoding } from "./negotiation.ts";

/** How a server speaks zstd. */
export interface WithZstdOptions {
  /** How responses are compressed; windows stay within 8 MiB. @default {level 3} */
  readonly compress?: Omit<ZstdCompressOptions, "dictionary" | "prefix" | "size" | "format"> | undefined;
  /** Dictionaries for `dcz` in both directions, or the look-up of one by its SHA-256. @default {none} */
  readonly dictionaries?:
    | readonly DczDictionary[]
    | ((sha256: Uint8Array) => DczDictionary | undefined)
    | undefined;
  /** Encodings of responses, the best first. @default {["dcz", "zstd", "gzip"]} */
  readonly encodings?: readonly ZstdContentEncoding[] | undefined;
  /** The most bytes of a request's body when it is decoded; more is answered with 413. @default {2 ** 26} */
  readonly maxRequestSize?: number | undefined;
  /** Responses that declare fewer bytes stay as they are. @default {256} */
  readonly minSize?: number | undefined;
  /** Whether a response is worth compressing. @default {by its content type: text, JSON, scripts, fonts, WASM …} */
  readonly filter?: ((response: Response) => boolean) | undefined;
  /** Whether a request came over TLS, which `dcz` is kept to. @default {by its URL, or a host of this machine} */
  readonly isSecure?: ((request: Request) => boolean) | undefined;
  /**
   * Keep what routes send, so that the next version is sent as what changed to clients that have an earlier one: a store,
   * or true for one of 64 MiB. For responses to GET with status 200 that came over TLS and may be shared between users: no
   * `Cache-Control: private` or `no-store`, no `Set-Cookie`, no `Vary` of `Cookie`, `Authorization` or `*`, and a request
   * without `Authorization`. A version serves the path that it was sent for and no other; clients use it as dictionary for
   * as long as `Cache-Control` lets them. @default {false}
   */
  readonly versions?: ZstdDictionaryStore | boolean | undefined;
}
