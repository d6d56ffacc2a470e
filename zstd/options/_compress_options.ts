/**
 * Turns compression options into a complete record: the one place of their defaults, numbers and checks.
 */
import { resolveBackend } from "../kernel/encoder.ts";
import type { BackendChoice } from "@sluice/ffi";
import {
  checkBoolean,
  checkChoice,
  checkInteger,
  checkKeys,
  checkLimit,
  describe,
  memoryLimit,
  processorCount,
} from "@sluice/internal";
import { fitMemory, LEVEL_NUMBERS } from "./_memory_ceiling.ts";
import { ADAPT_INTERVAL_BYTES } from "./_adaptive_level.ts";
import type { AdaptBounds } from "./_adaptive_level.ts";
import type { ZstdDictionary } from "./dictionary.ts";
import { checkDictionary, prefixBytes } from "./_decompress_options.ts";
import type {
  ZstdAdaptOptions,
  ZstdCompressOptions,
  ZstdLongDistanceOptions,
  ZstdStrategy,
} from "./compress_options.ts";
import type { ZstdParameterName } from "./_types.ts";

/** Options with every field present. */
export interface CompressSettings {
  /** Announced size of the content; undefined when it is not known. */
  readonly size: number | undefined;
  readonly dictionary: ZstdDictionary | undefined;
  /** Content before every frame; empty for none. */
  readonly prefix: Uint8Array;
  readonly maxMemory: number;
  /** The bounds of a level that follows the flow of data; undefined for one that stays. */
  readonly adapt: AdaptBounds | undefined;
  readonly backend: BackendChoice | undefined;
  /** Whether one output chunk takes a millisecond or longer. */
  readonly slow: boolean;
  /** Pairs of zstd's parameter numbers and values: every parameter, so that a context keeps nothing of its last use. */
  readonly parameters: Int32Array;
  /** Equal for settings whose contexts can serve each other; undefined where contexts are not kept. */
  readonly poolKey: string | undefined;
}

/** Numbers of zstd's compression parameters (`ZSTD_cParameter` and the experimental ones in zstd.h). */
export const PARAMETER = {
  level: 100,
  windowLog: 101,
  hashLog: 102,
  chainLog: 103,
  searchLog: 104,
  minMatch: 105,
  targetLength: 106,
  strategy: 107,
  targetBlockSize: 130,
  longDistance: 160,
  longDistanceHashLog: 161,
  longDistanceMinMatch: 162,
  longDistanceBucketSizeLog: 163,
  longDistanceHashRateLog: 164,
  contentSize: 200,
  contentChecksum: 201,
  dictId: 202,
  threads: 400,
  jobSize: 401,
  overlapLog: 402,
  rsyncable: 500,
  format: 10,
  forceMaxWindow: 1000,
  attachDictionary: 1001,
  literals: 1002,
  sizeHint: 1004,
  dedicatedDictionarySearch: 1005,
  splitAfterSequences: 1010,
  rowMatchFinder: 1011,
  deterministicPrefix: 1012,
  prefetchDictionaryTables: 1013,
  maxBlockSize: 1015,
  blockSplitterLevel: 1017,
} as const satisfies Record<ZstdParameterName, number>;

/** Strategies by number, from 1. */
export const STRATEGIES: readonly ZstdStrategy[] = [
  "fast",
  "dfast",
  "greedy",
  "lazy",
  "lazy2",
  "btlazy2",
  "btopt",
  "btultra",
  "btultra2",
];

/** The lowest and highest level. zstd itself clamps to them without a word. */
export const LEVEL_MIN = -131072;
export const LEVEL_MAX = 22;
export const LEVEL_DEFAULT = 3;

/** Levels between which an adaptive one moves unless told otherwise; higher ones take hundreds of megabytes. */
const ADAPT_MIN_DEFAULT = 1;
const ADAPT_MAX_DEFAULT = 19;
/** The window of an adaptive level: the largest that every decoder accepts. */
const ADAPT_WINDOW_LOG = 23;

const JOB_SIZE_MAX = 1 << 30;
const JOB_SIZE_MIN = 512 << 10;
const WORKERS_MAX = 256;
const OVERLAP_LOG_MAX = 9;
const TARGET_BLOCK_SIZE_MIN = 1340;
const I32_MAX = 2 ** 31 - 1;
const SWITCH = ["auto", "on", "off"] as const;
const ATTACHMENTS = ["auto", "attach", "copy", "load"] as const;
const NO_BYTES = new Uint8Array();

/** Contexts up to this level stay below 20 MB and are kept for the next call. */
const POOLED_LEVEL_MAX = 9;
/** From this level on, one chunk of output takes about a millisecond. */
const SLOW_LEVEL_MIN = 5;

