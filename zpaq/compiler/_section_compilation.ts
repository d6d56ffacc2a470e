/**
 * One section of a program: from its syntax tree to code that fits a block.
 */
import { CELL_COUNT } from "./_cells.ts";
import { generateCode, USUAL_PLAN } from "./_code_generation.ts";
import type { SectionCode } from "./_code_generation.ts";
import type { HeaderData } from "./_header.ts";
import { readsOf, Variable, writesOf } from "./_ir.ts";
import type { Graph, Memory, Value } from "./_ir.ts";
import { Lowering } from "./_lowering.ts";
import type { CodeSettings } from "./_lowering_context.ts";
import { optimizeGraph } from "./_optimization.ts";
import { poolConstants } from "./_pooled_constants.ts";
import { PreparedGraph } from "./_prepared_graph.ts";
import { Reporter } from "./_reporter.ts";
import { tablePlace } from "./_scopes.ts";
import type { Program } from "./_scopes.ts";
import type { TailMerging } from "./_tails.ts";
import type { Span } from "./_source_text.ts";

/** libzpaq counts six bytes more than the program has in 16 bits. */
const PROGRAM_SIZE_MAX = 65_529;
const HEADER_SIZE = 7;
/** Arrays with more elements than 2^32 cannot be addressed. */
const ARRAY_BITS_MAX = 32;

/** One section with all that its code is made of. */
export interface SectionSource {
  readonly program: Program;
  readonly header: HeaderData;
  readonly reporter: Reporter;
  readonly settings: CodeSettings;
  readonly stackSize: number;
  /** What is told of arrays and code that are too large. @default {reporter} */
  readonly sizes?: Reporter;
  /** Whether H is known not to grow. @default {true} */
  readonly wrapsH?: boolean;
  /** Whether numbers are kept in cells. @default {false} */
  readonly pools?: boolean;
  /** Which equal endings are made one. @default {"none"} */
  readonly tails?: TailMerging;
}

/** The log2 of the arrays that a program has by itself. */
export function sizesOf(
  part: "hcomp" | "pcomp",
  { hh, hm, ph, pm }: HeaderData,
): { readonly H: number; readonly M: number } {
  return part === "hcomp" ? { H: hh, M: hm } : { H: ph, M: pm };
}

/** The code of one section; undefined, and a finding, where there can be none. */
export function compileSection(source: SectionSource): SectionCode | undefined {
  const { program, header, reporter, settings, stackSize, wrapsH = true, pools = false, tails = "none" } =
    source;
  const { sizes = reporter } = source;
  const lowering = new Lowering(program, header, reporter, settings);
  const graph = withinStack(lowering, () => lowering.make());
  if (graph === undefined || reporter.failed) return undefined;
  const own = sizesOf(program.part, header);
  // Tables and the stack make arrays larger.
  const grows = (memory: "H" | "M"): boolean => graph.tables.some((table) => table.memory === memory);
  const fits = wrapsH && moduleVariables(graph).size <= CELL_COUNT;
  const wraps = { H: fits && !graph.recursive && !grows("H"), M: !grows("M") };
  optimizeGraph(graph, settings.level, {
    H: wraps.H ? own.H : undefined,
    M: wraps.M ? own.M : undefined,
  });
  if (pools && !poolConstants(graph)) return undefined;
  const code = generateCode(new PreparedGraph<SectionCode>(graph), header, settings.level, stackSize, {
    ...USUAL_PLAN,
    tails,
  });
  if (wraps.H && code.h > own.H) {
    // So do other variables that got no cell, which is known only now.
    return compileSection({ ...source, reporter: new Reporter(reporter.source), sizes, wrapsH: false });
  }
  const { definition } = program.functions.get(program.part)!;
  if (Math.max(code.h, code.m) > ARRAY_BITS_MAX) {
    sizes.report(
      "0401",
      definition.name,
      `"${program.part}" needs an array of 2^${Math.max(code.h, code.m)} elements`,
    );
    return undefined;
  }
  const size = code.instructions.reduce((sum, instruction) => sum + instruction.size, 1);
  const room = PROGRAM_SIZE_MAX -
    (program.part === "hcomp" ? HEADER_SIZE + 22 * header.components.length : 0);
  if (size <= room) return code;
  // What is too large for speed may fit without copies of functions and tests.
  if (settings.level === 2 && lowering.copies) {
    return compileSection({ ...source, settings: { ...settings, level: "s" } });
  }
  const message = `"${program.part}" takes ${size} bytes, at most ${room} can be`;
  const table = largestTable(code, program);
  if (table === undefined || table.size < size / 2) {
    sizes.report("0400", definition.name, message, { hint: largestFunctions(code, program, reporter) });
  } else {
    const hint = program.part === "pcomp" && table.memory === "M" && !settings.streamTables
      ? "tables of bytes can come with the data instead, which takes streamTables (--stream-tables)"
      : "make it of fewer numbers when the program starts, or of bytes in pcomp, which can come with the data";
    sizes.report("0400", table.place, `${message}: ${table.size} of them write "${table.name}"`, { hint });
  }
  return undefined;
}

