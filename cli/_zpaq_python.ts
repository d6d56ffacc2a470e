/**
 * `sluice zpaq py compile|check|run`: models written in a subset of Python.
 */
import {
  checkZpaqlPy,
  compileZpaqlPy,
  formatZpaqlPyDiagnostic,
  runZpaqlPyHcomp,
  runZpaqlPyPcomp,
  toLspDiagnostic,
} from "@sluice/zpaq/compiler";
import type { ZpaqlPyDiagnostic } from "@sluice/zpaq/compiler";
import { EXIT, UsageFailure } from "./_exit.ts";
import { formatOptions, parseOptions } from "./_options.ts";
import type { OptionGroup } from "./_options.ts";
import { writeOutput } from "./_write_output.ts";

interface Settings {
  output: string | undefined;
  append: string[];
  strictSubset: boolean;
  allowSlash: boolean;
  suppressHcomp: boolean;
  suppressPcomp: boolean;
  disableComp: boolean;
  comments: boolean;
  warningsFail: boolean;
  lsp: boolean;
  help: boolean;
}

const OPTIONS: readonly OptionGroup<Settings>[] = [{
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
    {
      long: ["append"],
      value: "next",
      valueName: "FILE",
      help: "run: a further segment",
      set: (s, v) => s.append.push(v),
    },
    {
      long: ["strict-subset"],
      help: "Refuse what the original compiler does not know",
      set: (s) => s.strictSubset = true,
    },
    { long: ["allow-slash"], help: 'Take "/" for "//"', set: (s) => s.allowSlash = true },
    { long: ["suppress-hcomp"], help: "Leave hcomp out", set: (s) => s.suppressHcomp = true },
    { long: ["suppress-pcomp"], help: "Leave pcomp out", set: (s) => s.suppressPcomp = true },
    { long: ["disable-comp"], help: "Leave components and hcomp out", set: (s) => s.disableComp = true },
    {
      long: ["no-comments"],
      help: "Leave the source's lines out of the config",
      set: (s) => s.comments = false,
    },
    { long: ["werror"], help: "Warnings fail", set: (s) => s.warningsFail = true },
    { long: ["lsp"], help: "check: diagnostics as JSON for editors", set: (s) => s.lsp = true },
    { short: "h", long: ["help"], help: "This text", set: (s) => s.help = true },
  ],
}];

const USAGE = `Models written in a subset of Python.

Usage: sluice zpaq py compile SOURCE.py [-o MODEL.cfg]       to a config
       sluice zpaq py check SOURCE.py                        only say what is wrong
       sluice zpaq py run SOURCE.py hcomp [INPUT]            print the contexts of each byte
       sluice zpaq py run SOURCE.py pcomp [INPUT [OUTPUT]]   run the post-processor

`;

/** Runs the command; returns its exit code. */
export async function pythonCommand(args: readonly string[]): Promise<number> {
  const settings: Settings = {
    output: undefined,
    append: [],
    strictSubset: false,
    allowSlash: false,
    suppressHcomp: false,
    suppressPcomp: false,
    disableComp: false,
    comments: true,
    warningsFail: false,
    lsp: false,
    help: false,
  };
  const [action, path, ...rest] = parseOptions(OPTIONS, args, settings);
  if (settings.help) {
    console.log(USAGE + formatOptions(OPTIONS).trimEnd());
    return EXIT.ok;
  }
  if (path === undefined) throw new UsageFailure('Expected "sluice zpaq py compile|check|run SOURCE.py"');
  const source = path === "-"
    ? await new Response(Deno.stdin.readable).text()
    : await Deno.readTextFile(path);
  switch (action) {
    case "compile":
      return await compile(source, path, settings);
    case "check":
      return check(source, path, settings);
    case "run":
      return await run(source, path, rest, settings);
    default:
      throw new UsageFailure(`"${action ?? ""}" is no command of zpaq py`);
  }
}

/** Prints findings; returns the exit code that they mean. */
function tell(
  diagnostics: readonly ZpaqlPyDiagnostic[],
  source: string,
  path: string,
  settings: Settings,
): number {
  for (const each of diagnostics) console.error(formatZpaqlPyDiagnostic(each, source, path));
  const fails = (severity: string): boolean =>
    severity === "error" || settings.warningsFail && severity === "warning";
  return diagnostics.some(({ severity }) => fails(severity)) ? EXIT.failure : EXIT.ok;
}

function check(source: string, path: string, settings: Settings): number {
  const { strictSubset, allowSlash } = settings;
  const diagnostics = checkZpaqlPy(source, { strictSubset, allowSlash });
  if (!settings.lsp) return tell(diagnostics, source, path, settings);
  console.log(JSON.stringify(diagnostics.map((each) => toLspDiagnostic(each, source)), null, 2));
  return diagnostics.some(({ severity }) => severity === "error") ? EXIT.failure : EXIT.ok;
}

async function compile(source: string, path: string, settings: Settings): Promise<number> {
  const { strictSubset, allowSlash, suppressHcomp, suppressPcomp, disableComp, comments } = settings;
  const { program, diagnostics } = compileZpaqlPy(source, {
    name: path,
    strictSubset,
    allowSlash,
    suppressHcomp,
    suppressPcomp,
    disableComp,
    comments,
  });
  const code = tell(diagnostics, source, path, settings);
  if (program === undefined || code !== EXIT.ok) return EXIT.failure;
  const output = settings.output ?? (path === "-" ? "out.cfg" : `${path.replace(/\.py$/, "")}.cfg`);
  await writeOutput(output, [new TextEncoder().encode(program.config)]);
  return EXIT.ok;
}

async function run(
  source: string,
  path: string,
  operands: readonly string[],
  settings: Settings,
): Promise<number> {
  const [part, input, output] = operands;
  const data = input === undefined || input === "-"
    ? new Uint8Array(await new Response(Deno.stdin.readable).arrayBuffer())
    : await Deno.readFile(input);
  const options = { name: path, allowSlash: settings.allowSlash };
  if (part === "hcomp") {
    const lines = [...runZpaqlPyHcomp(source, data, options)].map(({ byte, contexts }) =>
      `${byte}: [${contexts.join(", ")}]\n`
    );
    await writeOutput(output ?? settings.output ?? "-", [new TextEncoder().encode(lines.join(""))]);
    return EXIT.ok;
  }
  if (part !== "pcomp") throw new UsageFailure('Expected "hcomp" or "pcomp" behind the source');
  const segments = [data];
  for (const each of settings.append) segments.push(await Deno.readFile(each));
  const contents = runZpaqlPyPcomp(source, segments, options);
  await writeOutput(output ?? settings.output ?? "-", [
    new Uint8Array(await new Blob(contents).arrayBuffer()),
  ]);
  return EXIT.ok;
}
