/**
 * `sluice zpaq py compile|check|run|diff|trace|stats|report|tune|template`: models written in a subset of Python.
 */
import { toArrayBuffer } from "@std/streams";
import {
  checkZpaqlPy,
  compileZpaqlPy,
  countZpaqlPySteps,
  diffZpaqlPy,
  formatZpaqlPyDiagnostic,
  runZpaqlPyHcomp,
  runZpaqlPyPcomp,
  toZpaqlPyLspDiagnostic,
  traceZpaqlPy,
  zpaqlPyInfo,
  zpaqlPyTemplate,
} from "@sluice/zpaq/compiler";
import type {
  CompileZpaqlPyOptions,
  ZpaqlPyChapter,
  ZpaqlPyDiagnostic,
  ZpaqlPyProgram,
} from "@sluice/zpaq/compiler";
import { disassembleZpaq, runZpaqHcomp, runZpaqPcomp } from "@sluice/zpaq";
import { describeSystemError, EXIT, Failure, UsageFailure } from "../shared/exit.ts";
import { formatOptions, parseOptions, refuseIdle } from "../shared/options.ts";
import type { GivenOption } from "../shared/options.ts";
import { LEVEL, Messages } from "../shared/messages.ts";
import { ProtectedFiles, writeOutput } from "../shared/target.ts";
import { COMPILES, defaultPythonSettings, PYTHON_OPTIONS } from "./python_options.ts";
import type { PythonSettings } from "./python_options.ts";
import { reportCommand, tuneCommand } from "./workbench.ts";
import type { CorpusFile } from "./workbench.ts";
import { SLUICE_VERSION } from "../shared/version.ts";

/** The exit code where an input can't be read. */
const EXIT_INPUT = 2;

const USAGE = `Models written in a subset of Python.

Usage: sluice zpaq py compile SOURCE.py [-o MODEL.cfg]       to a config
       sluice zpaq py check SOURCE.py                        only say what is wrong
       sluice zpaq py run SOURCE.py hcomp [INPUT]            print the contexts of each byte
       sluice zpaq py run SOURCE.py pcomp [INPUT [OUTPUT]]   run the post-processor
       sluice zpaq py hcomp|pcomp SOURCE.py [INPUT...]       short for run
       sluice zpaq py fmt-check SOURCE.py                    whether the original compiler takes it as well
       sluice zpaq py diff SOURCE.py hcomp|pcomp [INPUT]     compare compiled code with what Python does
       sluice zpaq py trace SOURCE.py hcomp|pcomp [INPUT]    follow compiled code by lines
       sluice zpaq py stats SOURCE.py [INPUT]                bytes, variables, executed instructions
       sluice zpaq py report SOURCE.py FILE...               what each component saves, tables, weights, positions
       sluice zpaq py tune SOURCE.py FILE... -o TUNED.py     look for a better model
       sluice zpaq py template [-o FILE]                     a source to start from
       sluice zpaq py info zpaq|zpaql|lang|ir|tutorial       a chapter of help

`;

/** Runs the command; returns its exit code. */
export async function pythonCommand(args: readonly string[]): Promise<number> {
  const settings = defaultPythonSettings();
  const given: GivenOption[] = [];
  const [action, path, ...rest] = parseOptions(PYTHON_OPTIONS, args, settings, given);
  if (settings.help) {
    console.log(USAGE + formatOptions(PYTHON_OPTIONS).trimEnd());
    return EXIT.ok;
  }
  if (settings.version) {
    console.log(`sluice zpaq py ${SLUICE_VERSION}`);
    return EXIT.ok;
  }
  if (action !== undefined && (ACTIONS.has(action) || action === "template" || action === "info")) {
    refuseIdle(given, action);
  }
  if (settings.engine === "python") {
    for (const { face, name } of given) {
      if (face.modes !== COMPILES) continue;
      throw new UsageFailure(`Option ${name} has no effect with --engine python, which compiles nothing`);
    }
  }
  if (action === "template") {
    const text = zpaqlPyTemplate({ minimal: settings.minimal });
    await write(settings.output, [], [new TextEncoder().encode(text)], settings);
    return EXIT.ok;
  }
  if (action === "info") {
    console.log(zpaqlPyInfo((path ?? "lang") as ZpaqlPyChapter).trimEnd());
    return EXIT.ok;
  }
  if (path === undefined) {
    throw new UsageFailure(
      'Expected "sluice zpaq py compile|check|run|hcomp|pcomp|diff|trace|stats|report|tune|fmt-check SOURCE.py"',
    );
  }
  if (!ACTIONS.has(action!)) throw new UsageFailure(`"${action}" is no command of zpaq py`);
  const source = new TextDecoder().decode(await inputOf(path));
  return await runAction(action!, source, path, rest, settings);
}

