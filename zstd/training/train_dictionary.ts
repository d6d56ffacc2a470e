/**
 * Making dictionaries from samples.
 *
 * @module
 */
import type { BackendChoice } from "@sluice/ffi";
import type { ZstdTrainingNumbers } from "../kernel/training.ts";
import {
  checkArgument,
  checkBoolean,
  checkChoice,
  checkInteger,
  checkKeys,
  isAnyIterable,
  processorCount,
  type SegmentedBuffer,
  toBytes,
} from "@sluice/internal";
import type { BytesSource } from "@sluice/internal";
import { LEVEL_MAX, LEVEL_MIN } from "../options/_compress_options.ts";
import { finalize, train, trainAsync } from "./_training.ts";
import type { Trained } from "./_training.ts";
import { ZstdDictionary } from "../options/dictionary.ts";

/** How a dictionary is trained. Without `optimize`, `steps` or `k` it is what the library does by itself. */
export interface ZstdTrainOptions {
  /** The most bytes of the dictionary, at least 256. @default {112640} */
  readonly size?: number | undefined;
  /** "fastcover" is quickest, "cover" a little better, "legacy" sorts suffixes. @default {"fastcover"} */
  readonly algorithm?: "fastcover" | "cover" | "legacy" | undefined;
  /** Bytes of a segment, 16 to 2048 make sense; given together with `d` it is used as it is. */
  readonly k?: number | undefined;
  /** Bytes of a dmer, at most `k`: 6 or 8 for fastcover, 6 to 16 for cover. */
  readonly d?: number | undefined;
  /** Search for good values of k, and of d unless that is given. @default {true unless k and d are given} */
  readonly optimize?: boolean | undefined;
  /** How many values of k a search tries. @default {4, or 40 with optimize} */
  readonly steps?: number | undefined;
  /** Size of fastcover's frequency table, as a power of two, 1 to 31; memory is 6 bytes times that, per thread. @default {20} */
  readonly f?: number | undefined;
  /** Acceleration of fastcover, 1 to 10. @default {1} */
  readonly accel?: number | undefined;
  /** Share of the samples that a search trains on, above 0 up to 1; the others judge. @default {0.75 for fastcover, 1 for cover} */
  readonly splitPoint?: number | undefined;
  /** Take a smaller dictionary when it is at most this many percent worse; `true` for one percent. @default {false} */
  readonly shrink?: boolean | number | undefined;
  /** Threads of a search, or "auto" for one per processor. @default {0} */
  readonly threads?: number | "auto" | undefined;
  /** The level that candidates are measured with. @default {3} */
  readonly level?: number | undefined;
  /** The dictionary's id; 0 leaves it to the library, which takes it from the content. @default {0} */
  readonly id?: number | undefined;
  /** How many places of a substring the legacy algorithm wants, 0 to 32. @default {9} */
  readonly selectivity?: number | undefined;
  /** The backend for this call. @default {what configureBackend says} */
  readonly backend?: BackendChoice | undefined;
}

/** How raw content becomes a full dictionary. */
export interface ZstdFinalizeOptions extends Pick<ZstdTrainOptions, "id" | "backend"> {
  /** The most bytes of the dictionary. @default {the content and room for a header} */
  readonly size?: number | undefined;
  /** The level that statistics are made for. @default {3} */
  readonly level?: number | undefined;
}

const KEYS: ReadonlySet<string> = new Set<keyof ZstdTrainOptions>([
  "size",
  "algorithm",
  "k",
  "d",
  "optimize",
  "steps",
  "f",
  "accel",
  "splitPoint",
  "shrink",
  "threads",
  "level",
  "id",
  "selectivity",
  "backend",
]);
const FINALIZE_KEYS: ReadonlySet<string> = new Set<keyof ZstdFinalizeOptions>([
  "size",
  "level",
  "id",
  "backend",
]);

