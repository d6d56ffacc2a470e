/**
 * Options of everything that decompresses zstd.
 *
 * @module
 */
import type { BackendChoice } from "@sluice/ffi";
import type { BytesSource } from "@sluice/internal";
import type { ZstdDictionary } from "./dictionary.ts";
import type { ZstdFormat, ZstdFrameHeader } from "../frame/frame_header.ts";

/** How zstd data is decompressed. Limits are safe by default and raised by saying so. */
export interface ZstdDecompressOptions {
  /**
   * The most bytes of output, checked before memory is taken; `Infinity` lifts it.
   * @default {256 MiB for whole values, Infinity for streams, iterables and decoders}
   */
  readonly maxOutputSize?: number | undefined;
  /** The largest window that a frame may ask for, as a power of two, 10 to 31. @default {27} */
  readonly maxWindowLog?: number | undefined;
  /** The same in bytes, 1 KiB to 2 GiB; only one of the two may be given. @default {2 ** 27} */
  readonly maxWindowSize?: number | undefined;
  /** The most bytes that the codec may allocate for its window and tables. @default {Infinity} */
  readonly maxMemory?: number | undefined;
  /** Decode every frame, or stop after the first. @default {"all"} */
  readonly frames?: "all" | "first" | undefined;
  /**
   * What to do with bytes after the last frame that start no frame, and with `frames: "first"` with any bytes after the
   * first.
   * @default {"error", with frames: "first" "ignore"}
   */
  readonly trailing?: "error" | "ignore" | undefined;
  /** Take an input without a single frame for empty content. @default {false} */
  readonly allowEmpty?: boolean | undefined;
  /** Compare the content with its checksum where a frame has one. @default {true} */
  readonly verifyChecksums?: boolean | undefined;
  /** The shape of the frames. Magicless frames can't be told apart from anything. @default {"zstd"} */
  readonly format?: ZstdFormat | undefined;
  /** Leave out this many bytes before the first frame: a foreign header. @default {0} */
  readonly skipBytes?: number | undefined;
  /** Called with the payload of each skippable frame of at most `maxSkippableBytes`. */
  readonly onSkippable?: ((variant: number, payload: Uint8Array) => void) | undefined;
  /** Payloads above this are passed over without being held. @default {2 ** 20} */
  readonly maxSkippableBytes?: number | undefined;
  /** Called with each frame's header before its content is decoded; throw to refuse it. */
  readonly checkHeader?: ((header: ZstdFrameHeader) => void) | undefined;
  /** The dictionary for frames that name it, and for frames that name none. */
  readonly dictionary?: ZstdDictionary | undefined;
  /** Further dictionaries; each frame gets the one that its id names. */
  readonly dictionaries?: readonly ZstdDictionary[] | undefined;
  /** Finds a dictionary that is not among the given ones; undefined when there is none. */
  readonly lookupDictionary?: ((id: number) => ZstdDictionary | undefined) | undefined;
  /** Content that every frame refers to as if it came before its own: what `prefix` was for compression. */
  readonly prefix?: BytesSource | undefined;
  /** The backend for this call. @default {what configureBackend says} */
  readonly backend?: BackendChoice | undefined;
}

/** The options that matter for every frame by itself, in files whose frames are decoded one by one. */
export type ZstdFrameOptions = Pick<
  ZstdDecompressOptions,
  | "backend"
  | "dictionary"
  | "dictionaries"
  | "lookupDictionary"
  | "maxMemory"
  | "maxWindowLog"
  | "maxWindowSize"
>;