async function runAction(
  action: string,
  source: string,
  path: string,
  rest: readonly string[],
  settings: PythonSettings,
): Promise<number> {
  switch (action) {
    case "compile":
      return await compile(source, path, settings);
    case "check":
      return check(source, path, settings);
    case "fmt-check":
      return check(source, path, { ...settings, strictSubset: true, warningsFail: true });
    case "hcomp":
    case "pcomp":
      return await run(source, path, [action, ...rest], settings);
    case "run":
      return await run(source, path, rest, settings);
    case "diff":
      return await diff(source, path, rest, settings);
    case "trace":
      return await trace(source, path, rest, settings);
    case "report":
      return await reportCommand(source, path, await filesOf(rest), settings);
    case "tune":
      return await tuneCommand(source, path, await filesOf(rest), settings);
    default:
      return await stats(source, path, rest, settings);
  }
}

/** The commands that take a source. */
const ACTIONS: ReadonlySet<string> = new Set([
  "compile",
  "check",
  "fmt-check",
  "hcomp",
  "pcomp",
  "run",
  "diff",
  "trace",
  "stats",
  "report",
  "tune",
]);

/** Prints findings; returns the exit code that they mean. */
function tell(
  diagnostics: readonly ZpaqlPyDiagnostic[],
  source: string,
  path: string,
  settings: PythonSettings,
): number {
  for (const each of diagnostics) console.error(formatZpaqlPyDiagnostic(each, source, path));
  const fails = (severity: string): boolean =>
    severity === "error" || settings.warningsFail && severity === "warning";
  return diagnostics.some(({ severity }) => fails(severity)) ? EXIT.failure : EXIT.ok;
}

function check(source: string, path: string, settings: PythonSettings): number {
  const { strictSubset, allowSlash } = settings;
  const diagnostics = checkZpaqlPy(source, { strictSubset, allowSlash });
  if (!settings.lsp) return tell(diagnostics, source, path, settings);
  console.log(JSON.stringify(diagnostics.map((each) => toZpaqlPyLspDiagnostic(each, source)), null, 2));
  return diagnostics.some(({ severity }) => severity === "error") ? EXIT.failure : EXIT.ok;
}

function optionsOf(path: string, settings: PythonSettings, preset: 1 | 2 = 2): CompileZpaqlPyOptions {
  const { strictSubset, allowSlash, suppressHcomp, suppressPcomp, disableComp, comments } = settings;
  const { checked, machineShifts, streamTables, stackSize, optimize } = settings;
  if (optimize === "") throw new UsageFailure("Option -O takes 0, 1, 2 (speed) or s (size)");
  const levels: Readonly<Record<string, 0 | 1 | 2 | "s">> = { "0": 0, "1": 1, "2": 2, s: "s" };
  return {
    name: path,
    strictSubset,
    allowSlash,
    suppressHcomp,
    suppressPcomp,
    disableComp,
    comments,
    checked,
    machineShifts,
    streamTables,
    stackSize,
    optimize: optimize === undefined ? preset : levels[optimize],
  };
}

/** The program, when nothing is wrong with its source; what is wrong is printed. */
function programOf(
  source: string,
  path: string,
  settings: PythonSettings,
  preset: 1 | 2 = 2,
): ZpaqlPyProgram | undefined {
  const { program, diagnostics } = compileZpaqlPy(source, optionsOf(path, settings, preset));
  return tell(diagnostics, source, path, settings) === EXIT.ok ? program : undefined;
}

async function compile(source: string, path: string, settings: PythonSettings): Promise<number> {
  const program = programOf(source, path, settings);
  if (program === undefined) return EXIT.failure;
  const extension = EXTENSIONS[settings.emit];
  if (extension === undefined) {
    throw new UsageFailure(
      `Option --emit takes ${Object.keys(EXTENSIONS).join(", ")}, not "${settings.emit}"`,
    );
  }
  const output = settings.output ??
    (path === "-" ? `out.${extension}` : `${path.replace(/\.py$/, "")}.${extension}`);
  await write(output, [path], [emitted(program, settings.emit)], settings);
  return EXIT.ok;
}

