/**
 * What one run of `sluice zstd` is to do: its defaults, and what the environment changes in them.
 */
import type { ZstdAdaptOptions, ZstdTrainOptions } from "@sluice/zstd";
import { LEVEL } from "../shared/messages.ts";
import type { ByteRange } from "../shared/range.ts";

/** What happens to the inputs. */
export type ZstdMode =
  | "compress"
  | "decompress"
  | "test"
  | "list"
  | "train"
  | "cat"
  | "index"
  | "splits"
  | "join";

/** Numbers of `--zstd=`, by the real tool's long names. */
export interface ZstdAdvanced {
  strategy?: number;
  windowLog?: number;
  chainLog?: number;
  hashLog?: number;
  searchLog?: number;
  minMatch?: number;
  targetLength?: number;
  overlapLog?: number;
  ldmHashLog?: number;
  ldmMinMatch?: number;
  ldmBucketSizeLog?: number;
  ldmHashRateLog?: number;
}

/** What `-b` measures: the level, and each one up to `last`. */
export interface ZstdBenchSettings {
  /** Whether inputs are measured at all. */
  wanted: boolean;
  last: number | undefined;
  /** The least time for each direction. */
  seconds: number;
  /** Measure each file on its own. */
  perFile: boolean;
}

/** How a file is divided. */
export interface ZstdSplitSettings {
  count: number | undefined;
  splitSize: number | undefined;
  atLine: boolean;
  atDelimiter: number | undefined;
}

/** The state that options change. */
export interface ZstdSettings {
  mode: ZstdMode;
  bench: ZstdBenchSettings;
  /** Bytes of content that `cat` gives; undefined for all. */
  range: ByteRange | undefined;
  /** The file that `cat` takes an index from. */
  index: string | undefined;
  splits: ZstdSplitSettings;
  /** Write seekable files with frames of this many bytes; 0 for the default. */
  seekable: number | undefined;
  verbosity: number;
  help: boolean;
  version: boolean;

  /** The file of `-o`. */
  output: string | undefined;
  stdout: boolean;
  force: boolean;
  /** Remove each input once its output is complete. */
  remove: boolean;
  recursive: boolean;
  fileLists: string[];
  outputDirectory: string | undefined;
  /** Whether the output directory gets the inputs' directories. */
  mirror: boolean;
  excludeCompressed: boolean;
  sparse: boolean | undefined;
  passThrough: boolean | undefined;
  progress: boolean | undefined;

  level: number;
  ultra: boolean;
  /** Bounds of a level that follows the flow of data; undefined for one that stays. */
  adapt: ZstdAdaptOptions | undefined;
  max: boolean;
  /** Window of the long-distance mode; 0 when it is off. */
  longWindowLog: number;
  advanced: ZstdAdvanced;
  threads: number;
  /** Threads of a decompression: those of -T, one where it was left out, as the zstd tool has it. */
  decodingThreads: number;
  jobSize: number;
  rsyncable: boolean;
  checksum: boolean;
  contentSize: boolean;
  dictId: boolean;
  literals: "auto" | "on" | "off";
  rowMatchFinder: "auto" | "on" | "off";
  streamSize: number | undefined;
  sizeHint: number;
  targetBlockSize: number;

  /** The file of `-D`. */
  dictionary: string | undefined;
  /** The file of `--patch-from`. */
  patchBase: string | undefined;
  /** The file of `--patch-chunks-from`. */
  chunkedPatchBase: string | undefined;
  /** How a dictionary is trained; its size, level and id stand on their own. */
  training: ZstdTrainOptions;
  /** The most bytes of a trained dictionary; undefined for the default. */
  dictionarySizeMax: number | undefined;
  /** The id of a trained dictionary; 0 for a random one. */
  dictionaryId: number;

  /** The most memory of a decompression window, or of samples, in bytes; undefined for the default. */
  maxMemory: number | undefined;
}

/** The largest window log that is decompressed without being asked: 128 MiB. */
export const WINDOW_LOG_DEFAULT = 27;
/** The most worker threads. */
export const WORKERS_MAX = 256;
const WORKERS_DEFAULT_MAX = 4;

/** Cores of this machine. */
export function coreCount(): number {
  return navigator.hardwareConcurrency;
}

/** Settings before any option: the tool's defaults with `ZSTD_CLEVEL` and `ZSTD_NBTHREADS` applied. */
export function defaultSettings(warn: (text: string) => void): ZstdSettings {
  return {
    mode: "compress",
    bench: { wanted: false, last: undefined, seconds: 3, perFile: false },
    range: undefined,
    index: undefined,
    splits: { count: undefined, splitSize: undefined, atLine: false, atDelimiter: undefined },
    seekable: undefined,
    verbosity: LEVEL.results,
    help: false,
    version: false,
    output: undefined,
    stdout: false,
    force: false,
    remove: false,
    recursive: false,
    fileLists: [],
    outputDirectory: undefined,
    mirror: false,
    excludeCompressed: false,
    sparse: undefined,
    passThrough: undefined,
    progress: undefined,
    level: environmentNumber("ZSTD_CLEVEL", /^[+-]?\d+$/, "integer", warn) ?? 3,
    ultra: false,
    adapt: undefined,
    max: false,
    longWindowLog: 0,
    advanced: {},
    threads: environmentNumber("ZSTD_NBTHREADS", /^\d+$/, "unsigned", warn) ??
      Math.max(1, Math.min(WORKERS_DEFAULT_MAX, Math.floor(coreCount() / 4))),
    decodingThreads: 1,
    jobSize: 0,
    rsyncable: false,
    checksum: true,
    contentSize: true,
    dictId: true,
    literals: "auto",
    rowMatchFinder: "auto",
    streamSize: undefined,
    sizeHint: 0,
    targetBlockSize: 0,
    dictionary: undefined,
    patchBase: undefined,
    chunkedPatchBase: undefined,
    training: {},
    dictionarySizeMax: undefined,
    dictionaryId: 0,
    maxMemory: undefined,
  };
}

function environmentNumber(
  name: string,
  pattern: RegExp,
  kind: string,
  warn: (text: string) => void,
): number | undefined {
  const granted = Deno.permissions.querySync({ name: "env", variable: name }).state === "granted";
  const text = granted ? Deno.env.get(name) : undefined;
  if (text === undefined) return undefined;
  if (pattern.test(text) && Math.abs(Number(text)) < 2 ** 31) return Number(text);
  const why = pattern.test(text) ? "numeric value too large" : `not a valid ${kind} value`;
  warn(`Ignore environment variable setting ${name}=${text}: ${why} `);
  return undefined;
}
