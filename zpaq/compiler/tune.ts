/**
 * Looking for a better model: other arguments, contexts on and off, other selections of weights.
 *
 * @module
 */
import {
  checkArgument,
  checkKeys,
  checkLimit,
  concatBytes,
  describe,
  processorCount,
  SluiceError,
  toBytes,
} from "@sluice/internal";
import type { BytesSource } from "@sluice/internal";
import { SegmentEncoder } from "../block/_segment_encoder.ts";
import { compileZpaqlPy } from "./compile.ts";
import { changesOf, noChanges, openTunedModel, tunedSource } from "./_tuned_source.ts";
import type { ModelChanges, TunedModel } from "./_tuned_source.ts";
import { neighboursOf } from "./_tuning_steps.ts";
import type { TuningStep } from "./_tuning_steps.ts";

/** How a model is tuned. */
export interface TuneZpaqlPyOptions {
  /** The name of the source in errors and comments. @default {"source"} */
  readonly name?: string | undefined;
  /** Seconds after which nothing new is tried. @default {60} */
  readonly seconds?: number | undefined;
  /** Models that are measured at the same time. @default {navigator.hardwareConcurrency} */
  readonly threads?: number | undefined;
  /** Bytes of the data that models are measured on, taken from its start, middle and end. @default {262144} */
  readonly sampleSize?: number | undefined;
  /** A source that tuning gave before, to go on from. */
  readonly resume?: string | undefined;
  /** Called with each better model. */
  readonly onProgress?: ((tuning: ZpaqlPyTuning) => void) | undefined;
  /** Ends the search: the best model so far is returned. */
  readonly signal?: AbortSignal | undefined;
}

/** The best model that was found. */
export interface ZpaqlPyTuning {
  /** Its source, with what it came to in comments. */
  readonly source: string;
  /** Bytes that it codes the sample with. */
  readonly size: number;
  /** Bytes that the given model codes the sample with. */
  readonly startSize: number;
  /** Bytes of the sample. */
  readonly sampleSize: number;
  /** Models that were measured. */
  readonly tried: number;
}

const KEYS: ReadonlySet<string> = new Set<keyof TuneZpaqlPyOptions>([
  "name",
  "seconds",
  "threads",
  "sampleSize",
  "resume",
  "onProgress",
  "signal",
]);
const SECONDS_DEFAULT = 60;
const SAMPLE_DEFAULT = 1 << 18;
const NO_TRANSFORM = new Uint32Array(7);
/** What is gained by less than this is not worth its time. */
const GAIN_MIN = 0.0003;

/**
 * Tunes a model on data: components get other arguments, contexts of many kinds are added and left out, mixers select their
 * weights by other things. Models are measured on a sample, several at the same time; the best is returned as a source.
 *
 * @throws {SluiceError} With code "INVALID_SOURCE" if the source does not compile, has no components or section markers.
 * @throws {TypeError} If an option has the wrong type or is not known.
 *
 * @example A model of order 2 gets better
 * ```ts
 * import { tuneZpaqlPy } from "@sluice/zpaq/compiler";
 * import { assert } from "@std/assert";
 *
 * const source = `hh = hm = ph = pm = 0
 * n = len({0: "icm 12"})
 * pcomp_invocation = ""
 * last = 0
 * def hcomp(c):
 *   global last
 *   hH[0] = hash(hash(last), c)
 *   last = c
 * def pcomp(c):
 *   pass
 * `;
 * const rows = Array.from({ length: 300 }, (_, i) => `${i},${i * 7 % 50},north\n`).join("");
 * const { size, startSize } = await tuneZpaqlPy(source, [new TextEncoder().encode(rows)], { seconds: 3 });
 * assert(size < startSize);
 * ```
 */
export async function tuneZpaqlPy(
  source: string,
  files: Iterable<BytesSource>,
  options: TuneZpaqlPyOptions = {},
): Promise<ZpaqlPyTuning> {
  checkArgument(typeof source === "string", "tune a program", source, "its source as a text");
  checkKeys(options, KEYS);
  const { name = "source", resume, signal, onProgress } = options;
  if (resume !== undefined && typeof resume !== "string") {
    throw new TypeError(
      `Cannot use option "resume": the value is ${
        describe(resume)
      }, expected the source of a tuned model as a text`,
    );
  }
  const seconds = checkLimit("seconds", options.seconds ?? SECONDS_DEFAULT);
  const threads = Math.max(1, checkLimit("threads", options.threads ?? processorCount()));
  const model = openTunedModel(source, name);
  const whole = concatBytes(Array.from(files, (file) => new Uint8Array(toBytes(file))));
  const sample = sampleOf(whole, checkLimit("sampleSize", options.sampleSize ?? SAMPLE_DEFAULT));
  const search = new Search(model, sample, name);
  const start = await search.begin(resume);
  const until = performance.now() + seconds * 1000;
  // What was tried longest ago comes first.
  const tried = new Map<string, number>();
  let turn = 0;
  const steps = (): TuningStep[] =>
    neighboursOf(search.best, model).sort((a, b) => (tried.get(a.key) ?? 0) - (tried.get(b.key) ?? 0));
  let queue = steps();
  while (queue.length > 0 && performance.now() < until && signal?.aborted !== true) {
    const batch = queue.splice(0, threads);
    for (const { key } of batch) tried.set(key, ++turn);
    if (!await search.tryAll(batch.map(({ changes }) => changes))) continue;
    queue = steps();
    onProgress?.(search.result(start));
  }
  return search.result(start);
}

