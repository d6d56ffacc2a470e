/**
 * What a model does with data: which component is worth what, how full its tables are, where the bits go.
 *
 * @module
 */
import { checkArgument, checkKeys, concatBytes, SluiceError, toBytes } from "@sluice/internal";
import type { BytesSource } from "@sluice/internal";
import { compressZpaqConfig } from "../block/compress_config.ts";
import { runZpaqHcomp } from "../block/run_program.ts";
import { traceZpaqPredictions } from "../block/trace_predictions.ts";
import { assembleZpaq } from "../zpaql/assemble.ts";
import { readZpaqHeader } from "../zpaql/header.ts";
import type { ZpaqHeader } from "../zpaql/header.ts";
import { compileZpaqlPy } from "./compile.ts";
import type { ZpaqlPyProgram } from "./compile.ts";
import { contextLines } from "./_context_lines.ts";
import { componentText, inputsOf, withoutComponent } from "./_model_variants.ts";
import { collisionsOf, learnedTables } from "./_table_usage.ts";
import type { LearnedTables, LearnedWeights } from "./_table_usage.ts";
import { countZpaqlPySteps } from "./trace.ts";

/** How a model is looked at. */
export interface ReportZpaqlPyOptions {
  /** The name of the source in errors. @default {"source"} */
  readonly name?: string | undefined;
}

/** A set of a mixer's weights, one for each input. */
export interface ZpaqlPyMixerSet {
  /** Its number. */
  readonly set: number;
  /** 1 takes over the input as it is. */
  readonly weights: readonly number[];
}

/** One component of a model at work. */
export interface ZpaqlPyComponentReport {
  /** Its number. */
  readonly index: number;
  /** As a config has it. */
  readonly text: string;
  /** The components whose guesses it takes. */
  readonly inputs: readonly number[];
  /** The lines of hcomp that set its context. */
  readonly lines: readonly number[];
  /** Bytes that its guesses alone would have come to. */
  readonly alone: number;
  /** Bytes more without it; less than 0 where the model is better off. A mixer is replaced by its last inputs' average. */
  readonly saves: number;
  /** Its table; undefined for those that have none, and where the host forbids what looks at it. */
  readonly table: ZpaqlPyTableReport | undefined;
  /** What a mixer has learned: the mean of each weight, and the first 64 sets that were used. */
  readonly mixer: { readonly mean: readonly number[]; readonly sets: readonly ZpaqlPyMixerSet[] } | undefined;
}

/** How full a component's table is. */
export interface ZpaqlPyTableReport {
  /** What it is made of: counters of a cm, rows of bit histories, sets of weights, entries of a match. */
  readonly unit: "counters" | "rows" | "sets" | "entries";
  /** How many there are. */
  readonly size: number;
  /** How many were used. */
  readonly used: number;
  /** Contexts that share their place with others, or rows that others replaced; undefined for a match. */
  readonly collisions: number | undefined;
}

/** What a model does with data. */
export interface ZpaqlPyReport {
  /** Bytes of the data. */
  readonly bytes: number;
  /** Bytes that the model codes it with. */
  readonly compressed: number;
  /** Nanoseconds that coding takes for one byte, once for all that is measured here. */
  readonly nanosecondsPerByte: number;
  /** Instructions of hcomp that are executed for one byte, over at most 64 KiB. */
  readonly instructionsPerByte: number;
  /** All components. */
  readonly components: readonly ZpaqlPyComponentReport[];
  /** Bytes that each 64th of the data is coded with. */
  readonly positions: readonly number[];
  /** The lines of hcomp that set contexts: what their components save together, and instructions for one byte. */
  readonly lines: readonly ZpaqlPyLineReport[];
}

/** A line of hcomp. */
export interface ZpaqlPyLineReport {
  /** The line, from 1. */
  readonly line: number;
  /** Components whose context it sets. */
  readonly components: readonly number[];
  /** Bytes more without these components, one by one. */
  readonly saves: number;
  /** Instructions that it executes for one byte. */
  readonly instructions: number;
}

const KEYS: ReadonlySet<string> = new Set(["name"]);
const POSITIONS = 64;
const STEPPED_MAX = 64 << 10;
/** Logits are in 64ths, probabilities in 65536ths. */
const LOGIT_SCALE = 64;
const PROBABILITY_SCALE = 65536;

/**
 * Looks at what a model does with data, which is coded as it is, without its preprocessor: once as a whole, once without
 * each component, and bit by bit.
 *
 * @throws {SluiceError} With code "INVALID_SOURCE" if the source does not compile or has no components.
 * @throws {TypeError} If an option has the wrong type or is not known.
 *
 * @example Which of two components is worth more
 * ```ts
 * import { reportZpaqlPy } from "@sluice/zpaq/compiler";
 * import { assert, assertEquals } from "@std/assert";
 *
 * const source = `
 * hh = 1
 * hm = ph = pm = 0
 * n = len({0: "icm 10", 1: "isse 10 0"})
 * pcomp_invocation = ""
 * def hcomp(c):
 *   hH[1] = hash(hH[0], c)
 *   hH[0] = hash(c)
 * def pcomp(c):
 *   pass
 * `;
 * const report = reportZpaqlPy(source, [new TextEncoder().encode("abcabd ".repeat(200))]);
 * assert(report.components[1]!.saves > 0);
 * assertEquals(report.components.map(({ lines }) => lines), [[8], [7]]);
 * ```
 */
