/**
 * Options of everything that compresses zstd.
 *
 * @module
 */
import type { BackendChoice } from "@sluice/ffi";
import type { BytesSource } from "@sluice/internal";
import type { ZstdDictionary } from "./dictionary.ts";
import type { ZstdFormat } from "../frame/frame_header.ts";

/** Search strategies from fast to thorough. */
export type ZstdStrategy =
  | "fast"
  | "dfast"
  | "greedy"
  | "lazy"
  | "lazy2"
  | "btlazy2"
  | "btopt"
  | "btultra"
  | "btultra2";

/** The seven numbers that a level stands for. Each one that is given overrides the level's own. */
export interface ZstdCompressionParameters {
  /** How far back matches may reach, as a power of two; 10 to 31 (30 in WASM). */
  readonly windowLog?: number | undefined;
  /** Size of the multi-probe search structure, as a power of two; 6 to 30 (29 in WASM). */
  readonly chainLog?: number | undefined;
  /** Size of the first probe table, as a power of two; 6 to 30. */
  readonly hashLog?: number | undefined;
  /** How many probes a search makes, as a power of two; 1 to 30. */
  readonly searchLog?: number | undefined;
  /** Matches shorter than this are not looked for; 3 to 7. */
  readonly minMatch?: number | undefined;
  /** What a match must reach to be taken without further search; 0 to 131072. */
  readonly targetLength?: number | undefined;
  /** The search strategy. */
  readonly strategy?: ZstdStrategy | undefined;
}

/** Numbers of the long-distance matcher; each one left out follows from the window. */
export interface ZstdLongDistanceOptions {
  /** Size of its table, as a power of two; 6 to 30. */
  readonly hashLog?: number | undefined;
  /** Its shortest match, in bytes; 4 to 4096. */
  readonly minMatch?: number | undefined;
  /** Entries of one bucket, as a power of two; 1 to 8. */
  readonly bucketSizeLog?: number | undefined;
  /** How seldom positions enter the table, as a power of two; 0 to 25. */
  readonly hashRateLog?: number | undefined;
}

/** Between which levels an adaptive one moves. */
export interface ZstdAdaptOptions {
  /** The lowest level. @default {1} */
  readonly min?: number | undefined;
  /** The highest level. @default {19, or min where that is higher} */
  readonly max?: number | undefined;
}

/** How data is compressed. What is left out follows from the level. */
export interface ZstdCompressOptions extends ZstdCompressionParameters {
  /** From -131072 (fastest) to 22 (smallest); 0 stands for the default. @default {3} */
  readonly level?: number | undefined;
  /** Look for matches far back; `true` also makes the window 128 MiB. @default {"auto"} */
  readonly longDistance?: boolean | "auto" | ZstdLongDistanceOptions | undefined;
  /** Write the content size into the frame where it is known from the start. @default {true} */
  readonly contentSize?: boolean | undefined;
  /** Write a checksum of the content behind the last block. @default {false} */
  readonly contentChecksum?: boolean | undefined;
  /** Write the id of the dictionary into the frame. @default {true} */
  readonly dictId?: boolean | undefined;
  /** The shape of the frame. @default {"zstd"} */
  readonly format?: ZstdFormat | undefined;
  /**
   * Threads that compress one stream, 0 to 256, or "auto" for one per processor. Native only: in WASM "auto" means 0.
   * The output with one thread or more is the same for any number of them. @default {0}
   */
  readonly threads?: number | "auto" | undefined;
  /** Input bytes of one thread's job, 0 for what the library finds; at least 512 KiB. @default {0} */
  readonly jobSize?: number | undefined;
  /** How much of the window a job gets from the one before: 9 all, each step below half of that, 1 none. @default {0} */
  readonly overlapLog?: number | undefined;
  /** Make the output change locally when the input does; uses at least one worker. @default {false} */
  readonly rsyncable?: boolean | undefined;
  /** Aim for compressed blocks of this size in bytes, for readers that want partial content early; 0 for no aim. @default {0} */
  readonly targetBlockSize?: number | undefined;
  /** The most content bytes of a block, 1024 to 131072. @default {131072} */
  readonly maxBlockSize?: number | undefined;
  /** Hold the whole window even where less would do. @default {false} */
  readonly forceMaxWindow?: boolean | undefined;
  /** Whether literals are compressed. @default {"auto"} */
  readonly literals?: "auto" | "on" | "off" | undefined;
  /** Roughly how large the content will be, in bytes, for choosing parameters. @default {0} */
  readonly sizeHint?: number | undefined;
  /** Split blocks where statistics change, after the sequences are found. @default {"auto"} */
  readonly splitAfterSequences?: "auto" | "on" | "off" | undefined;
  /** How hard block borders are searched before compression, 1 to 6; 0 follows the level. @default {0} */
  readonly blockSplitterLevel?: number | undefined;
  /** The row-based match finder of the middle strategies. @default {"auto"} */
  readonly rowMatchFinder?: "auto" | "on" | "off" | undefined;
  /** The dictionary that every frame refers to. Its digest is made once for each set of options. */
  readonly dictionary?: ZstdDictionary | undefined;
  /**
   * Content that every frame refers to as if it came before its own. Unlike a dictionary it works with long-distance
   * matching and large windows; the decoder needs the same content. Turns `contentChecksum` on unless that is set, because
   * nothing else tells a wrong prefix.
   */
  readonly prefix?: BytesSource | undefined;
  /** How a dictionary's tables get into a context. @default {"auto"} */
  readonly attachDictionary?: "auto" | "attach" | "copy" | "load" | undefined;
  /** Search structures made for dictionaries, for the strategies greedy to lazy2. @default {false} */
  readonly dedicatedDictionarySearch?: boolean | undefined;
  /** Read a dictionary's tables ahead of use. @default {"auto"} */
  readonly prefetchDictionaryTables?: "auto" | "on" | "off" | undefined;
  /** Write the same frame whether or not the prefix lies next to the input in memory. @default {false} */
  readonly deterministicPrefix?: boolean | undefined;
  /** The exact size of the content in bytes; another size is an error. Lets streams write it into the frame. */
  readonly size?: number | undefined;
  /** The most bytes that the codec may allocate. @default {Infinity} */
  readonly maxMemory?: number | undefined;
  /**
   * What to do when `maxMemory` is not enough: fail, or "clamp" to the highest level, with the largest window for it,
   * whose estimate fits. Clamping gives up worker threads, whose memory can't be estimated; a dictionary's tables are
   * not in the estimate either. @default {"error"}
   */
  readonly onExceeded?: "clamp" | "error" | undefined;
  /**
   * Let the level of a stream or encoder follow the flow of data: it goes up while the codec waits for its source or
   * its sink, and down while both wait for the codec. It starts at `level` and is looked at every 2 MiB of input.
   * The window is 8 MiB and a job 2 MiB unless `windowLog` and `jobSize` say otherwise. Natively at least one worker thread is used and changes come
   * with its jobs; in WASM there are frames of 2 MiB, each with its level. The output depends on timing: it is not reproducible. Whole values have no flow and keep `level`.
   */
  readonly adapt?: ZstdAdaptOptions | undefined;
  /** The backend for this call. @default {what configureBackend says} */
  readonly backend?: BackendChoice | undefined;
}
