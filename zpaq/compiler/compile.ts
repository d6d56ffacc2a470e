/**
 * Compiling programs of the Python subset to ZPAQ models.
 *
 * @module
 */
import { checkArgument, checkBoolean, checkKeys, checkLimit } from "@sluice/internal";
import { assembleZpaq } from "../zpaql/assemble.ts";
import { ZpaqMachine } from "../zpaql/machine.ts";
import type { SectionCode } from "./_code_generation.ts";
import type { HeaderData } from "./_header.ts";
import { bestSection } from "./_best_section.ts";
import { readModule } from "./_module.ts";
import { Lowering } from "./_lowering.ts";
import type { OptimizationLevel } from "./_level.ts";
import type { CodeSettings } from "./_lowering_context.ts";
import { formatGraph } from "./_ir_text.ts";
import { settleFrames } from "./_liveness.ts";
import { checkTranslation, isSmall } from "./_translation_check.ts";
import type { Reporter } from "./_reporter.ts";
import { functionFinder, sizesOf } from "./_section_compilation.ts";
import type { Program } from "./_scopes.ts";
import { encoderSource, withFurther } from "./_encoder_source.ts";
import type { ZpaqlPyDiagnostic } from "./diagnostics.ts";

/** How a source is compiled. */
export interface CompileZpaqlPyOptions {
  /** The name of the source in diagnostics. @default {"source"} */
  readonly name?: string | undefined;
  /** Refuse what goes beyond the language of the original compiler. @default {false} */
  readonly strictSubset?: boolean | undefined;
  /** Take "/" for "//", as the original compiler does. @default {false} */
  readonly allowSlash?: boolean | undefined;
  /** Leave hcomp out. @default {false} */
  readonly suppressHcomp?: boolean | undefined;
  /** Leave pcomp out. @default {false} */
  readonly suppressPcomp?: boolean | undefined;
  /** Leave the components and hcomp out: data is then stored. @default {false} */
  readonly disableComp?: boolean | undefined;
  /**
   * How hard the compiler tries: not at all, without copies of functions, for few executed instructions, or for few bytes.
   *
   * @default {2}
   */
  readonly optimize?: 0 | 1 | 2 | "s" | undefined;
  /** Write the lines of the source into the config, as comments. @default {true} */
  readonly comments?: boolean | undefined;
  /** Fail where an index lies outside of its array when the program runs. @default {false} */
  readonly checked?: boolean | undefined;
  /** Shift by the count modulo 32 as the machine does, where Python gives 0 for counts of 32 and more. @default {false} */
  readonly machineShifts?: boolean | undefined;
  /**
   * Let pcomp take its tables of bytes from the beginning of each block's data instead of making them by code, where a
   * program has no room for more than 20,000. Then `tables` of the program has to come before the first segment of each
   * block, which `compressZpaqlPy` sees to.
   *
   * @default {false}
   */
  readonly streamTables?: boolean | undefined;
  /** Words of the stack, which only functions that call themselves have. @default {65536} */
  readonly stackSize?: number | undefined;
  /**
   * Run the code of programs of up to 4096 bytes on a few inputs, and compare with what the source says.
   * @default {true}
   */
  readonly selfTest?: boolean | undefined;
}

/** A compiled program. */
export interface ZpaqlPyProgram {
  /** The config, for every tool that takes ZPAQ configs. */
  readonly config: string;
  /** The header as it stands in a block. */
  readonly header: Uint8Array<ArrayBuffer>;
  /** HCOMP, its final zero included. */
  readonly hcomp: Uint8Array<ArrayBuffer>;
  /** The post-processor, its final zero included; undefined where there is none. */
  readonly pcomp: Uint8Array<ArrayBuffer> | undefined;
  /** What the data of each block begins with, before its first segment: tables, where they come with the data. */
  readonly tables: Uint8Array<ArrayBuffer>;
  /** The command that prepares files for the post-processor. */
  readonly invocation: string;
  /** What prepares files where the source has `def encode(reader, writer)`: a post-processor, for `runZpaqPcomp`. */
  readonly encoder: ZpaqlPyEncoder | undefined;
  /** The line of the source that each instruction comes from. */
  readonly sourceMap: readonly ZpaqlPySourceMapEntry[];
  /** Where each variable lives. */
  readonly variables: readonly ZpaqlPyVariable[];
  /** The operations between the source and its instructions, as text. */
  readonly ir: string;
}