export function reportZpaqlPy(
  source: string,
  files: Iterable<BytesSource>,
  options: ReportZpaqlPyOptions = {},
): ZpaqlPyReport {
  checkArgument(typeof source === "string", "report on a program", source, "its source as a text");
  checkKeys(options, KEYS);
  const { name = "source" } = options;
  const program = modelOf(source, name);
  const header = readZpaqHeader(program.header);
  const data = concatBytes(Array.from(files, (file) => new Uint8Array(toBytes(file))));
  const started = performance.now();
  const compressed = sizeWith(program.header, data);
  const nanosecondsPerByte = data.length === 0 ? 0 : (performance.now() - started) * 1e6 / data.length;
  const { alone, positions } = bitsOf(program, header, data);
  const tables = learnedTables(program.header, data);
  const collisions = tables && collisionsOf(header, data, runZpaqHcomp(program, data), tables.usage);
  const lines = contextLines(source, name);
  const components = header.components.map((component, index): ZpaqlPyComponentReport => {
    const variant = assembleZpaq(withoutComponent(program.config, header.components, index));
    return {
      index,
      text: componentText(component),
      inputs: inputsOf(component),
      lines: lines.get(index) ?? [],
      alone: alone[index]! / 8,
      saves: sizeWith(variant.header, data) - compressed,
      table: tableOf(tables, collisions?.[index], index),
      mixer: mixerOf(tables?.weights[index]),
    };
  });
  const sample = data.subarray(0, STEPPED_MAX);
  const steps = countZpaqlPySteps(program, "hcomp", sample, { name });
  const perByte = (count: number): number => sample.length === 0 ? 0 : count / sample.length;
  return {
    bytes: data.length,
    compressed,
    nanosecondsPerByte,
    instructionsPerByte: perByte(steps.steps),
    components,
    positions: positions.map((bits) => bits / 8),
    lines: linesOf(components, (line) => perByte(steps.lines.get(line) ?? 0)),
  };
}

function modelOf(source: string, name: string): ZpaqlPyProgram {
  const { program, diagnostics } = compileZpaqlPy(source, { name, comments: false });
  const fault = diagnostics.find(({ severity }) => severity === "error");
  const state = fault !== undefined
    ? `line ${fault.line}: ${fault.message}`
    : program!.header[6] === 0
    ? "it has no components"
    : undefined;
  if (state === undefined) return program!;
  throw new SluiceError(`Cannot report on ${name}: ${state}`, { format: "zpaqlpy", code: "INVALID_SOURCE" });
}

/** Bytes of a block without checksum and tag, its header left out. */
function sizeWith(header: Uint8Array<ArrayBuffer>, data: Uint8Array): number {
  const block = compressZpaqConfig({ header, pcomp: undefined }, [{ body: data }], {
    contentChecksum: false,
    tag: false,
  });
  return block.length - header.length;
}

/** Bits that each component's guesses would have come to, and bits that the model takes by position. */
function bitsOf(
  program: ZpaqlPyProgram,
  { components }: ZpaqHeader,
  data: Uint8Array,
): { readonly alone: Float64Array; readonly positions: number[] } {
  const alone = new Float64Array(components.length);
  const positions = new Array<number>(POSITIONS).fill(0);
  let at = 0;
  for (const { bit, logits, probability } of traceZpaqPredictions(program, data)) {
    const one = probability / PROBABILITY_SCALE;
    positions[Math.floor((at++ >> 3) * POSITIONS / data.length)]! -= Math.log2(bit === 1 ? one : 1 - one);
    for (const [i, logit] of logits.entries()) {
      alone[i]! += Math.log2(1 + Math.exp((bit === 1 ? -logit : logit) / LOGIT_SCALE));
    }
  }
  return { alone, positions };
}

function tableOf(
  tables: LearnedTables | undefined,
  collisions: number | undefined,
  index: number,
): ZpaqlPyTableReport | undefined {
  const usage = tables?.usage[index];
  return usage === undefined ? undefined : { ...usage, collisions };
}

function mixerOf(weights: LearnedWeights | undefined): ZpaqlPyComponentReport["mixer"] {
  return weights === undefined ? undefined : { mean: weights.mean, sets: weights.sets };
}

function linesOf(
  components: readonly ZpaqlPyComponentReport[],
  instructionsOf: (line: number) => number,
): ZpaqlPyLineReport[] {
  const byLine = new Map<number, number[]>();
  for (const { index, lines } of components) {
    for (const line of lines) byLine.set(line, [...byLine.get(line) ?? [], index]);
  }
  return [...byLine].sort(([a], [b]) => a - b).map(([line, own]) => ({
    line,
    components: own,
    saves: own.reduce((sum, index) => sum + components[index]!.saves, 0),
    instructions: instructionsOf(line),
  }));
}
