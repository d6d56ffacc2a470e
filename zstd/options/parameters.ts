/**
 * What levels stand for, what parameters may be, and what contexts cost.
 *
 * @module
 */
import { checkInteger, checkKeys } from "@sluice/internal";
import type { BackendChoice } from "@sluice/ffi";
import { LEVEL_MAX, LEVEL_MIN, PARAMETER, resolveCompressOptions, STRATEGIES } from "./_compress_options.ts";
import { estimateZstdEncoder, zstdEncoderBounds, zstdLevelParameters } from "../kernel/encoder_facts.ts";
import type { ZstdCompressionParameters, ZstdCompressOptions } from "./compress_options.ts";
import type { ZstdParameterName } from "./_types.ts";

export type { ZstdParameterName } from "./_types.ts";

/** For what content a level's parameters are looked up. */
export interface ZstdParameterQuery {
  /** Bytes of the content. @default {not known} */
  readonly sourceSize?: number | undefined;
  /** Bytes of the dictionary. @default {0} */
  readonly dictionarySize?: number | undefined;
  /** The backend to ask. @default {what configureBackend says} */
  readonly backend?: BackendChoice | undefined;
}

const QUERY_OPTIONS: ReadonlySet<string> = new Set(["sourceSize", "dictionarySize", "backend"]);

/**
 * The numbers that a level stands for, for content of a given size. They can be changed and passed on as options.
 *
 * @throws {RangeError} If the level is out of range.
 *
 * @example A level with a smaller window
 * ```ts
 * import { compressZstd, zstdCompressionParameters } from "@sluice/zstd";
 * import { assertEquals } from "@std/assert";
 *
 * const parameters = zstdCompressionParameters(19, { sourceSize: 1_000_000 });
 * assertEquals(parameters.strategy, "btultra2");
 * compressZstd(new Uint8Array(10), { ...parameters, windowLog: 17 });
 * ```
 */
export function zstdCompressionParameters(
  level: number,
  query: ZstdParameterQuery = {},
): Required<ZstdCompressionParameters> {
  checkKeys(query, QUERY_OPTIONS);
  const { sourceSize, dictionarySize = 0, backend } = query;
  const [windowLog, chainLog, hashLog, searchLog, minMatch, targetLength, strategy] = zstdLevelParameters(
    checkInteger("level", level, LEVEL_MIN, LEVEL_MAX),
    sourceSize === undefined ? undefined : checkInteger("sourceSize", sourceSize, 0, Number.MAX_SAFE_INTEGER),
    checkInteger("dictionarySize", dictionarySize, 0, 0xffff_ffff),
    backend,
  );
  return {
    windowLog,
    chainLog,
    hashLog,
    searchLog,
    minMatch,
    targetLength,
    strategy: STRATEGIES[strategy! - 1],
  };
}

/**
 * The bounds of a compression parameter on a backend. WASM has smaller ones: 30 for `windowLog`, 0 for `threads`.
 *
 * @throws {RangeError} If there is no such parameter.
 *
 * @example A backend with smaller windows
 * ```ts
 * import { zstdParameterBounds } from "@sluice/zstd";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(zstdParameterBounds("windowLog", "wasm"), { min: 10, max: 30 });
 * ```
 */
export function zstdParameterBounds(
  name: ZstdParameterName,
  backend?: BackendChoice,
): { min: number; max: number } {
  const bounds = Object.hasOwn(PARAMETER, name) ? zstdEncoderBounds(PARAMETER[name], backend) : undefined;
  if (bounds === undefined) {
    throw new RangeError(
      `Cannot look up bounds: "${name}" is no parameter, expected one of ${
        Object.keys(PARAMETER).join(", ")
      }`,
    );
  }
  return bounds;
}

/**
 * Bytes that a compression context with these options takes, by the library's own estimate for one thread.
 *
 * @param options The options of the compression.
 * @param streaming Whether it is fed in pieces, which needs buffers of its own.
 *
 * @example Higher levels need more
 * ```ts
 * import { estimateZstdCompressorMemory } from "@sluice/zstd";
 * import { assert } from "@std/assert";
 *
 * assert(estimateZstdCompressorMemory({ level: 19 }) > estimateZstdCompressorMemory({ level: 1 }));
 * ```
 */
export function estimateZstdCompressorMemory(options: ZstdCompressOptions = {}, streaming = true): number {
  resolveCompressOptions(options); // refuses what no compression takes
  const settings = resolveCompressOptions({ ...options, threads: 0, rsyncable: false });
  return estimateZstdEncoder(settings.parameters, streaming, settings.backend);
}
