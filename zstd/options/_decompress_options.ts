/**
 * Turns decompression options into a complete record: the one place of their defaults and checks.
 */
import type { BackendChoice } from "@sluice/ffi";
import {
  checkBoolean,
  checkChoice,
  checkInteger,
  checkKeys,
  checkLimit,
  describe,
  endingSettings,
  memoryLimit,
  toBytes,
  WHOLE_OUTPUT_SIZE_MAX,
} from "@sluice/internal";
import type { BytesSource, EndingSettings } from "@sluice/internal";
import type { ZstdDecompressOptions, ZstdFrameOptions } from "./decompress_options.ts";
import type { ZstdDictionary } from "./dictionary.ts";
import type { ZstdFrameHeader } from "../frame/frame_header.ts";

/** Options with every field present. */
export interface DecompressSettings extends EndingSettings {
  readonly maxOutputSize: number;
  readonly maxWindowSize: number;
  readonly maxMemory: number;
  readonly magicless: boolean;
  readonly skipBytes: number;
  readonly onSkippable: ((variant: number, payload: Uint8Array) => void) | undefined;
  readonly maxSkippableBytes: number;
  readonly checkHeader: ((header: ZstdFrameHeader) => void) | undefined;
  readonly dictionary: ZstdDictionary | undefined;
  /** Content before every frame, instead of a dictionary. */
  readonly prefix: Uint8Array | undefined;
  readonly dictionaries: readonly ZstdDictionary[];
  readonly lookupDictionary: ((id: number) => ZstdDictionary | undefined) | undefined;
  readonly backend: BackendChoice | undefined;
  /** Pairs of zstd's parameter numbers and values. */
  readonly parameters: Int32Array;
  /** Equal for settings whose contexts can serve each other; undefined where contexts are not kept. */
  readonly poolKey: string | undefined;
}

const MAX_WINDOW_LOG_DEFAULT = 27;
const WINDOW_LOG_MIN = 10;
const WINDOW_LOG_MAX = 31;
const MAX_SKIPPABLE_BYTES_DEFAULT = 1 << 20;

/** Numbers of zstd's decompression parameters (`ZSTD_dParameter` in zstd.h). */
const PARAMETER = { WINDOW_LOG_MAX: 100, FORMAT: 1000, FORCE_IGNORE_CHECKSUM: 1002 } as const;

const KEYS: ReadonlySet<string> = new Set<keyof ZstdDecompressOptions>([
  "maxOutputSize",
  "maxWindowLog",
  "maxWindowSize",
  "maxMemory",
  "frames",
  "trailing",
  "allowEmpty",
  "verifyChecksums",
  "format",
  "skipBytes",
  "onSkippable",
  "maxSkippableBytes",
  "checkHeader",
  "dictionary",
  "dictionaries",
  "lookupDictionary",
  "prefix",
  "backend",
]);

/** The names of the options that matter for every frame by itself. */
export const FRAME_KEYS: readonly (keyof ZstdFrameOptions)[] = [
  "backend",
  "dictionary",
  "dictionaries",
  "lookupDictionary",
  "maxMemory",
  "maxWindowLog",
  "maxWindowSize",
];

/** The settings of calls without options; most calls are. */
const WHOLE_VALUE_DEFAULTS = /* @__PURE__ */ resolve({}, WHOLE_OUTPUT_SIZE_MAX);

/** Settings of a whole value: output is limited unless the caller says otherwise. */
export function resolveWholeValueOptions(options: ZstdDecompressOptions | undefined): DecompressSettings {
  if (options === undefined) return WHOLE_VALUE_DEFAULTS;
  checkKeys(options, KEYS);
  return resolve(options, WHOLE_OUTPUT_SIZE_MAX);
}

/** Settings of a stream: its consumer bounds it. */
export function resolveStreamingOptions(options: ZstdDecompressOptions): DecompressSettings {
  checkKeys(options, KEYS);
  return resolve(options, Infinity);
}