/** What can be written, with the extension of its file. */
const EXTENSIONS: Readonly<Record<string, string>> = {
  cfg: "cfg",
  ir: "ir",
  asm: "asm",
  bytes: "bin",
  map: "map.json",
  tables: "tables",
  json: "json",
};

function emitted(program: ZpaqlPyProgram, kind: string): Uint8Array {
  const encoder = new TextEncoder();
  const { config, ir, header, hcomp, pcomp, invocation, sourceMap, variables } = program;
  switch (kind) {
    case "ir":
      return encoder.encode(ir);
    case "asm":
      return encoder.encode(disassembleZpaq(header, pcomp));
    case "bytes":
      return new Uint8Array([...header, ...pcomp ?? []]);
    case "tables":
      return program.tables;
    case "map":
      return encoder.encode(
        `${JSON.stringify({ version: 1, instructions: sourceMap, variables }, null, 1)}\n`,
      );
    case "json": {
      const bytes = {
        header: [...header],
        hcomp: [...hcomp],
        pcomp: pcomp === undefined ? null : [...pcomp],
      };
      return encoder.encode(`${JSON.stringify({ config, invocation, ...bytes, sourceMap, variables })}\n`);
    }
    default:
      return encoder.encode(config);
  }
}

/** The files of a corpus: at least one. */
async function filesOf(paths: readonly string[]): Promise<CorpusFile[]> {
  if (paths.length === 0) throw new UsageFailure("Expected files after the source");
  return await Promise.all(paths.map(async (path) => ({ path, content: await inputOf(path) })));
}

async function inputOf(path: string | undefined): Promise<Uint8Array<ArrayBuffer>> {
  if (path === undefined || path === "-") {
    return new Uint8Array(await toArrayBuffer(Deno.stdin.readable));
  }
  try {
    return await Deno.readFile(path);
  } catch (error) {
    throw new Failure(`zpaq py: ${path}: ${describeSystemError(error)}`, EXIT_INPUT);
  }
}

function partOf(text: string | undefined): "hcomp" | "pcomp" {
  if (text === "hcomp" || text === "pcomp") return text;
  throw new UsageFailure('Expected "hcomp" or "pcomp" after the source');
}

async function diff(
  source: string,
  path: string,
  operands: readonly string[],
  settings: PythonSettings,
): Promise<number> {
  const part = partOf(operands[0]);
  const segments = [await inputOf(operands[1])];
  for (const each of settings.append) segments.push(await inputOf(each));
  const difference = diffZpaqlPy(source, part, segments, { name: path });
  if (difference === undefined) {
    console.log(`${part} of ${path} does what Python does`);
    return EXIT.ok;
  }
  const { segment, offset, expected, actual, line } = difference;
  console.log(
    `segment ${segment}, byte ${offset}: ${actual.join(" ")} at line ${line}, Python gives ${
      expected.join(" ")
    }\n` +
      `${`${line}`.padStart(5)} | ${source.split("\n")[line - 1]}`,
  );
  return EXIT.failure;
}

