/**
 * The options of `sluice zpaq py`.
 */
import { UsageFailure } from "../shared/exit.ts";
import type { OptionGroup } from "../shared/options.ts";

/** What the command line of `sluice zpaq py` asks for. */
export interface PythonSettings {
  output: string | undefined;
  force: boolean;
  append: string[];
  strictSubset: boolean;
  allowSlash: boolean;
  suppressHcomp: boolean;
  suppressPcomp: boolean;
  disableComp: boolean;
  comments: boolean;
  optimize: string | undefined;
  emit: string;
  checked: boolean;
  machineShifts: boolean;
  streamTables: boolean;
  stackSize: number;
  minimal: boolean;
  compare: string | undefined;
  engine: string;
  json: boolean;
  svg: string | undefined;
  seconds: number;
  sample: number;
  threads: number | undefined;
  resume: boolean;
  breakLine: number | undefined;
  watch: string[];
  from: number;
  count: number;
  warningsFail: boolean;
  lsp: boolean;
  help: boolean;
  version: boolean;
}

function numberOf(text: string, name: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new UsageFailure(`Option ${name} takes a number, not "${text}"`);
}

/** Commands by what they do. */
const RUNS: readonly string[] = ["run", "hcomp", "pcomp"];
export const COMPILES: readonly string[] = ["compile", ...RUNS, "trace", "stats"];
const WRITES: readonly string[] = ["compile", ...RUNS, "template", "report", "tune"];