/** The table that takes most of a program, and where the source has it. */
function largestTable({ instructions, graph }: SectionCode, program: Program): LargeTable | undefined {
  const sizes = new Map<number, number>();
  for (const { offset, size } of instructions) sizes.set(offset, (sizes.get(offset) ?? 0) + size);
  let largest: LargeTable | undefined;
  for (const { name, memory } of graph.tables) {
    const place = tablePlace(program, name);
    if (place === undefined) continue;
    const size = sizes.get(place.start) ?? 0;
    if (size > (largest?.size ?? 0)) largest = { name, memory, size, place };
  }
  return largest;
}

interface LargeTable {
  readonly name: string;
  readonly memory: Memory;
  readonly size: number;
  readonly place: Span;
}

/** The variables of the module that a program reads or writes, which keep their values from call to call. */
function moduleVariables({ blocks }: Graph): ReadonlySet<Variable> {
  const found = new Set<Variable>();
  const add = (value: Value): void => {
    if (value instanceof Variable && value.owner === undefined && !value.temporary) found.add(value);
  };
  for (const { operations } of blocks) {
    for (const operation of operations) {
      readsOf(operation).forEach(add);
      writesOf(operation).forEach(add);
    }
  }
  return found;
}

/** What `make` makes; undefined, and a finding, where the source is nested deeper than this host's stack allows. */
function withinStack<T>(lowering: Lowering, make: () => T): T | undefined {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof RangeError && error.message.includes("call stack"))) throw error;
    const place = { start: lowering.line, end: lowering.line };
    lowering.reporter.report("0110", place, "the program is nested too deeply here to be compiled");
    return undefined;
  }
}

/** Which functions take most of a program. */
function largestFunctions(code: SectionCode, program: Program, reporter: Reporter): string {
  const sizes = new Map<string, number>();
  const functionAt = functionFinder(program);
  for (const { offset, size } of code.instructions) {
    const name = functionAt(offset) ?? "(module)";
    sizes.set(name, (sizes.get(name) ?? 0) + size);
  }
  const largest = [...sizes].sort((a, b) => b[1] - a[1]).slice(0, 3);
  return `the largest functions of ${reporter.source.name}: ${
    largest.map(([name, size]) => `${name} ${size} bytes`).join(", ")
  }`;
}

/** Finds the function that a place of the source is in. */
export function functionFinder(program: Program): (offset: number) => string | undefined {
  const functions = [...program.functions].map(([name, { definition: { start, end } }]) => ({
    name,
    start,
    end,
  }))
    .sort((a, b) => a.start - b.start);
  return (offset) => {
    let [low, high] = [0, functions.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (functions[middle]!.start <= offset) low = middle + 1;
      else high = middle;
    }
    const last = functions[low - 1];
    return last !== undefined && offset < last.end ? last.name : undefined;
  };
}
