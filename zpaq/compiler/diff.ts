/**
 * Comparing compiled code with what Python does.
 *
 * @module
 */
import { checkArgument, checkKeys, checkLimit, SluiceError, toBytes } from "@sluice/internal";
import type { BytesSource } from "@sluice/internal";
import { ZpaqMachine } from "../zpaql/machine.ts";
import { CompiledRun } from "./_compiled_run.ts";
import type { Interpreter } from "./_interpreter.ts";
import { END_OF_SEGMENT, interpreterOf, openReference } from "./_reference.ts";
import { compileZpaqlPy } from "./compile.ts";

/** How two runs are compared. */
export interface DiffZpaqlPyOptions {
  /** The name of the source in errors. @default {"source"} */
  readonly name?: string | undefined;
  /** How hard the compiler tries. @default {2} */
  readonly optimize?: 0 | 1 | 2 | "s" | undefined;
  /** Statements, and instructions of one call, that may be executed. @default {2 ** 26} */
  readonly budget?: number | undefined;
}

/** The first place where compiled code does something else. */
export interface ZpaqlPyDifference {
  /** The segment, from 0. */
  readonly segment: number;
  /** The byte of the segment, from 0, that the program was given; its length for the end of the segment. */
  readonly offset: number;
  /** What Python gives: bytes of pcomp, contexts of hcomp. */
  readonly expected: readonly number[];
  /** What compiled code gives. */
  readonly actual: readonly number[];
  /** The line that compiled code was executing last. */
  readonly line: number;
}

const KEYS: ReadonlySet<string> = new Set<keyof DiffZpaqlPyOptions>(["name", "optimize", "budget"]);
const BUDGET_DEFAULT = 2 ** 26;

/**
 * Runs a section both ways, byte by byte, and gives the first difference; undefined when there is none.
 *
 * @throws {SluiceError} If the source is no program ("INVALID_SOURCE"), or fails in both ways.
 * @throws {LimitExceededError} With code "BUDGET_EXCEEDED" if it executes more than allowed.
 *
 * @example A number that is negative in Python
 * ```ts
 * import { diffZpaqlPy } from "@sluice/zpaq/compiler";
 * import { assertEquals } from "@std/assert";
 *
 * const source = `
 * hh = hm = ph = pm = 0
 * n = len({})
 * pcomp_invocation = "x"
 * def hcomp(c):
 *   pass
 * def pcomp(c):
 *   if c != NONE:
 *     out(1 if c - 100 < 5 else 0)
 * `;
 * const difference = diffZpaqlPy(source, "pcomp", [new Uint8Array([103, 7])]);
 * assertEquals([difference?.offset, difference?.expected, difference?.actual, difference?.line], [1, [1], [0], 9]);
 * ```
 */
export function diffZpaqlPy(
  source: string,
  part: "hcomp" | "pcomp",
  segments: Iterable<BytesSource>,
  options: DiffZpaqlPyOptions = {},
): ZpaqlPyDifference | undefined {
  checkArgument(typeof source === "string", "read a program", source, "its source as a text");
  checkKeys(options, KEYS);
  const { name = "source", optimize = 2 } = options;
  const budget = checkLimit("budget", options.budget ?? BUDGET_DEFAULT);
  const opened = openReference(source, { name, budget });
  const section = opened.module[part];
  const { program } = compileZpaqlPy(source, { name, optimize });
  if (program === undefined) {
    throw new SluiceError(`Cannot compare ${name}: it does not compile`, {
      format: "zpaqlpy",
      code: "INVALID_SOURCE",
    });
  }
  if (section === undefined) return undefined;
  const reference = interpreterOf(opened, section);
  const compiled = new CompiledRun(
    program,
    part,
    name,
    budget,
    (code, limits) => new ZpaqMachine(code, limits),
  );
  const count = opened.module.header!.components.length;
  for (const [segment, data] of [...segments].entries()) {
    const values = part === "hcomp" ? [...toBytes(data)] : [...toBytes(data), END_OF_SEGMENT];
    for (const [offset, value] of values.entries()) {
      reference.feed(value);
      compiled.call(value);
      const expected = given(reference, part, count);
      const actual = part === "hcomp" ? contextsOf(compiled.machine, count) : compiled.takeOutput();
      if (expected.length === actual.length && expected.every((each, i) => each === actual[i])) continue;
      return { segment, offset, expected, actual, line: compiled.line };
    }
  }
  return undefined;
}

function given(reference: Interpreter, part: "hcomp" | "pcomp", count: number): number[] {
  return part === "hcomp" ? [...reference.contexts(count)] : reference.output.splice(0);
}

/** The contexts that a machine has computed: indexes of H wrap, also where it has fewer elements than contexts. */
function contextsOf({ h }: ZpaqMachine, count: number): number[] {
  return Array.from({ length: count }, (_, i) => h[i & h.length - 1]!);
}
