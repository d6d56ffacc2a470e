/**
 * Turns decompression options into a complete record: the one place of their defaults and checks.
 */
import type { BackendChoice } from "@sluice/ffi";
import {
  checkBoolean,
  checkInteger,
  checkKeys,
  checkLimit,
  endingSettings,
  memoryLimit,
  toBytes,
  WHOLE_OUTPUT_SIZE_MAX,
} from "@sluice/internal";
import type { EndingSettings } from "@sluice/internal";
import type { Lz4Checkpoint } from "./checkpoint.ts";
import type { Lz4DecompressOptions } from "./decompress_options.ts";

/** Options with every field present. */
export interface DecompressSettings extends EndingSettings {
  readonly maxOutputSize: number;
  readonly maxBlockSize: number;
  readonly maxFrames: number;
  readonly maxMemory: number;
  readonly verifyChecksums: boolean;
  readonly strictBlocks: boolean;
  readonly kafkaHeaderChecksum: boolean;
  /** Finds the dictionary of a frame; undefined where none was given. */
  readonly dictionary: ((dictId: number | undefined) => Uint8Array | undefined) | undefined;
  readonly ignoreDictionary: boolean;
  readonly onSkippable: ((variant: number, payload: Uint8Array) => void) | undefined;
  readonly onCheckpoint: ((checkpoint: Lz4Checkpoint) => void) | undefined;
  readonly checkpointEvery: number;
  readonly threads: number;
  readonly backend: BackendChoice | undefined;
}

const BLOCK_SIZE_MAX_DEFAULT = 8 << 20;
const FRAMES_MAX_DEFAULT = 1e9;
const THREADS_MAX = 64;
const CHECKPOINT_EVERY_DEFAULT = 4 << 20;

const KEYS: ReadonlySet<string> = new Set<keyof Lz4DecompressOptions>([
  "maxOutputSize",
  "maxBlockSize",
  "maxFrames",
  "maxMemory",
  "frames",
  "trailing",
  "allowEmpty",
  "verifyChecksums",
  "strictBlocks",
  "kafkaHeaderChecksum",
  "dictionary",
  "onSkippable",
  "onCheckpoint",
  "checkpointEvery",
  "threads",
  "backend",
]);

/** The settings of calls without options; most calls are. */
const WHOLE_VALUE_DEFAULTS = /* @__PURE__ */ resolve({}, WHOLE_OUTPUT_SIZE_MAX);

/** Settings of a whole value: output is limited unless the caller says otherwise. */
export function resolveWholeValueOptions(options: Lz4DecompressOptions | undefined): DecompressSettings {
  if (options === undefined) return WHOLE_VALUE_DEFAULTS;
  checkKeys(options, KEYS);
  return resolve(options, WHOLE_OUTPUT_SIZE_MAX);
}

/** Settings of a stream: its consumer bounds it. */
export function resolveStreamingOptions(options: Lz4DecompressOptions): DecompressSettings {
  checkKeys(options, KEYS);
  return resolve(options, Infinity);
}

function resolve(options: Lz4DecompressOptions, maxOutputSize: number): DecompressSettings {
  const maxMemory = checkLimit("maxMemory", options.maxMemory ?? Infinity);
  const ignoreDictionary = options.dictionary === "ignore";
  return {
    maxOutputSize: checkLimit("maxOutputSize", options.maxOutputSize ?? maxOutputSize),
    maxBlockSize: checkLimit("maxBlockSize", options.maxBlockSize ?? BLOCK_SIZE_MAX_DEFAULT),
    maxFrames: checkLimit("maxFrames", options.maxFrames ?? FRAMES_MAX_DEFAULT),
    maxMemory: memoryLimit(maxMemory),
    ...endingSettings(options),
    verifyChecksums: checkBoolean("verifyChecksums", options.verifyChecksums ?? true),
    strictBlocks: checkBoolean("strictBlocks", options.strictBlocks ?? false),
    kafkaHeaderChecksum: checkBoolean("kafkaHeaderChecksum", options.kafkaHeaderChecksum ?? false),
    dictionary: dictionaryFinder(options.dictionary),
    ignoreDictionary,
    onSkippable: options.onSkippable,
    onCheckpoint: options.onCheckpoint,
    checkpointEvery: checkInteger(
      "checkpointEvery",
      options.checkpointEvery ?? CHECKPOINT_EVERY_DEFAULT,
      1,
      Number.MAX_SAFE_INTEGER,
    ),
    threads: checkInteger("threads", options.threads ?? 1, 1, THREADS_MAX),
    backend: options.backend,
  };
}

function dictionaryFinder(given: Lz4DecompressOptions["dictionary"]): DecompressSettings["dictionary"] {
  if (given === undefined || given === "ignore") return undefined;
  if (typeof given === "function") {
    return (dictId) => {
      const found = given(dictId);
      return found === undefined ? undefined : toBytes(found);
    };
  }
  const bytes = toBytes(given);
  return () => bytes;
}
