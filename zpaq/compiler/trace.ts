/**
 * Following compiled code by the lines of its source.
 *
 * @module
 */
import { checkArgument, checkKeys, checkLimit, toBytes } from "@sluice/internal";
import type { BytesSource } from "@sluice/internal";
import { ZpaqMachine } from "../zpaql/machine.ts";
import { CompiledRun } from "./_compiled_run.ts";
import { END_OF_SEGMENT } from "./_reference.ts";
import type { ZpaqlPyProgram, ZpaqlPyVariable } from "./compile.ts";

/** How a program is followed. */
export interface TraceZpaqlPyOptions {
  /** The name of the source in errors. @default {"source"} */
  readonly name?: string | undefined;
  /** Lines that may be reached. @default {100_000} */
  readonly maxLines?: number | undefined;
  /** Instructions that one call may execute. @default {2 ** 24} */
  readonly budget?: number | undefined;
}

/** One line that is about to be executed. */
export interface ZpaqlPyTraceLine {
  /** The line, from 1. */
  readonly line: number;
  /** The function; undefined for statements of the module. */
  readonly function: string | undefined;
  /** The variables whose places changed since the line before, with their values. */
  readonly changes: readonly { readonly name: string; readonly value: number }[];
}

/** What a run took. */
export interface ZpaqlPyStats {
  /** All executed instructions. */
  readonly steps: number;
  /** Executed instructions of each line. */
  readonly lines: ReadonlyMap<number, number>;
}

const KEYS: ReadonlySet<string> = new Set<keyof TraceZpaqlPyOptions>(["name", "maxLines", "budget"]);
const LINES_MAX = 100_000;
const BUDGET_DEFAULT = 2 ** 24;

function openRun(
  program: ZpaqlPyProgram,
  part: "hcomp" | "pcomp",
  options: TraceZpaqlPyOptions,
): CompiledRun {
  checkKeys(options, KEYS);
  const budget = checkLimit("budget", options.budget ?? BUDGET_DEFAULT);
  return new CompiledRun(
    program,
    part,
    options.name ?? "source",
    budget,
    (code, limits) => new ZpaqMachine(code, limits),
  );
}

function* valuesOf(part: "hcomp" | "pcomp", data: BytesSource): Generator<number, void, undefined> {
  yield* toBytes(data);
  if (part === "pcomp") yield END_OF_SEGMENT;
}

/** What a variable's place holds. */
function read(machine: ZpaqMachine, { place }: ZpaqlPyVariable): number {
  if (place.startsWith("R")) return machine.r[Number(place.slice(1))]!;
  if (place.startsWith("H")) return machine.h[Number(place.slice(2, -1)) & machine.h.length - 1]!;
  return place === "B" ? machine.b : place === "C" ? machine.c : machine.d;
}

/**
 * The lines that a section reaches, with the variables that changed.
 *
 * @throws {SluiceError} If the program fails, with the line.
 * @throws {TypeError} If an option has the wrong type or is not known.
 *
 * @example Two lines
 * ```ts
 * import { compileZpaqlPy, traceZpaqlPy } from "@sluice/zpaq/compiler";
 * import { assertEquals } from "@std/assert";
 *
 * const { program } = compileZpaqlPy(`hh = hm = ph = pm = 0
 * n = len({0: "cm 9 4"})
 * pcomp_invocation = ""
 * count = 0
 * def hcomp(c):
 *   global count
 *   count += c
 *   hH[0] = count
 * def pcomp(c):
 *   pass
 * `);
 * const lines = traceZpaqlPy(program!, "hcomp", new Uint8Array([5]));
 * assertEquals(lines.map(({ line }) => line), [7, 8]);
 * ```
 */
export function traceZpaqlPy(
  program: ZpaqlPyProgram,
  part: "hcomp" | "pcomp",
  data: BytesSource,
  options: TraceZpaqlPyOptions = {},
): ZpaqlPyTraceLine[] {
  checkArgument(Array.isArray(program?.sourceMap), "run a program", program, "a compiled program");
  const run = openRun(program, part, options);
  const most = checkLimit("maxLines", options.maxLines ?? LINES_MAX);
  const variables = program.variables.filter(({ section }) => section === part);
  const before = new Map<ZpaqlPyVariable, number>();
  const lines: ZpaqlPyTraceLine[] = [];
  run.onLine = ({ line, function: name }, machine) => {
    if (lines.length >= most) return;
    const visible = variables.filter((variable) =>
      variable.function === undefined || variable.function === name
    );
    const changes = visible.flatMap((variable) => {
      const value = read(machine, variable);
      if ((before.get(variable) ?? 0) === value) return [];
      before.set(variable, value);
      return [{ name: variable.name, value }];
    });
    lines.push({ line, function: name, changes });
  };
  for (const value of valuesOf(part, data)) {
    if (lines.length >= most) break;
    run.call(value);
  }
  return lines;
}

/**
 * Counts the instructions that a section executes, by line.
 *
 * @throws {SluiceError} If the program fails, with the line.
 * @throws {TypeError} If an option has the wrong type or is not known.
 *
 * @example Instructions for one byte
 * ```ts
 * import { compileZpaqlPy, countZpaqlPySteps } from "@sluice/zpaq/compiler";
 * import { assertEquals } from "@std/assert";
 *
 * const { program } = compileZpaqlPy(`hh = hm = ph = pm = 0
 * n = len({0: "cm 9 4"})
 * pcomp_invocation = ""
 * def hcomp(c):
 *   hH[0] = c << 9
 * def pcomp(c):
 *   pass
 * `);
 * assertEquals(countZpaqlPySteps(program!, "hcomp", new Uint8Array(10)).steps, 30);
 * ```
 */
export function countZpaqlPySteps(
  program: ZpaqlPyProgram,
  part: "hcomp" | "pcomp",
  data: BytesSource,
  options: TraceZpaqlPyOptions = {},
): ZpaqlPyStats {
  checkArgument(Array.isArray(program?.sourceMap), "run a program", program, "a compiled program");
  const run = openRun(program, part, options);
  for (const value of valuesOf(part, data)) run.call(value);
  return { steps: run.machine.steps, lines: run.counts };
}
