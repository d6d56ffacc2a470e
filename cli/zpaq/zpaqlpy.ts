/**
 * `sluice zpaqlpy`: the compiler for models in Python with the options of the original program.
 */
import { toText } from "@std/streams";
import {
  compileZpaqlPy,
  formatZpaqlPyDiagnostic,
  runZpaqlPyHcomp,
  zpaqlPyInfo,
  zpaqlPyTemplate,
} from "@sluice/zpaq/compiler";
import type { ZpaqlPyChapter } from "@sluice/zpaq/compiler";
import { describeSystemError, EXIT, Failure, UsageFailure } from "../shared/exit.ts";
import { formatOptions, parseOptions } from "../shared/options.ts";
import type { OptionGroup } from "../shared/options.ts";
import { LEVEL, Messages } from "../shared/messages.ts";
import { ProtectedFiles, writeOutput } from "../shared/target.ts";

const EXIT_USAGE = 64;
const EXIT_INPUT = 2;
const EXIT_OUTPUT = 3;

interface Settings {
  output: string | undefined;
  force: boolean;
  ir: boolean;
  template: boolean;
  chapter: ZpaqlPyChapter | undefined;
  suppressHcomp: boolean;
  suppressPcomp: boolean;
  disableComp: boolean;
  optimize: 0 | 2;
  comments: boolean;
  stackSize: number;
  runHcomp: string | undefined;
  help: boolean;
  verbose: boolean;
}

function chapter(name: string, topic: ZpaqlPyChapter) {
  return { long: [name], help: `Print a chapter: ${topic}`, set: (s: Settings) => s.chapter = topic };
}

/** What an option of the original does that has nothing to change here: the code that it is about is made differently. */
function withoutEffect(name: string) {
  return {
    help: "For the original's command lines: prints a note that it has no effect",
    set: (): void => console.error(`zpaqlpy: note: option ${name} of the original has no effect here`),
  };
}

function without(...names: string[]) {
  return names.map((name) => ({ long: [name], ...withoutEffect(`--${name}`) }));
}

/** Its options. */
export const OPTIONS: readonly OptionGroup<Settings>[] = [{
  title: "Options",
  rows: [
    {
      short: "o",
      long: ["output"],
      value: "next",
      valueName: "FILE",
      help: "Output; - for stdout",
      set: (s, v) => s.output = v,
    },
    { short: "f", long: ["force"], help: "Overwrite an existing output", set: (s) => s.force = true },
    { short: "v", help: "Print sizes of the program", set: (s) => s.verbose = true },
    chapter("info-zpaq", "zpaq"),
    chapter("info-zpaql", "zpaql"),
    chapter("info-zpaqlpy", "lang"),
    chapter("info-zpaqlir", "ir"),
    chapter("info-tutorial", "tutorial"),
    { short: "S", help: "Write operations instead of instructions", set: (s) => s.ir = true },
    { long: ["suppress-pcomp"], help: "Leave pcomp out", set: (s) => s.suppressPcomp = true },
    { long: ["suppress-hcomp"], help: "Leave hcomp out", set: (s) => s.suppressHcomp = true },
    { long: ["disable-comp"], help: "Leave components and hcomp out", set: (s) => s.disableComp = true },
    { long: ["disable-optim"], help: "Do not optimize", set: (s) => s.optimize = 0 },
    { long: ["emit-template"], help: "Print a source to start from", set: (s) => s.template = true },
    { long: ["no-comments"], help: "Leave comments out", set: (s) => s.comments = false },
    {
      long: ["stacksize"],
      value: "next",
      valueName: "N",
      help: "Words of the stack of functions that call themselves",
      set: (s, v) => {
        if (!/^\d+$/.test(v)) {
          throw new UsageFailure(`Option --stacksize takes a number, not "${v}"`, EXIT_USAGE);
        }
        s.stackSize = Number(v);
      },
    },
    {
      long: ["run-hcomp"],
      value: "next",
      valueName: "FILE",
      help: "Print the contexts of each byte of a file",
      set: (s, v) => s.runHcomp = v,
    },
    ...without(
      "fixed-global-access",
      "ignore-errors",
      "no-post-zpaql",
      "no-pc-comments",
      "extern-tokenizer",
      "notemp_debug_cfg",
    ),
    { short: "h", long: ["help"], help: "This text", set: (s) => s.help = true },
  ],
}];