/** What prepares files for a post-processor: a program whose own post-processor does so. */
export interface ZpaqlPyEncoder {
  /** A header without components. */
  readonly header: Uint8Array<ArrayBuffer>;
  /** A program that does nothing. */
  readonly hcomp: Uint8Array<ArrayBuffer>;
  /** What turns a file into what is coded. */
  readonly pcomp: Uint8Array<ArrayBuffer> | undefined;
  /** What it is given before the first file. */
  readonly tables: Uint8Array<ArrayBuffer>;
}

/** Where a variable lives while the program runs. */
export interface ZpaqlPyVariable {
  /** The program that it is in. */
  readonly section: "hcomp" | "pcomp";
  /** Its name. */
  readonly name: string;
  /** The function that it belongs to; undefined for the module's. */
  readonly function: string | undefined;
  /** "B" to "D", "R17" or "H[65535]". Variables that are never needed at the same time may share a place. */
  readonly place: string;
}

/** Where one instruction comes from. */
export interface ZpaqlPySourceMapEntry {
  /** The program that it is in. */
  readonly section: "hcomp" | "pcomp";
  /** Where it stands in the program. */
  readonly pc: number;
  /** The line of the source, from 1. */
  readonly line: number;
  /** The column, from 1, in code points. */
  readonly column: number;
  /** The function in the source; undefined for statements of the module. */
  readonly function: string | undefined;
}

/** What came of a source. */
export interface ZpaqlPyCompilation {
  /** Everything that was found, in the order of the source. */
  readonly diagnostics: readonly ZpaqlPyDiagnostic[];
  /** The program; undefined when there is an error among the findings. */
  readonly program: ZpaqlPyProgram | undefined;
}

type Flag = Exclude<keyof CompileZpaqlPyOptions, "name" | "optimize" | "stackSize">;

const KEYS: ReadonlySet<string> = new Set<keyof CompileZpaqlPyOptions>([
  "name",
  "strictSubset",
  "allowSlash",
  "suppressHcomp",
  "suppressPcomp",
  "disableComp",
  "optimize",
  "comments",
  "checked",
  "machineShifts",
  "streamTables",
  "stackSize",
  "selfTest",
]);
/** Words of the stack of a program with functions that call themselves. */
const STACK_DEFAULT = 65_536;
const STACK_MAX = 2 ** 24;
/**
 * Compiles a source to a config. Variables live in registers and in the machine's 256 cells R, so that H and M are the
 * program's alone; H grows where functions call themselves, which takes a stack, where there are more variables than cells,
 * and H or M grows by constant tables.
 *
 * @throws {TypeError} If an option has the wrong type or is not known.
 * @throws {SluiceError} With code "TRANSLATION" if the code was checked and does not do what the source says.
 *
 * @example A model of order 1, compiled and run
 * ```ts
 * import { compileZpaqlPy } from "@sluice/zpaq/compiler";
 * import { compressZpaqConfig, decompressZpaq, assembleZpaq } from "@sluice/zpaq";
 * import { assertEquals } from "@std/assert";
 *
 * const { program } = compileZpaqlPy(`
 * hh = 1
 * hm = ph = pm = 0
 * n = len({0: "cm 16 24", 1: "icm 10"})
 * pcomp_invocation = ""
 * last = 0
 * def hcomp(c):
 *   global last
 *   hH[0] = (last << 8 | c) << 1
 *   hH[1] = c << 9
 *   last = c
 * def pcomp(c):
 *   pass
 * `);
 * const body = new TextEncoder().encode("to be or not to be");
 * const archive = compressZpaqConfig(assembleZpaq(program!.config), [{ body }]);
 * assertEquals(decompressZpaq(archive), body);
 * ```
 */
