/**
 * What the library says of compression: bounds of parameters, levels, estimates.
 *
 * @module
 */
import { resultError, STEP, STEP_LENGTH } from "@sluice/ffi";
import type { BackendChoice } from "@sluice/ffi";
import { ZSTD_ENCODE } from "./encode_module.ts";

/** The bounds of one of zstd's compression parameters on a backend; undefined where it does not have that one. */
export function zstdEncoderBounds(
  parameter: number,
  backend: BackendChoice | undefined,
): { min: number; max: number } | undefined {
  const step = new Uint32Array(STEP_LENGTH);
  if (ZSTD_ENCODE.open(backend).functions.sluice_zstd_compressor_bounds(parameter, step) < 0) {
    return undefined;
  }
  return { min: step[STEP.VALUE_LOW]! | 0, max: step[STEP.OTHER_LOW]! | 0 };
}

/** The seven numbers that a level stands for, in the order windowLog, chainLog, hashLog, searchLog, minMatch, targetLength, strategy. */
export function zstdLevelParameters(
  level: number,
  sourceSize: number | undefined,
  dictionarySize: number,
  backend: BackendChoice | undefined,
): Uint32Array {
  const numbers = new Uint32Array(7);
  ZSTD_ENCODE.open(backend).functions.sluice_zstd_compressor_parameters(
    level,
    sourceSize ?? -1,
    dictionarySize,
    numbers,
    numbers.length,
  );
  return numbers;
}

/** What a context with these parameters holds, in bytes, by the library's own estimate for one thread. */
export function estimateZstdEncoder(
  parameters: Int32Array,
  streaming: boolean,
  backend: BackendChoice | undefined,
): number {
  const step = new Uint32Array(STEP_LENGTH);
  const result = ZSTD_ENCODE.open(backend).functions.sluice_zstd_compressor_estimate(
    parameters,
    parameters.length / 2,
    streaming ? 1 : 0,
    step,
  );
  if (result < 0) {
    throw resultError({ format: "zstd", action: "estimate memory", result, errno: step[STEP.DETAIL] });
  }
  return step[STEP.VALUE_LOW]! + step[STEP.VALUE_HIGH]! * 2 ** 32;
}
