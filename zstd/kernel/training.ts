/**
 * The kernel of zstd dictionary training.
 *
 * @module
 */
import { RESULT, resultError, STEP, STEP_LENGTH } from "@sluice/ffi";
import type { BackendChoice } from "@sluice/ffi";
import { SluiceError } from "@sluice/internal";
import { ZSTD_ENCODE } from "./encode_module.ts";

export type { BackendChoice };

/** Samples in one buffer, one after the other. */
export interface ZstdSampleSlab {
  /** The samples. */
  readonly bytes: Uint8Array;
  /** Bytes of each sample. */
  readonly sizes: Uint32Array;
}

/** Numbers of a training, in the order of the table in zstd_training_exports.zig. */
export interface ZstdTrainingNumbers {
  /** 0 legacy, 1 cover, 2 fastcover. */
  readonly algorithm: number;
  /** 1 to search for k and d. */
  readonly optimize: number;
  /** Bytes of a segment. */
  readonly k: number;
  /** Bytes of a dmer. */
  readonly d: number;
  /** Size of the frequency table of fastcover, as a power of two. */
  readonly f: number;
  /** How many values of k are tried. */
  readonly steps: number;
  /** Threads of a search. */
  readonly threads: number;
  /** Share of the samples that is trained on, in thousandths. */
  readonly splitPermille: number;
  /** Acceleration of fastcover. */
  readonly accel: number;
  /** 1 to look for a smaller dictionary that is as good. */
  readonly shrink: number;
  /** How much worse a smaller one may be, in percent. */
  readonly shrinkMaxRegression: number;
  /** The level that the dictionary is measured with. */
  readonly level: number;
  /** The id; 0 for a random one. */
  readonly dictionaryId: number;
  /** Selectivity of the legacy algorithm. */
  readonly selectivity: number;
}

/** What a training came to. */
export interface ZstdTrained {
  /** Bytes of the dictionary at the start of the target. */
  readonly size: number;
  /** k, d, f and accel as finally used. */
  readonly k: number;
  /** Bytes of a dmer. */
  readonly d: number;
  /** Size of the frequency table. */
  readonly f: number;
  /** Acceleration. */
  readonly accel: number;
}

/** Trains a dictionary into the target, whose size is the most it may have; off the event loop where the backend can. */
export async function trainDictionary(
  samples: ZstdSampleSlab,
  numbers: ZstdTrainingNumbers,
  target: Uint8Array,
  backend: BackendChoice | undefined,
): Promise<ZstdTrained> {
  const step = new Uint32Array(STEP_LENGTH);
  const { functions } = ZSTD_ENCODE.open(backend);
  const result = await functions.sluice_zstd_train_async(
    ...trainingArguments(samples, numbers, target, step),
  );
  return trained(result, step);
}

/** As `trainDictionary`, on the event loop. */
export function trainDictionarySync(
  samples: ZstdSampleSlab,
  numbers: ZstdTrainingNumbers,
  target: Uint8Array,
  backend: BackendChoice | undefined,
): ZstdTrained {
  const step = new Uint32Array(STEP_LENGTH);
  const { functions } = ZSTD_ENCODE.open(backend);
  return trained(functions.sluice_zstd_train(...trainingArguments(samples, numbers, target, step)), step);
}

function trainingArguments(
  { bytes, sizes }: ZstdSampleSlab,
  numbers: ZstdTrainingNumbers,
  target: Uint8Array,
  step: Uint32Array,
): [
  Uint8Array,
  number,
  number,
  Uint32Array,
  number,
  Int32Array,
  number,
  Uint8Array,
  number,
  number,
  Uint32Array,
] {
  const table = Int32Array.of(
    numbers.algorithm,
    numbers.optimize,
    numbers.k,
    numbers.d,
    numbers.f,
    numbers.steps,
    numbers.threads,
    numbers.splitPermille,
    numbers.accel,
    numbers.shrink,
    numbers.shrinkMaxRegression,
    numbers.level,
    numbers.dictionaryId,
    numbers.selectivity,
  );
  return [bytes, 0, bytes.length, sizes, sizes.length, table, table.length, target, 0, target.length, step];
}

function trained(result: number, step: Uint32Array): ZstdTrained {
  if (result < 0) throw trainingError(result, step);
  return {
    size: step[STEP.PRODUCED]!,
    k: step[STEP.VALUE_LOW]!,
    d: step[STEP.VALUE_HIGH]!,
    f: step[STEP.OTHER_LOW]!,
    accel: step[STEP.OTHER_HIGH]!,
  };
}

/** Gives raw content a dictionary header measured on samples, into the target; returns the size of the whole. */
export function finalizeDictionary(
  content: Uint8Array,
  { bytes, sizes }: ZstdSampleSlab,
  level: number,
  dictionaryId: number,
  target: Uint8Array,
  backend: BackendChoice | undefined,
): number {
  const step = new Uint32Array(STEP_LENGTH);
  const result = ZSTD_ENCODE.open(backend).functions.sluice_zstd_finalize_dictionary(
    content,
    0,
    content.length,
    bytes,
    0,
    bytes.length,
    sizes,
    sizes.length,
    level,
    dictionaryId,
    target,
    0,
    target.length,
    step,
  );
  if (result < 0) throw trainingError(result, step);
  return step[STEP.PRODUCED]!;
}

function trainingError(result: number, step: Uint32Array): Error {
  if (result === RESULT.INPUT_SIZE_MISMATCH) {
    return new SluiceError(
      "Cannot train a dictionary: the samples are too few or too small, expected some hundreds and in all many times the size of the dictionary",
      { format: "zstd", code: "SAMPLES_TOO_FEW", errno: step[STEP.DETAIL] },
    );
  }
  const action = "train a dictionary; more and more varied samples, or a smaller dictionary, may help";
  return resultError({ format: "zstd", action, result, errno: step[STEP.DETAIL] });
}