const ALGORITHMS = ["legacy", "cover", "fastcover"] as const;
const SIZE_MIN = 256;
const SIZE_MAX = 0x7fff_ffff;
const SIZE_DEFAULT = 112_640;
/** No header of a dictionary is longer; the library's own bound for its entropy tables. */
const HEADER_ROOM = 1024;
const LEVEL_DEFAULT = 3;
const D_DEFAULT = 8;
const STEPS_DEFAULT = 4;
const STEPS_OPTIMIZE = 40;
const THREADS_MAX = 64;
const ID_MAX = 0xffff_ffff;

/**
 * Trains a dictionary on samples: typical small inputs, some hundred times the dictionary's size in all. Runs on the
 * event loop; {@linkcode trainZstdDictionaryAsync} does not.
 *
 * @throws {RangeError} If an option is out of range, or there is no sample.
 * @throws {SluiceError} If the samples are too few or too much alike for a dictionary.
 *
 * @example A dictionary for messages
 * ```ts
 * import { compressZstd, trainZstdDictionary } from "@sluice/zstd";
 * import { assert } from "@std/assert";
 *
 * const messages = Array.from({ length: 2000 }, (_, i) =>
 *   new TextEncoder().encode(`{"id":${i * 7919},"kind":"order","total":${i % 97}.50,"currency":"EUR"}`));
 * using dictionary = trainZstdDictionary(messages, { size: 2048 });
 * assert(dictionary.id !== 0);
 * assert(compressZstd(messages[5]!, { dictionary }).length < compressZstd(messages[5]!).length);
 * ```
 */
export function trainZstdDictionary(
  samples: Iterable<BytesSource> | SegmentedBuffer,
  options: ZstdTrainOptions = {},
): ZstdDictionary {
  checkArgument(isAnyIterable(samples), "train a dictionary", samples, "an iterable of samples");
  const { size, numbers, algorithm } = resolve(options);
  return make(train(samples, numbers, size, options.backend), algorithm);
}

/**
 * As {@linkcode trainZstdDictionary}, off the event loop natively.
 *
 * @example Off the event loop
 * ```ts
 * import { trainZstdDictionaryAsync } from "@sluice/zstd";
 * import { assertEquals } from "@std/assert";
 *
 * const samples = Array.from({ length: 1000 }, (_, i) => new TextEncoder().encode(`line ${i} of the log, level=info`));
 * using dictionary = await trainZstdDictionaryAsync(samples, { size: 1024, id: 40_000 });
 * assertEquals(dictionary.id, 40_000);
 * ```
 */
export async function trainZstdDictionaryAsync(
  samples: Iterable<BytesSource> | SegmentedBuffer,
  options: ZstdTrainOptions = {},
): Promise<ZstdDictionary> {
  checkArgument(isAnyIterable(samples), "train a dictionary", samples, "an iterable of samples");
  const { size, numbers, algorithm } = resolve(options);
  return make(await trainAsync(samples, numbers, size, options.backend), algorithm);
}

/**
 * Makes a full dictionary of content that was chosen by other means: adds an id and entropy tables measured on samples.
 * The most useful content belongs at the end.
 *
 * @throws {RangeError} If an option is out of range.
 * @throws {SluiceError} If the samples do not suffice for statistics.
 *
 * @example Content chosen by hand
 * ```ts
 * import { finalizeZstdDictionary } from "@sluice/zstd";
 * import { assertEquals } from "@std/assert";
 *
 * const content = new TextEncoder().encode('{"event":"page_view","path":"/index.html"}'.repeat(10));
 * const samples = Array.from({ length: 100 }, (_, i) => new TextEncoder().encode(`{"event":"page_view","n":${i}}`));
 * using dictionary = finalizeZstdDictionary(content, samples, { id: 50_000 });
 * assertEquals(dictionary.id, 50_000);
 * ```
 */
