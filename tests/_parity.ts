/**
 * Tables of docs/parity whose rows are command lines: each row runs the tool and `sluice` on the same files and holds
 * what the row says. With `SLUICE_LONG=1` every row runs, otherwise one of `SAMPLED`.
 */
import { assertEquals } from "@std/assert";
import { run, sluice } from "./_cli.ts";
import type { Outcome } from "./_cli.ts";
import { inDirectory } from "./_directory.ts";

/** How many rows there are for each that runs in the short form. */
const SAMPLED = 8;

/** A command line, perhaps that of sluice, two exit codes, and what is compared. */
const ROW = /^\| `([^`]+)` +\| (?:`([^`]+)` +\| )?(\d+) +\| (\d+) +\| (\w+) /gm;

/** What is compared beside the exit codes: nothing, what is on the disk afterwards, or that and standard output. */
export type ParityScope = "exit" | "files" | "output";

/** One row. */
export interface ParityRow {
  readonly command: string;
  /** The command line of sluice, where the row has one of its own. */
  readonly ourCommand: string;
  /** Exit codes. */
  readonly theirs: number;
  readonly ours: number;
  readonly compared: string;
}

/** A tool and the page with its rows. */
export interface ParityTool {
  readonly name: string;
  readonly page: URL;
  readonly environment?: Record<string, string>;
  /** What every call of either gets before the row's own words. */
  theirs(args: string[]): string[];
  ours(args: string[]): string[];
  /** Makes the files that the page describes. */
  prepare(cwd: string): Promise<void>;
  /** What is on the disk, as far as it is the same for both. */
  state(cwd: string): Promise<Record<string, unknown>>;
  /** What is compared of standard output; the text as it is unless given. */
  output?(text: string, compared: string): unknown;
}

/** What one of the two programs did. */
export interface ParityOutcome extends Outcome {
  readonly text: string;
  readonly state: Record<string, unknown>;
}

/** Whether a program of this name can be started. */
export async function isHere(name: string): Promise<boolean> {
  return await run(name, ["--version"]).then(() => true, () => false);
}

/** The rows of a page. */
export function parityRows(page: string): ParityRow[] {
  return [...page.matchAll(ROW)].map(([, command, ourCommand, theirs, ours, compared]) => ({
    command: command!.replaceAll("\\|", "|"),
    ourCommand: (ourCommand ?? command)!.replaceAll("\\|", "|"),
    theirs: Number(theirs),
    ours: Number(ours),
    compared: compared!,
  }));
}

/** The words of a row, of which 'some words' may hold spaces, and the file that `< FILE` at the end names. */
export function splitCommand(command: string): { args: string[]; stdin: string | undefined } {
  const words = [...command.matchAll(/(?:[^\s']|'[^']*')+/g)].map(([word]) => word.replaceAll("'", ""));
  const redirected = words.indexOf("<");
  return redirected < 0
    ? { args: words, stdin: undefined }
    : { args: words.slice(0, redirected), stdin: words[redirected + 1] };
}

/** Runs one of the two on files made for it, in a folder whose path is the same for both. */
export async function runParity(
  tool: ParityTool,
  command: string,
  which: "theirs" | "ours",
  cwd: string,
): Promise<ParityOutcome> {
  await Deno.mkdir(cwd);
  try {
    await tool.prepare(cwd);
    const { args, stdin } = splitCommand(command);
    const options = {
      cwd,
      env: { NO_COLOR: "1", TZ: "UTC", ...tool.environment },
      ...(stdin === undefined ? {} : { stdin: await Deno.readFile(`${cwd}/${stdin}`) }),
    };
    const outcome = which === "theirs"
      ? await run(tool.name, tool.theirs(args), options)
      : await sluice(tool.ours(args), options);
    return { ...outcome, text: new TextDecoder().decode(outcome.stdout), state: await tool.state(cwd) };
  } finally {
    await Deno.remove(cwd, { recursive: true });
  }
}

/** Registers a test for each row. */
export async function testParity(tool: ParityTool): Promise<void> {
  const here = await isHere(tool.name);
  if (!here) console.log(`SKIPPED: parity with ${tool.name}: it is not installed`);
  const rows = parityRows(await Deno.readTextFile(tool.page));
  const whole = Deno.env.get("SLUICE_LONG") === "1";
  for (const [index, { command, ourCommand, theirs, ours, compared }] of rows.entries()) {
    if (!whole && index % SAMPLED !== 0) continue;
    Deno.test({
      name: `${tool.name} ${command}, compared by ${compared}`,
      ignore: !here,
      fn: () =>
        inDirectory(async (root) => {
          const first = await runParity(tool, command, "theirs", `${root}/box`);
          const second = await runParity(tool, ourCommand, "ours", `${root}/box`);
          assertEquals([first.code, second.code], [theirs, ours], `${first.stderr}\n${second.stderr}`);
          if (compared === "exit") return;
          assertEquals(second.state, first.state, second.stderr);
          if (compared === "files") return;
          const output = tool.output ?? ((text: string) => text);
          assertEquals(output(second.text, compared), output(first.text, compared), second.stderr);
        }),
    });
  }
}