const KEYS: ReadonlySet<string> = new Set<keyof ZstdCompressOptions>([
  "level",
  ...LEVEL_NUMBERS,
  "longDistance",
  "contentSize",
  "contentChecksum",
  "dictId",
  "format",
  "threads",
  "jobSize",
  "overlapLog",
  "rsyncable",
  "targetBlockSize",
  "maxBlockSize",
  "forceMaxWindow",
  "literals",
  "sizeHint",
  "splitAfterSequences",
  "blockSplitterLevel",
  "rowMatchFinder",
  "dictionary",
  "prefix",
  "attachDictionary",
  "dedicatedDictionarySearch",
  "prefetchDictionaryTables",
  "deterministicPrefix",
  "size",
  "maxMemory",
  "onExceeded",
  "adapt",
  "backend",
]);
const ADAPT_KEYS: ReadonlySet<string> = new Set<keyof ZstdAdaptOptions>(["min", "max"]);
const LONG_DISTANCE_KEYS: ReadonlySet<string> = new Set<keyof ZstdLongDistanceOptions>([
  "hashLog",
  "minMatch",
  "bucketSizeLog",
  "hashRateLog",
]);

/** The settings of calls without options; most calls are. */
const DEFAULTS = /* @__PURE__ */ resolve({});

/** Settings of a compression. Bounds that the codec knows are checked by the codec, when a context is made. */
export function resolveCompressOptions(options: ZstdCompressOptions | undefined): CompressSettings {
  if (options === undefined) return DEFAULTS;
  checkKeys(options, KEYS);
  return resolve(options);
}

/** A number that the codec checks against its own bounds. */
function number(name: string, value: number | undefined): number {
  return value === undefined ? 0 : checkInteger(name, value, -I32_MAX, I32_MAX);
}

function flag(name: string, value: boolean | undefined, fallback: boolean): number {
  return checkBoolean(name, value ?? fallback) ? 1 : 0;
}

function choice(name: string, value: "auto" | "on" | "off" | undefined): number {
  return SWITCH.indexOf(checkChoice(name, value ?? "auto", SWITCH));
}

function workerCount(options: ZstdCompressOptions): number {
  const { threads = 0 } = options;
  const count = threads === "auto"
    ? (resolveBackend(options.backend) === "wasm" ? 0 : processorCount())
    : checkInteger("threads", threads, 0, WORKERS_MAX);
  // Without threads the codec ignores the option in silence.
  if (flag("rsyncable", options.rsyncable, false) === 1) return Math.max(count, 1);
  // With threads the level changes inside the frame.
  return options.adapt !== undefined && resolveBackend(options.backend) === "native"
    ? Math.max(count, 1)
    : count;
}

function adaptBounds(option: ZstdAdaptOptions | undefined): AdaptBounds | undefined {
  if (option === undefined) return undefined;
  checkKeys(option, ADAPT_KEYS);
  const min = checkInteger("adapt.min", option.min ?? ADAPT_MIN_DEFAULT, LEVEL_MIN, LEVEL_MAX);
  return {
    min,
    max: checkInteger("adapt.max", option.max ?? Math.max(min, ADAPT_MAX_DEFAULT), min, LEVEL_MAX),
  };
}

/** Whether parameters are lowered until they fit; checks what does not go with that. */
function clamps(options: ZstdCompressOptions): boolean {
  if (checkChoice("onExceeded", options.onExceeded ?? "error", ["clamp", "error"]) === "error") return false;
  for (const name of ["rsyncable", "adapt"] as const) {
    if (options[name] === undefined || options[name] === false) continue;
    throw new TypeError(`Cannot use option "${name}": "onExceeded" is "clamp", which does not go with it`);
  }
  return true;
}

type Values = Record<keyof typeof PARAMETER, number>;

/** Pairs of parameter numbers and values. */
function parametersOf(values: Values): Int32Array {
  return new Int32Array(
    Object.entries(values).flatMap(([name, value]) => [PARAMETER[name as keyof typeof PARAMETER], value]),
  );
}