export function finalizeZstdDictionary(
  content: BytesSource,
  samples: Iterable<BytesSource> | SegmentedBuffer,
  options: ZstdFinalizeOptions = {},
): ZstdDictionary {
  checkKeys(options, FINALIZE_KEYS);
  const bytes = toBytes(content);
  const size = checkInteger("size", options.size ?? bytes.length + HEADER_ROOM, SIZE_MIN, SIZE_MAX);
  const level = checkInteger("level", options.level ?? LEVEL_DEFAULT, LEVEL_MIN, LEVEL_MAX);
  const dictionary = finalize(bytes, samples, level, idOf(options.id), size, options.backend);
  return new ZstdDictionary(dictionary, { type: "full" });
}

function make({ bytes, k, d }: Trained, algorithm: typeof ALGORITHMS[number]): ZstdDictionary {
  return new ZstdDictionary(bytes, { type: "full", training: { algorithm, k, d } });
}

/** 0 leaves the id to the library, which takes it from the content: the same samples give the same dictionary. */
function idOf(id: number | undefined): number {
  return checkInteger("id", id ?? 0, 0, ID_MAX);
}

function resolve(
  options: ZstdTrainOptions,
): { size: number; numbers: ZstdTrainingNumbers; algorithm: typeof ALGORITHMS[number] } {
  checkKeys(options, KEYS);
  const algorithm = checkChoice("algorithm", options.algorithm ?? "fastcover", ALGORITHMS);
  const fixed = options.k !== undefined && options.d !== undefined;
  const optimize = algorithm !== "legacy" && checkBoolean("optimize", options.optimize ?? !fixed);
  if (!optimize && !fixed && algorithm !== "legacy") {
    throw new RangeError('Cannot train a dictionary: without "optimize" both "k" and "d" are needed');
  }
  const searched = options.optimize === true;
  const d = options.d ?? (searched ? 0 : D_DEFAULT);
  const k = checkInteger("k", options.k ?? 0, 0, SIZE_MAX);
  checkInteger("d", d, 0, 16);
  if (algorithm === "fastcover" && d !== 0 && d !== 6 && d !== 8) {
    throw new RangeError(`Cannot use option "d": it is ${d}, expected 6 or 8`);
  }
  if (fixed && d > k) {
    throw new RangeError(`Cannot use option "d": it is ${d}, expected at most k, which is ${k}`);
  }
  const splitPoint = options.splitPoint ?? (algorithm === "fastcover" ? 0.75 : 1);
  if (!(splitPoint > 0 && splitPoint <= 1)) {
    throw new RangeError(
      `Cannot use option "splitPoint": it is ${splitPoint}, expected a number above 0 and up to 1`,
    );
  }
  const { shrink = false, threads = 0 } = options;
  const numbers: ZstdTrainingNumbers = {
    algorithm: ALGORITHMS.indexOf(algorithm),
    optimize: optimize ? 1 : 0,
    k,
    d,
    f: checkInteger("f", options.f ?? 20, 1, 31),
    steps: checkInteger("steps", options.steps ?? (searched ? STEPS_OPTIMIZE : STEPS_DEFAULT), 1, 10_000),
    threads: threads === "auto" ? processorCount() : checkInteger("threads", threads, 0, THREADS_MAX),
    splitPermille: Math.max(1, Math.round(splitPoint * 1000)),
    accel: checkInteger("accel", options.accel ?? 1, 1, 10),
    shrink: shrink === false ? 0 : 1,
    shrinkMaxRegression: typeof shrink === "number" ? checkInteger("shrink", shrink, 0, 100) : 1,
    level: checkInteger("level", options.level ?? LEVEL_DEFAULT, LEVEL_MIN, LEVEL_MAX),
    dictionaryId: idOf(options.id) | 0,
    selectivity: checkInteger("selectivity", options.selectivity ?? 9, 0, 32),
  };
  return { size: checkInteger("size", options.size ?? SIZE_DEFAULT, SIZE_MIN, SIZE_MAX), numbers, algorithm };
}