async function trace(
  source: string,
  path: string,
  operands: readonly string[],
  settings: PythonSettings,
): Promise<number> {
  const part = partOf(operands[0]);
  // From level 2 on a variable has only the bits that the program depends on.
  const program = programOf(source, path, settings, 1);
  if (program === undefined) return EXIT.failure;
  const text = source.split("\n");
  const { breakLine, watch, from, count } = settings;
  const lines = traceZpaqlPy(program, part, await inputOf(operands[1]), { name: path })
    .map((each) => ({
      ...each,
      changes: each.changes.filter(({ name }) => watch.length === 0 || watch.includes(name)),
    }))
    .filter(({ line, changes }) =>
      (breakLine ?? line) === line && (watch.length === 0 || changes.length > 0)
    );
  for (const { line, changes } of lines.slice(from, from + count)) {
    const values = changes.map(({ name, value }) => `${name} = ${value}`).join(", ");
    console.log(`${`${line}`.padStart(5)} | ${text[line - 1]}${values === "" ? "" : `   # ${values}`}`);
  }
  return EXIT.ok;
}

async function stats(
  source: string,
  path: string,
  operands: readonly string[],
  settings: PythonSettings,
): Promise<number> {
  const program = programOf(source, path, settings);
  if (program === undefined) return EXIT.failure;
  const { header, hcomp, pcomp, variables } = program;
  console.log(`hcomp: ${hcomp.length} bytes, H 2^${header[2]}, M 2^${header[3]}`);
  console.log(`pcomp: ${pcomp?.length ?? 0} bytes, H 2^${header[4]}, M 2^${header[5]}`);
  for (const { section, name, function: owner, place } of variables) {
    console.log(`  ${section} ${owner === undefined ? name : `${owner}.${name}`}: ${place}`);
  }
  if (operands[0] === undefined) return EXIT.ok;
  const input = await inputOf(operands[0]);
  const text = source.split("\n");
  for (const part of pcomp === undefined ? ["hcomp"] as const : ["hcomp", "pcomp"] as const) {
    const { steps, lines } = countZpaqlPySteps(program, part, input, { name: path });
    console.log(`${part}: ${steps} instructions for ${input.length} bytes`);
    for (const [line, times] of [...lines].sort((a, b) => b[1] - a[1]).slice(0, HOT_LINES)) {
      console.log(`${`${times}`.padStart(12)} ${`${line}`.padStart(5)} | ${text[line - 1]}`);
    }
  }
  return EXIT.ok;
}

/** So many lines that take most are shown. */
const HOT_LINES = 10;

async function run(
  source: string,
  path: string,
  operands: readonly string[],
  settings: PythonSettings,
): Promise<number> {
  const [, input, output] = operands;
  const part = partOf(operands[0]);
  const { engine } = settings;
  if (engine !== "compiled" && engine !== "python") {
    throw new UsageFailure(`Option --engine takes compiled or python, not "${engine}"`);
  }
  if (part === "hcomp" && (settings.append.length > 0 || settings.compare !== undefined)) {
    throw new UsageFailure("Options --append and --compare have no effect with hcomp");
  }
  if (settings.compare !== undefined && (output ?? settings.output) !== undefined) {
    throw new UsageFailure("An output has no effect with --compare");
  }
  const program = engine === "python" ? undefined : programOf(source, path, settings);
  if (engine === "compiled" && program === undefined) return EXIT.failure;
  const data = await inputOf(input);
  const options = { name: path, allowSlash: settings.allowSlash };
  if (part === "hcomp") {
    const lines = program === undefined
      ? Array.from(
        runZpaqlPyHcomp(source, data, options),
        ({ byte, contexts }) => contextLine(byte, contexts),
      )
      : Array.from(runZpaqHcomp(program, data), (contexts, i) => contextLine(data[i]!, contexts));
    const text = new TextEncoder().encode(lines.join(""));
    await write(output ?? settings.output, [path, input], [text], settings);
    return EXIT.ok;
  }
  const segments = [data];
  for (const each of settings.append) segments.push(await inputOf(each));
  const results = program === undefined
    ? runZpaqlPyPcomp(source, segments, options)
    : runZpaqPcomp(program, segments);
  const content = new Uint8Array(await new Blob(results).arrayBuffer());
  if (settings.compare !== undefined) return compare(content, await inputOf(settings.compare));
  await write(output ?? settings.output, [path, input, ...settings.append], [content], settings);
  return EXIT.ok;
}

function contextLine(byte: number, contexts: Uint32Array): string {
  return `${byte}: [${contexts.join(", ")}]\n`;
}

/** Writes an output, which may be none of the files that were read. */
async function write(
  output: string | undefined,
  inputs: readonly (string | undefined)[],
  chunks: readonly Uint8Array[],
  { force }: PythonSettings,
): Promise<void> {
  const files = await ProtectedFiles.of(inputs);
  const messages = new Messages(LEVEL.results);
  await writeOutput(output, chunks, { command: "zpaq py", force, messages, files });
}

function compare(content: Uint8Array, expected: Uint8Array): number {
  const at = expected.findIndex((byte, i) => byte !== content[i]);
  if (at < 0 && content.length === expected.length) return EXIT.ok;
  const offset = at < 0 ? expected.length : at;
  console.error(`byte ${offset}: ${content[offset] ?? "the end"}, expected ${expected[offset] ?? "the end"}`);
  return EXIT.failure;
}