export function compileZpaqlPy(source: string, options: CompileZpaqlPyOptions = {}): ZpaqlPyCompilation {
  checkArgument(typeof source === "string", "read a program", source, "its source as a text");
  checkKeys(options, KEYS);
  const flag = (name: Flag, preset: boolean): boolean => checkBoolean(name, options[name] ?? preset);
  const settings = { strictSubset: flag("strictSubset", false), allowSlash: flag("allowSlash", false) };
  const { reporter, header, hcomp, pcomp } = readModule(source, options.name ?? "source", settings);
  if (header === undefined || reporter.failed) {
    return { diagnostics: reporter.diagnostics, program: undefined };
  }
  const programs = { hcomp, pcomp };
  const bare = flag("disableComp", false);
  const components = bare ? [] : header.components;
  const modelled = components.length > 0 && !flag("suppressHcomp", false);
  const code = {
    level: checkLevel(options.optimize),
    checked: flag("checked", false),
    machineShifts: flag("machineShifts", false),
    streamTables: flag("streamTables", false),
  };
  const stackSize = checkLimit("stackSize", options.stackSize ?? STACK_DEFAULT);
  if (stackSize > STACK_MAX) {
    const place = { start: 0, end: 0 };
    reporter.report("0402", place, `the stack has ${stackSize} words, at most ${STACK_MAX} can be`);
  }
  const codeOf = (program: Program): SectionCode | undefined =>
    bestSection({ program, header, reporter, settings: code, stackSize }, machineOf);
  const sections = {
    hcomp: hcomp !== undefined && modelled ? codeOf(hcomp) : undefined,
    pcomp: pcomp !== undefined && !flag("suppressPcomp", false) ? codeOf(pcomp) : undefined,
  };
  if (reporter.failed) return { diagnostics: reporter.diagnostics, program: undefined };
  const config = configOf({ ...header, components }, sections, reporter, flag("comments", true));
  const assembled = assembleZpaq(config);
  if (flag("selfTest", true)) {
    for (const part of ["hcomp", "pcomp"] as const) {
      const [section, program, bytes] = [sections[part], programs[part], assembled[part]];
      if (section === undefined || program === undefined || bytes === undefined) continue;
      verifySection({ section, program, bytes, header, reporter, settings: code, count: components.length });
    }
  }
  const encoder = compileEncoder(source, options);
  const diagnostics = withFurther(reporter.diagnostics, encoder?.diagnostics ?? []);
  if (encoder !== undefined && encoder.program === undefined) return { diagnostics, program: undefined };
  const sourceMap = sourceMapOf(sections, programs, reporter);
  const program = {
    config,
    header: assembled.header,
    hcomp: assembled.hcomp,
    pcomp: assembled.pcomp,
    tables: Uint8Array.from(sections.pcomp?.graph.preamble ?? []),
    invocation: header.invocation,
    encoder: encoder?.program,
    sourceMap,
    variables: variablesOf(sections),
    ir: [sections.hcomp, sections.pcomp].map((section) =>
      section === undefined ? "" : formatGraph(section.graph)
    ).join(""),
  };
  return { diagnostics, program };
}

/** What prepares files, compiled as a program of its own; undefined where the source has none. */
function compileEncoder(source: string, options: CompileZpaqlPyOptions): ZpaqlPyCompilation | undefined {
  const own = encoderSource(source, options.name ?? "source");
  if (own === undefined) return undefined;
  return compileZpaqlPy(own, { ...options, comments: false, suppressPcomp: false, disableComp: true });
}

type Sections<T> = Readonly<Record<"hcomp" | "pcomp", T | undefined>>;

function sourceMapOf(
  sections: Sections<SectionCode>,
  programs: Sections<Program>,
  reporter: Reporter,
): ZpaqlPySourceMapEntry[] {
  const functions = {
    hcomp: programs.hcomp && functionFinder(programs.hcomp),
    pcomp: programs.pcomp && functionFinder(programs.pcomp),
  };
  return (["hcomp", "pcomp"] as const).flatMap((section) =>
    (sections[section]?.instructions ?? []).map(({ pc, offset }) => ({
      section,
      pc,
      ...reporter.source.positionOf(offset),
      function: functions[section]?.(offset),
    }))
  );
}