function resolve(options: ZstdDecompressOptions, maxOutputSize: number): DecompressSettings {
  const maxWindowSize = windowLimit(options);
  const maxWindowLog = Math.ceil(Math.log2(maxWindowSize));
  const maxMemory = checkLimit("maxMemory", options.maxMemory ?? Infinity);
  const magicless = checkChoice("format", options.format ?? "zstd", ["zstd", "magicless"]) === "magicless";
  for (const dictionary of [options.dictionary, ...options.dictionaries ?? []]) checkDictionary(dictionary);
  if (options.prefix !== undefined && options.dictionary !== undefined) {
    throw new TypeError('Cannot use option "prefix": "dictionary" is given as well');
  }
  const poolKey = options.maxMemory === undefined
    ? `${maxWindowLog} ${magicless} ${options.verifyChecksums}`
    : undefined;
  const verifyChecksums = checkBoolean("verifyChecksums", options.verifyChecksums ?? true);
  return {
    maxOutputSize: checkLimit("maxOutputSize", options.maxOutputSize ?? maxOutputSize),
    maxWindowSize,
    maxMemory: memoryLimit(maxMemory),
    ...endingSettings(options),
    magicless,
    skipBytes: checkInteger("skipBytes", options.skipBytes ?? 0, 0, Number.MAX_SAFE_INTEGER),
    onSkippable: options.onSkippable,
    maxSkippableBytes: checkLimit(
      "maxSkippableBytes",
      options.maxSkippableBytes ?? MAX_SKIPPABLE_BYTES_DEFAULT,
    ),
    checkHeader: options.checkHeader,
    dictionary: options.dictionary,
    prefix: options.prefix === undefined ? undefined : prefixBytes(options.prefix).slice(),
    dictionaries: options.dictionaries ?? [],
    lookupDictionary: options.lookupDictionary,
    backend: options.backend,
    parameters: new Int32Array([
      PARAMETER.WINDOW_LOG_MAX,
      maxWindowLog,
      PARAMETER.FORMAT,
      magicless ? 1 : 0,
      PARAMETER.FORCE_IGNORE_CHECKSUM,
      verifyChecksums ? 0 : 1,
    ]),
    poolKey,
  };
}

/** The largest window, in bytes. */
function windowLimit({ maxWindowLog, maxWindowSize }: ZstdDecompressOptions): number {
  if (maxWindowSize === undefined) {
    const log = maxWindowLog ?? MAX_WINDOW_LOG_DEFAULT;
    return 2 ** checkInteger("maxWindowLog", log, WINDOW_LOG_MIN, WINDOW_LOG_MAX);
  }
  if (maxWindowLog !== undefined) {
    throw new TypeError('Cannot use option "maxWindowSize": "maxWindowLog" is given as well');
  }
  return checkInteger("maxWindowSize", maxWindowSize, 2 ** WINDOW_LOG_MIN, 2 ** WINDOW_LOG_MAX);
}

/** Options with a limit of the window unless they have one. */
export function withWindowLimit<T extends ZstdDecompressOptions>(options: T, maxWindowLog: number): T {
  const given = options.maxWindowLog !== undefined || options.maxWindowSize !== undefined;
  return given ? options : { ...options, maxWindowLog };
}

/**
 * Checks an option that is a dictionary.
 *
 * @throws {TypeError} If it is something else.
 */
export function checkDictionary(value: unknown): void {
  const { bytes, id } = (value ?? {}) as Partial<ZstdDictionary>;
  if (value === undefined || bytes instanceof Uint8Array && typeof id === "number") return;
  const isBytes = ArrayBuffer.isView(value) || value instanceof ArrayBuffer;
  const hint = isBytes ? ': load the bytes with "new ZstdDictionary(bytes)"' : "";
  throw new TypeError(
    `Cannot use option "dictionary": it is ${describe(value)}, expected a ZstdDictionary${hint}`,
  );
}

/**
 * The bytes of the option "prefix", whose name other modules have for a text.
 *
 * @throws {TypeError} If it is something else.
 */
export function prefixBytes(value: BytesSource): Uint8Array {
  if (typeof value === "string") {
    throw new TypeError('Cannot use option "prefix": it is a string, expected bytes');
  }
  return toBytes(value);
}