/** Every option, with the commands that it has an effect on. */
export const PYTHON_OPTIONS: readonly OptionGroup<PythonSettings>[] = [{
  title: "Options",
  rows: [
    {
      short: "o",
      long: ["output"],
      modes: WRITES,
      value: "next",
      valueName: "FILE",
      help: "Output; - for stdout",
      set: (s, v) => s.output = v,
    },
    {
      short: "f",
      long: ["force"],
      modes: WRITES,
      help: "Overwrite an existing output",
      set: (s) => s.force = true,
    },
    {
      long: ["append"],
      modes: ["run", "pcomp", "diff"],
      value: "next",
      valueName: "FILE",
      help: "run: a further segment",
      set: (s, v) => s.append.push(v),
    },
    {
      long: ["strict-subset"],
      modes: [...COMPILES, "check"],
      help: "Refuse what the original compiler does not know",
      set: (s) => s.strictSubset = true,
    },
    {
      long: ["allow-slash"],
      modes: [...COMPILES, "check", "fmt-check"],
      help: 'Take "/" for "//"',
      set: (s) => s.allowSlash = true,
    },
    {
      long: ["suppress-hcomp"],
      modes: COMPILES,
      help: "Leave hcomp out",
      set: (s) => s.suppressHcomp = true,
    },
    {
      long: ["suppress-pcomp"],
      modes: COMPILES,
      help: "Leave pcomp out",
      set: (s) => s.suppressPcomp = true,
    },
    {
      long: ["disable-comp"],
      modes: COMPILES,
      help: "Leave components and hcomp out",
      set: (s) => s.disableComp = true,
    },
    {
      long: ["no-comments"],
      modes: ["compile"],
      help: "Leave the source's lines out of the config",
      set: (s) => s.comments = false,
    },
    {
      short: "O",
      modes: COMPILES,
      value: "glued",
      glued: /[012s]/y,
      valueName: "LEVEL",
      help: "0, 1, 2 (speed) or s (size)",
      set: (s, v) => s.optimize = v,
    },
    {
      long: ["emit"],
      modes: ["compile"],
      value: "next",
      valueName: "KIND",
      help: "compile: cfg, ir, asm, bytes, map, tables or json",
      set: (s, v) => s.emit = v,
    },
    {
      long: ["checked"],
      modes: COMPILES,
      help: "Check indexes when the program runs",
      set: (s) => s.checked = true,
    },
    {
      long: ["zpaql-shifts"],
      modes: COMPILES,
      help: "Shift by counts modulo 32, as the machine does",
      set: (s) => s.machineShifts = true,
    },
    {
      long: ["stream-tables"],
      modes: ["compile"],
      help: "Take tables of bytes from the data, not from code",
      set: (s) => s.streamTables = true,
    },
    {
      long: ["stacksize"],
      modes: COMPILES,
      value: "next",
      valueName: "N",
      help: "Words of the stack of functions that call themselves",
      set: (s, v, name) => s.stackSize = numberOf(v, name),
    },
    {
      long: ["minimal"],
      modes: ["template"],
      help: "template: without allocators",
      set: (s) => s.minimal = true,
    },
    {
      long: ["compare"],
      modes: ["run", "pcomp"],
      value: "next",
      valueName: "FILE",
      help: "run: compare the output with a file",
      set: (s, v) => s.compare = v,
    },
    {
      long: ["engine"],
      modes: RUNS,
      value: "next",
      valueName: "KIND",
      help: "run: compiled (the code that archives carry) or python (what Python does, with its errors)",
      set: (s, v) => s.engine = v,
    },
    { long: ["json"], modes: ["report"], help: "report: as JSON", set: (s) => s.json = true },
    {
      long: ["svg"],
      modes: ["report"],
      value: "next",
      valueName: "FILE",
      help: "report: write a picture of the network as well",
      set: (s, v) => s.svg = v,
    },
    {
      long: ["seconds"],
      modes: ["tune"],
      value: "next",
      valueName: "N",
      help: "tune: try nothing new after so long",
      set: (s, v, name) => s.seconds = numberOf(v, name),
    },
    {
      long: ["sample"],
      modes: ["tune"],
      value: "next",
      valueName: "BYTES",
      help: "tune: measure models on so much of the files",
      set: (s, v, name) => s.sample = numberOf(v, name),
    },
    {
      long: ["threads"],
      modes: ["tune"],
      value: "next",
      valueName: "N",
      help: "tune: measure so many models at the same time",
      set: (s, v, name) => s.threads = numberOf(v, name),
    },
    {
      long: ["resume"],
      modes: ["tune"],
      help: "tune: go on from what the output has",
      set: (s) => s.resume = true,
    },
    {
      long: ["break"],
      modes: ["trace"],
      value: "next",
      valueName: "LINE",
      help: "trace: show this line only",
      set: (s, v, name) => s.breakLine = numberOf(v, name),
    },
    {
      long: ["watch"],
      modes: ["trace"],
      value: "next",
      valueName: "NAME",
      help: "trace: show changes of this variable only",
      set: (s, v) => s.watch.push(v),
    },
    {
      long: ["from"],
      modes: ["trace"],
      value: "next",
      valueName: "N",
      help: "trace: leave out so many lines",
      set: (s, v, name) => s.from = numberOf(v, name),
    },
    {
      long: ["count"],
      modes: ["trace"],
      value: "next",
      valueName: "N",
      help: "trace: show so many lines",
      set: (s, v, name) => s.count = numberOf(v, name),
    },
    {
      long: ["werror"],
      modes: [...COMPILES, "check"],
      help: "Warnings fail",
      set: (s) => s.warningsFail = true,
    },
    {
      long: ["lsp"],
      modes: ["check"],
      help: "check: diagnostics as JSON for editors",
      set: (s) => s.lsp = true,
    },
    { short: "h", long: ["help"], help: "This text", set: (s) => s.help = true },
    { short: "V", long: ["version"], help: "The version", set: (s) => s.version = true },
  ],
}];

/** The settings before any option. */
export function defaultPythonSettings(): PythonSettings {
  return {
    output: undefined,
    force: false,
    append: [],
    strictSubset: false,
    allowSlash: false,
    suppressHcomp: false,
    suppressPcomp: false,
    disableComp: false,
    comments: true,
    optimize: undefined,
    emit: "cfg",
    checked: false,
    machineShifts: false,
    streamTables: false,
    stackSize: 65_536,
    minimal: false,
    compare: undefined,
    engine: "compiled",
    json: false,
    svg: undefined,
    seconds: 60,
    sample: 1 << 18,
    threads: undefined,
    resume: false,
    breakLine: undefined,
    watch: [],
    from: 0,
    count: 10_000,
    warningsFail: false,
    lsp: false,
    help: false,
    version: false,
  };
}