function variablesOf(sections: Sections<SectionCode>): ZpaqlPyVariable[] {
  return (["hcomp", "pcomp"] as const).flatMap((section) =>
    (sections[section]?.places ?? []).filter(({ variable: { name, temporary } }) =>
      !temporary && /^\w/.test(name)
    )
      .map(({ variable, place }) => ({ section, name: variable.name, function: variable.owner, place }))
  );
}

/** One section and what it was made of. */
interface CompiledSection {
  readonly section: SectionCode;
  readonly program: Program;
  readonly bytes: Uint8Array;
  readonly header: HeaderData;
  readonly reporter: Reporter;
  readonly settings: CodeSettings;
  /** How many components the header has. */
  readonly count: number;
}

/** Compares small code with its source. */
function verifySection(
  { section, program, bytes, header, reporter, settings, count }: CompiledSection,
): void {
  const isModel = program.part === "hcomp";
  const own = sizesOf(program.part, header);
  const sizes = { H: { own: own.H, whole: section.h }, M: { own: own.M, whole: section.m } };
  if (!isSmall(bytes, sizes)) return;
  // The graph of the source is made anew: the one that code was made of has been improved.
  const graph = new Lowering(program, header, reporter, { ...settings, level: 0 }).make();
  settleFrames(graph);
  checkTranslation({
    name: reporter.source.name,
    graph,
    code: bytes,
    sizes,
    contexts: isModel ? count : 0,
    make: (code, options) => new ZpaqMachine(code, options),
  });
}

/** log2 of the arrays that code is measured with. */
const MEASURED_BITS_MAX = 16;

/** The machine that code is measured on. */
function machineOf({ instructions, ...sizes }: SectionCode, budget: number): ZpaqMachine {
  // What is compared needs no more than this, whatever the program has.
  const [h, m] = [Math.min(sizes.h, MEASURED_BITS_MAX), Math.min(sizes.m, MEASURED_BITS_MAX)];
  const text = instructions.map((each) => each.text).join(" ");
  const { pcomp } = assembleZpaq(`comp 0 0 ${h} ${m} 0 hcomp halt pcomp ; ${text} end`);
  return new ZpaqMachine(pcomp!, { h, m, budget });
}

function checkLevel(level: OptimizationLevel = 2): OptimizationLevel {
  if ([0, 1, 2, "s"].includes(level)) return level;
  throw new RangeError(`Cannot compile: "optimize" is ${level}, expected 0, 1, 2 or "s"`);
}

/** Everything as a config. */
function configOf(
  header: HeaderData,
  sections: Readonly<Record<"hcomp" | "pcomp", SectionCode | undefined>>,
  reporter: Reporter,
  comments: boolean,
): string {
  const { components, invocation } = header;
  const [hh, hm] = [sections.hcomp?.h ?? header.hh, sections.hcomp?.m ?? header.hm];
  const [ph, pm] = [sections.pcomp?.h ?? header.ph, sections.pcomp?.m ?? header.pm];
  const lines = [`comp ${hh} ${hm} ${ph} ${pm} ${components.length}`];
  components.forEach((component, i) => lines.push(`  ${i} ${component}`));
  lines.push(
    "hcomp",
    ...(sections.hcomp === undefined ? ["  halt"] : sectionLines(sections.hcomp, reporter, comments)),
  );
  if (sections.pcomp !== undefined) {
    lines.push(`pcomp ${invocation} ;`, ...sectionLines(sections.pcomp, reporter, comments));
  }
  lines.push("end", "");
  return lines.join("\n");
}

/** The instructions of each line of the source on a line of their own. */
function sectionLines({ instructions }: SectionCode, { source }: Reporter, comments: boolean): string[] {
  const lines: string[] = [];
  let line = -1;
  for (const instruction of instructions) {
    const own = source.lineOf(instruction.offset);
    if (own !== line) {
      line = own;
      if (comments) {
        // Comments of configs nest by parentheses.
        const text = source.line(line).trim().replaceAll("(", "[").replaceAll(")", "]");
        lines.push(`  (${line}: ${text})`);
      }
      lines.push(`  ${instruction.text}`);
    } else lines.push(`${lines.pop()} ${instruction.text}`);
  }
  return lines;
}
