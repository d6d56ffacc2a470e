/**
 * `sluice zstd --train`: makes a dictionary of sample files.
 */
import { backendInfo } from "@sluice/ffi";
import { SluiceError } from "@sluice/internal";
import { trainZstdDictionaryAsync } from "@sluice/zstd";
import type { ZstdDictionary } from "@sluice/zstd";
import { describeSystemError, EXIT, Failure } from "../shared/exit.ts";
import type { Input } from "../shared/inputs.ts";
import { LEVEL } from "../shared/messages.ts";
import type { Messages } from "../shared/messages.ts";
import { checkTarget, ProtectedFiles, writeOutput } from "../shared/target.ts";
import type { TargetOptions } from "../shared/target.ts";
import { effectiveLevel } from "./parameters.ts";
import type { ZstdSettings } from "./settings.ts";

/** What is loaded of a file that is not cut into blocks. */
const SAMPLE_SIZE_MAX = 128 << 10;
const SAMPLES_SIZE_MAX = 2 ** 31;
const SAMPLE_COUNT_MIN = 5;
const SIZE_DEFAULT = 112_640;
const THREADS_MAX = 64;
const OUTPUT_DEFAULT = "dictionary";
/** Samples of less than this many times the dictionary make a poor one. */
const SAMPLE_FACTOR_MIN = 10;

/** Trains on the inputs and writes the dictionary; returns the exit code. */
export async function trainOnFiles(
  inputs: readonly Input[],
  settings: ZstdSettings,
  messages: Messages,
): Promise<number> {
  const path = settings.output ?? OUTPUT_DEFAULT;
  const files = await ProtectedFiles.of(inputs);
  const target = { command: "zstd", force: settings.force, messages, files, exitCode: EXIT.dictionaryOutput };
  await checkTarget(path, target);
  const samples = await loadSamples(inputs, settings, messages);
  if (samples.length < SAMPLE_COUNT_MIN) {
    messages.say(
      LEVEL.results,
      "!  Warning : nb of samples too low for proper processing ! \n" +
        "!  Please provide _one file per sample_. \n" +
        "!  Alternatively, split files into fixed-size blocks representative of samples, with -B# ",
    );
    throw new Failure("Error 14 : nb of samples too low", EXIT.samples);
  }
  const sizeMax = settings.dictionarySizeMax ?? SIZE_DEFAULT;
  const total = samples.reduce((sum, sample) => sum + sample.length, 0);
  if (total < sizeMax * SAMPLE_FACTOR_MIN) {
    messages.say(
      LEVEL.results,
      `WARNING: The maximum dictionary size ${sizeMax} is too large compared to the source size ${total}! ` +
        `It should be at most a tenth of it, and is best at a hundredth.`,
    );
  }
  messages.say(LEVEL.notes, `Training on ${samples.length} samples of total size ${total}`);
  const dictionary = await train(samples, sizeMax, settings, messages);
  const { algorithm, k, d } = dictionary.training!;
  if (algorithm !== "legacy") messages.say(LEVEL.results, `k=${k}\nd=${d}`);
  await writeDictionary(path, dictionary, target);
  return EXIT.ok;
}

async function train(
  samples: readonly Uint8Array[],
  size: number,
  settings: ZstdSettings,
  messages: Messages,
): Promise<ZstdDictionary> {
  const level = effectiveLevel(settings, (text) => messages.say(LEVEL.errors, text));
  try {
    return await trainZstdDictionaryAsync(samples, {
      ...settings.training,
      size,
      level,
      id: settings.dictionaryId,
      threads: backendInfo().threads ? Math.min(settings.threads, THREADS_MAX) : 0,
    });
  } catch (error) {
    if (!(error instanceof SluiceError || error instanceof RangeError)) throw error;
    throw new Failure(`dictionary training failed : ${error.message} `);
  }
}

/** Samples of all files, up to the memory that is allowed; from a set that is too large, files evenly spread over it. */
async function loadSamples(
  inputs: readonly Input[],
  settings: ZstdSettings,
  messages: Messages,
): Promise<Uint8Array[]> {
  const blockSize = settings.jobSize;
  const sizeMax = Math.min(settings.maxMemory ?? SAMPLES_SIZE_MAX, SAMPLES_SIZE_MAX);
  const files = inputs.filter(({ info }) => info !== undefined);
  const loadedSize = (input: Input): number =>
    blockSize > 0 ? input.info!.size : Math.min(input.info!.size, SAMPLE_SIZE_MAX);
  const total = files.reduce((sum, input) => sum + loadedSize(input), 0);
  const share = Math.min(1, sizeMax / total);
  if (share < 1) {
    messages.say(
      LEVEL.results,
      `Training samples set too large (${total} B); training on ${sizeMax} B only...`,
    );
  }
  if (blockSize === 0 && files.some(({ info }) => info!.size > SAMPLE_SIZE_MAX)) {
    messages.say(
      LEVEL.results,
      "!  Warning : some sample(s) are very large \n" +
        "!  Note that dictionary is only useful for small samples. \n" +
        `!  As a consequence, only the first ${SAMPLE_SIZE_MAX} bytes of each sample are loaded `,
    );
  }
  const samples: Uint8Array[] = [];
  let room = sizeMax;
  for (const [index, input] of files.entries()) {
    if (Math.floor((index + 1) * share) === Math.floor(index * share)) continue;
    const bytes = await readStart(input.path!, Math.min(loadedSize(input), room));
    room -= bytes.length;
    const step = blockSize > 0 ? blockSize : SAMPLE_SIZE_MAX;
    for (let at = 0; at < bytes.length; at += step) samples.push(bytes.subarray(at, at + step));
  }
  return samples;
}

/** The first bytes of a file. */
async function readStart(path: string, length: number): Promise<Uint8Array<ArrayBuffer>> {
  using file = await Deno.open(path);
  const bytes = new Uint8Array(length);
  let filled = 0;
  while (filled < length) {
    const count = await file.read(bytes.subarray(filled));
    if (count === null) break;
    filled += count;
  }
  return bytes.subarray(0, filled);
}

async function writeDictionary(
  path: string,
  dictionary: ZstdDictionary,
  options: TargetOptions,
): Promise<void> {
  options.messages.say(LEVEL.results, `Save dictionary of size ${dictionary.size} into file ${path} `);
  try {
    await writeOutput(path, [dictionary.bytes], options);
  } catch (error) {
    throw new Failure(
      `Error 3 : cannot open ${path} : ${
        error instanceof Failure ? error.message : describeSystemError(error)
      }`,
      EXIT.dictionaryOutput,
    );
  }
}