const USAGE =
  "Compiles a model in a subset of Python to a ZPAQ config.\n\nUsage: sluice zpaqlpy [OPTIONS] SOURCE.py\n\n";

/** Runs the command; returns its exit code. */
export async function run(args: string[]): Promise<number> {
  const settings: Settings = {
    output: undefined,
    force: false,
    ir: false,
    template: false,
    chapter: undefined,
    suppressHcomp: false,
    suppressPcomp: false,
    disableComp: false,
    optimize: 2,
    comments: true,
    stackSize: 65_536,
    runHcomp: undefined,
    help: false,
    verbose: false,
  };
  const [path] = operandsOf(args, settings);
  const text = settings.help
    ? USAGE + formatOptions(OPTIONS)
    : settings.chapter !== undefined
    ? zpaqlPyInfo(settings.chapter)
    : settings.template
    ? zpaqlPyTemplate()
    : undefined;
  if (text !== undefined) {
    await write(settings.output ?? "-", [], text, settings);
    return EXIT.ok;
  }
  if (path === undefined) throw new UsageFailure("Expected a source", EXIT.failure);
  return await compile(path, await read(path), settings);
}

/** The operands of a command line; what is wrong with it has the exit code that the original's users expect. */
function operandsOf(args: string[], settings: Settings): string[] {
  try {
    return parseOptions(OPTIONS, args, settings);
  } catch (error) {
    if (error instanceof UsageFailure) throw new UsageFailure(error.message, EXIT_USAGE);
    throw error;
  }
}

async function read(path: string): Promise<string> {
  try {
    return path === "-" ? await toText(Deno.stdin.readable) : await Deno.readTextFile(path);
  } catch (error) {
    throw new Failure(`zpaqlpy: ${path}: ${describeSystemError(error)}`, EXIT_INPUT);
  }
}

async function write(
  path: string,
  inputs: readonly (string | undefined)[],
  text: string,
  { force }: Settings,
): Promise<void> {
  try {
    await writeOutput(path, [new TextEncoder().encode(text)], {
      command: "zpaqlpy",
      force,
      exitCode: EXIT_OUTPUT,
      messages: new Messages(LEVEL.results),
      files: await ProtectedFiles.of(inputs),
    });
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure(`zpaqlpy: ${path}: ${describeSystemError(error)}`, EXIT_OUTPUT);
  }
}

async function compile(path: string, source: string, settings: Settings): Promise<number> {
  const { suppressHcomp, suppressPcomp, disableComp, optimize, comments, stackSize, runHcomp } = settings;
  // The original takes "/" for a division of whole numbers.
  const options = { name: path, allowSlash: true };
  const { program, diagnostics } = compileZpaqlPy(source, {
    ...options,
    suppressHcomp,
    suppressPcomp,
    disableComp,
    optimize,
    comments,
    stackSize,
  });
  for (const each of diagnostics) console.error(formatZpaqlPyDiagnostic(each, source, path));
  if (program === undefined) return EXIT.failure;
  if (settings.verbose) {
    const { header, hcomp, pcomp } = program;
    console.error(`zpaqlpy: hcomp: ${hcomp.length} bytes, H 2^${header[2]}, M 2^${header[3]}`);
    console.error(`zpaqlpy: pcomp: ${pcomp?.length ?? 0} bytes, H 2^${header[4]}, M 2^${header[5]}`);
  }
  const extension = settings.ir ? "ir" : "cfg";
  const output = settings.output ??
    (path === "-" ? `out.${extension}` : `${path.replace(/\.py$/, "")}.${extension}`);
  await write(output, [path, runHcomp], settings.ir ? program.ir : program.config, settings);
  if (runHcomp !== undefined) {
    let data: Uint8Array<ArrayBuffer>;
    try {
      data = await Deno.readFile(runHcomp);
    } catch (error) {
      throw new Failure(`zpaqlpy: ${runHcomp}: ${describeSystemError(error)}`, EXIT_INPUT);
    }
    for (const { byte, contexts } of runZpaqlPyHcomp(source, data, options)) {
      console.log(`${byte}: [${contexts.join(", ")}]`);
    }
  }
  return EXIT.ok;
}