function resolve(options: ZstdCompressOptions): CompressSettings {
  // Long: one option after another; later ones depend on those before.
  const adapt = adaptBounds(options.adapt);
  const start = checkInteger("level", options.level ?? LEVEL_DEFAULT, LEVEL_MIN, LEVEL_MAX);
  const level = adapt === undefined
    ? start
    : Math.min(Math.max(start || LEVEL_DEFAULT, adapt.min), adapt.max);
  const maxMemory = checkLimit("maxMemory", options.maxMemory ?? Infinity);
  checkDictionary(options.dictionary);
  if (options.prefix !== undefined && options.dictionary !== undefined) {
    throw new TypeError('Cannot use option "prefix": "dictionary" is given as well');
  }
  const prefix = options.prefix === undefined ? NO_BYTES : prefixBytes(options.prefix);
  const threads = workerCount(options);
  const strategy = options.strategy === undefined
    ? 0
    : STRATEGIES.indexOf(checkChoice("strategy", options.strategy, STRATEGIES)) + 1;
  const targetBlockSize = number("targetBlockSize", options.targetBlockSize);
  const jobSize = checkInteger(
    "jobSize",
    options.jobSize ?? (adapt !== undefined && threads > 0 ? ADAPT_INTERVAL_BYTES : 0),
    0,
    JOB_SIZE_MAX,
  );
  const clamped = clamps(options) && maxMemory < Infinity;
  const wanted: Values = {
    level,
    windowLog: number("windowLog", options.windowLog ?? (adapt === undefined ? undefined : ADAPT_WINDOW_LOG)),
    hashLog: number("hashLog", options.hashLog),
    chainLog: number("chainLog", options.chainLog),
    searchLog: number("searchLog", options.searchLog),
    minMatch: number("minMatch", options.minMatch),
    targetLength: number("targetLength", options.targetLength),
    strategy,
    targetBlockSize: targetBlockSize > 0 ? Math.max(targetBlockSize, TARGET_BLOCK_SIZE_MIN) : targetBlockSize,
    ...longDistanceValues(options.longDistance),
    contentSize: flag("contentSize", options.contentSize, true),
    contentChecksum: flag("contentChecksum", options.contentChecksum, prefix.length > 0),
    dictId: flag("dictId", options.dictId, true),
    threads: clamped ? 0 : threads,
    jobSize: jobSize > 0 ? Math.max(jobSize, JOB_SIZE_MIN) : 0,
    overlapLog: checkInteger("overlapLog", options.overlapLog ?? 0, 0, OVERLAP_LOG_MAX),
    rsyncable: flag("rsyncable", options.rsyncable, false),
    format: checkChoice("format", options.format ?? "zstd", ["zstd", "magicless"]) === "magicless" ? 1 : 0,
    forceMaxWindow: flag("forceMaxWindow", options.forceMaxWindow, false),
    attachDictionary: ATTACHMENTS.indexOf(
      checkChoice("attachDictionary", options.attachDictionary ?? "auto", ATTACHMENTS),
    ),
    literals: choice("literals", options.literals),
    sizeHint: checkInteger("sizeHint", options.sizeHint ?? 0, 0, I32_MAX),
    dedicatedDictionarySearch: flag("dedicatedDictionarySearch", options.dedicatedDictionarySearch, false),
    splitAfterSequences: choice("splitAfterSequences", options.splitAfterSequences),
    rowMatchFinder: choice("rowMatchFinder", options.rowMatchFinder),
    deterministicPrefix: flag("deterministicPrefix", options.deterministicPrefix, false),
    prefetchDictionaryTables: choice("prefetchDictionaryTables", options.prefetchDictionaryTables),
    maxBlockSize: number("maxBlockSize", options.maxBlockSize),
    blockSplitterLevel: number("blockSplitterLevel", options.blockSplitterLevel),
  };
  const size = options.size === undefined
    ? undefined
    : checkInteger("size", options.size, 0, Number.MAX_SAFE_INTEGER);
  const { backend } = options;
  const values = clamped
    ? fitMemory(wanted, parametersOf, { maxMemory: maxMemory - prefix.length, size, backend })
    : wanted;
  const parameters = parametersOf(values);
  const light = level <= POOLED_LEVEL_MAX && values.windowLog === 0 && values.chainLog === 0 &&
    values.hashLog === 0 && values.longDistance !== 1 && threads === 0 && maxMemory === Infinity &&
    prefix.length === 0;
  return {
    size,
    dictionary: options.dictionary,
    prefix,
    maxMemory: memoryLimit(maxMemory),
    adapt,
    backend,
    slow: level >= SLOW_LEVEL_MIN || strategy > 2 || threads > 0,
    parameters,
    poolKey: light ? parameters.join(" ") : undefined,
  };
}

type LongDistanceName =
  | "longDistance"
  | "longDistanceHashLog"
  | "longDistanceMinMatch"
  | "longDistanceBucketSizeLog"
  | "longDistanceHashRateLog";

function longDistanceValues(option: ZstdCompressOptions["longDistance"]): Record<LongDistanceName, number> {
  const detail: ZstdLongDistanceOptions = typeof option === "object" ? option : {};
  checkKeys(detail, LONG_DISTANCE_KEYS);
  if (
    option !== undefined && typeof option !== "object" && typeof option !== "boolean" && option !== "auto"
  ) {
    throw new TypeError(
      `Cannot use option "longDistance": it is ${describe(option)}, expected a boolean, "auto" or an object`,
    );
  }
  return {
    longDistance: option === undefined || option === "auto" ? 0 : option === false ? 2 : 1,
    longDistanceHashLog: number("longDistance.hashLog", detail.hashLog),
    longDistanceMinMatch: number("longDistance.minMatch", detail.minMatch),
    longDistanceBucketSizeLog: number("longDistance.bucketSizeLog", detail.bucketSizeLog),
    longDistanceHashRateLog: number("longDistance.hashRateLog", detail.hashRateLog),
  };
}