/** The start, the middle and the end of data. */
function sampleOf(data: Uint8Array<ArrayBuffer>, size: number): Uint8Array<ArrayBuffer> {
  if (data.length <= size) return data;
  const part = Math.floor(size / 3);
  const middle = Math.floor((data.length - part) / 2);
  return concatBytes([
    data.subarray(0, part),
    data.subarray(middle, middle + part),
    data.subarray(data.length - part),
  ]);
}

/** The best model so far, and what was measured. */
class Search {
  readonly #model: TunedModel;
  readonly #sample: Uint8Array<ArrayBuffer>;
  readonly #name: string;
  readonly #sizes = new Map<string, number>();
  best: ModelChanges;
  #size = 0;

  constructor(model: TunedModel, sample: Uint8Array<ArrayBuffer>, name: string) {
    this.#model = model;
    this.#sample = sample;
    this.#name = name;
    this.best = noChanges(model);
  }

  /** Measures the model that was given, and the one to go on from; the size of the former. */
  async begin(resume: string | undefined): Promise<number> {
    const start = await this.#measure(this.best);
    if (start === undefined) throw this.#refused("it does not compile");
    this.#size = start;
    const changes = resume === undefined ? undefined : changesOf(resume);
    if (resume !== undefined && changes?.components.length !== this.best.components.length) {
      throw this.#refused("what is to be resumed was not made of it by tuning");
    }
    // It may be no better than the model itself on other data.
    if (changes !== undefined) await this.tryAll([changes]);
    return start;
  }

  #refused(state: string): SluiceError {
    return new SluiceError(`Cannot tune ${this.#name}: ${state}`, {
      format: "zpaqlpy",
      code: "INVALID_SOURCE",
    });
  }

  /** Takes the best of some models if it is better than the best so far. */
  async tryAll(all: readonly ModelChanges[]): Promise<boolean> {
    const fresh = all.filter((changes) => !this.#sizes.has(JSON.stringify(changes)));
    const sizes = await Promise.all(fresh.map((changes) => this.#measure(changes)));
    let found = false;
    for (const [i, size] of sizes.entries()) {
      const simpler = fresh[i]!.contexts.length < this.best.contexts.length;
      const enough = simpler ? this.#size : this.#size * (1 - GAIN_MIN);
      if (size === undefined || size > enough || size === this.#size && !simpler) continue;
      [this.best, this.#size, found] = [fresh[i]!, size, true];
    }
    return found;
  }

  /** Bytes of the sample with a model; undefined where it can't be made. */
  async #measure(changes: ModelChanges): Promise<number | undefined> {
    const source = tunedSource(this.#model, changes, []);
    const { program } = compileZpaqlPy(source, { optimize: 1, selfTest: false, comments: false });
    this.#sizes.set(JSON.stringify(changes), Infinity);
    if (program === undefined) return undefined;
    const encoder = new SegmentEncoder(program.header, this.#sample.length, {
      maxMemory: 0,
      backend: undefined,
      compilePrograms: "never",
    });
    try {
      const parts = await encoder.encodeAsync(new Uint8Array([0]), this.#sample, NO_TRANSFORM);
      const size = parts.reduce((sum, part) => sum + part.length, program.header.length);
      this.#sizes.set(JSON.stringify(changes), size);
      return size;
    } finally {
      encoder.close();
    }
  }

  result(startSize: number): ZpaqlPyTuning {
    const size = this.#size;
    const comments = [
      `${this.#name}, tuned: ${size} bytes of ${this.#sample.length}, ${startSize} before; ${this.#sizes.size} models tried.`,
    ];
    return {
      source: tunedSource(this.#model, this.best, comments),
      size,
      startSize,
      sampleSize: this.#sample.length,
      tried: this.#sizes.size,
    };
  }
}
