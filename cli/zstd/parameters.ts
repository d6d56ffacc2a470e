/**
 * From the command's settings to the options of `@sluice/zstd`.
 */
import type {
  ZstdAdaptOptions,
  ZstdCompressionParameters,
  ZstdCompressOptions,
  ZstdParameterName,
  ZstdStrategy,
} from "@sluice/zstd";
import { Failure, UsageFailure } from "../shared/exit.ts";
import type { ZstdAdvanced, ZstdSettings } from "./settings.ts";
import { WORKERS_MAX } from "./settings.ts";

/** Strategies by the number that `strat=` takes, from 1. */
const STRATEGIES: readonly ZstdStrategy[] = [
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

/** Both spellings of each parameter of `--zstd=`. */
const ADVANCED_NAMES: Readonly<Record<string, keyof ZstdAdvanced>> = {
  strat: "strategy",
  wlog: "windowLog",
  clog: "chainLog",
  hlog: "hashLog",
  slog: "searchLog",
  mml: "minMatch",
  tlen: "targetLength",
  ovlog: "overlapLog",
  lhlog: "ldmHashLog",
  lmml: "ldmMinMatch",
  lblog: "ldmBucketSizeLog",
  lhrlog: "ldmHashRateLog",
};
const LONG_NAMES: ReadonlySet<string> = new Set(Object.values(ADVANCED_NAMES));

/**
 * Input of a job up to the level whose jobs overlap little: the library's own jobs hold four windows each and take
 * 50 MB more at level 9, for the same speed and size.
 */
const JOB_SIZE = 4 << 20;
const JOB_SIZE_LEVEL_MAX = 12;

const LEVEL_NORMAL_MAX = 19;
const LEVEL_ULTRA_MAX = 22;
const LEVEL_MIN = -131072;

/**
 * Reads the list after `--zstd=`.
 *
 * @throws {UsageFailure} If a name is not known or a value is no number.
 */
export function parseAdvanced(list: string): ZstdAdvanced {
  const advanced: ZstdAdvanced = {};
  for (const item of list.split(",")) {
    const [, name = "", value = ""] = /^(\w+)=(\d{1,9})$/.exec(item) ?? [];
    const key = LONG_NAMES.has(name) ? name as keyof ZstdAdvanced : ADVANCED_NAMES[name];
    if (key === undefined) {
      throw new UsageFailure(`Option --zstd has the item "${item}", expected name=number`);
    }
    advanced[key] = Number(value);
  }
  return advanced;
}

/** Parameters as `--zstd=` takes them. */
export function formatAdvanced(parameters: Required<ZstdCompressionParameters>): string {
  const { windowLog, chainLog, hashLog, searchLog, minMatch, targetLength, strategy = "fast" } = parameters;
  return `--zstd=wlog=${windowLog},clog=${chainLog},hlog=${hashLog},slog=${searchLog},mml=${minMatch},` +
    `tlen=${targetLength},strat=${STRATEGIES.indexOf(strategy) + 1}`;
}

/**
 * Reads the list after `--adapt=`.
 *
 * @throws {UsageFailure} If a name is not known, a value is no level, or the bounds are the wrong way round.
 */
export function parseAdapt(list: string): ZstdAdaptOptions {
  const bounds: { min?: number; max?: number } = {};
  for (const item of list === "" ? [] : list.split(",")) {
    const [, name, value] = /^(min|max)=(-?\d+)$/.exec(item) ?? [];
    if (name === undefined) {
      throw new UsageFailure(`Option --adapt has the item "${item}", expected min=# or max=#`);
    }
    bounds[name as "min" | "max"] = Math.min(Math.max(Number(value), LEVEL_MIN), LEVEL_ULTRA_MAX);
  }
  if ((bounds.min ?? LEVEL_MIN) > (bounds.max ?? LEVEL_ULTRA_MAX)) {
    throw new UsageFailure(
      `Option --adapt has the bounds ${bounds.min} and ${bounds.max}, expected min up to max`,
    );
  }
  return bounds;
}

/**
 * Checks options that exclude each other in compression.
 *
 * @throws {Failure} If threads are needed and excluded.
 */
export function checkThreadNeeds(settings: ZstdSettings): void {
  if (settings.threads > 0) return;
  for (
    const [name, needed] of [["Adaptive", settings.adapt !== undefined], ["Rsyncable", settings.rsyncable]]
  ) {
    if (needed) throw new Failure(`zstd: error 1 : ${name} mode is not compatible with single thread mode `);
  }
}

/** The level within what is allowed, with a warning where that is another one. */
export function effectiveLevel(settings: ZstdSettings, warn: (text: string) => void): number {
  const max = settings.ultra || settings.max ? LEVEL_ULTRA_MAX : LEVEL_NORMAL_MAX;
  if (settings.max) return max;
  if (settings.level <= max) return Math.max(settings.level, LEVEL_MIN);
  warn(`Warning : compression level higher than max, reduced to ${max}`);
  return max;
}

/** What one compression is to do; `size` is the content's, where it is known. */
export function compressOptions(
  settings: ZstdSettings,
  context: {
    level: number;
    size: number | undefined;
    threads: boolean;
    maximum: (name: ZstdParameterName) => number;
  },
): ZstdCompressOptions {
  const { advanced } = settings;
  const { threads } = context;
  const long = settings.longWindowLog > 0 || settings.max;
  const { strategy, overlapLog, ldmHashLog, ldmMinMatch, ldmBucketSizeLog, ldmHashRateLog, ...logs } =
    advanced;
  if (strategy !== undefined && STRATEGIES[strategy - 1] === undefined) {
    throw new RangeError(`Cannot use option "strategy": it is ${strategy}, expected an integer from 1 to 9`);
  }
  return {
    level: context.level,
    adapt: settings.adapt,
    ...(settings.max ? maximumParameters(context.maximum) : {}),
    ...(settings.longWindowLog > 0 ? { windowLog: settings.longWindowLog } : {}),
    ...logs,
    strategy: strategy === undefined ? settings.max ? "btultra2" : undefined : STRATEGIES[strategy - 1],
    longDistance: long
      ? {
        hashLog: ldmHashLog,
        minMatch: ldmMinMatch,
        bucketSizeLog: ldmBucketSizeLog,
        hashRateLog: ldmHashRateLog,
      }
      : "auto",
    contentChecksum: settings.checksum,
    contentSize: settings.contentSize,
    dictId: settings.dictId,
    threads: threads ? Math.min(settings.threads, WORKERS_MAX) : 0,
    jobSize: threads ? settings.jobSize || jobSize(settings, context.level, long) : undefined,
    overlapLog: threads ? overlapLog : undefined,
    rsyncable: settings.rsyncable,
    literals: settings.literals,
    rowMatchFinder: settings.rowMatchFinder,
    targetBlockSize: settings.targetBlockSize,
    sizeHint: settings.sizeHint,
    size: context.size,
  };
}

/** The input of a job; undefined for what the library finds. */
function jobSize(settings: ZstdSettings, level: number, long: boolean): number | undefined {
  const given = Object.keys(settings.advanced).length > 0 || settings.rsyncable ||
    settings.adapt !== undefined;
  return given || long || level > JOB_SIZE_LEVEL_MAX ? undefined : JOB_SIZE;
}

function maximumParameters(maximum: (name: ZstdParameterName) => number): ZstdCompressOptions {
  return {
    windowLog: maximum("windowLog"),
    chainLog: maximum("chainLog"),
    hashLog: maximum("hashLog"),
    searchLog: maximum("searchLog"),
    targetLength: maximum("targetLength"),
    minMatch: 3,
    overlapLog: 9,
  };
}
