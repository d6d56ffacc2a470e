/**
 * The command `sluice pdiffcopy`: copies large files that are mostly there already, and serves them, with the options of
 * the program of that name.
 *
 * @module
 */
import { EXIT, Failure, PDIFFCOPY_EXIT, runToExitCode, UsageFailure } from "../shared/exit.ts";
import { parseGnuOptions } from "../shared/gnu_options.ts";
import { LEVEL, Messages } from "../shared/messages.ts";
import { formatOptions } from "../shared/options.ts";
import { ProtectedFiles } from "../shared/target.ts";
import {
  benchmarkCommand,
  COMMANDS,
  copyCommand,
  indexCopyCommand,
  runCommand,
  treeCommand,
} from "./commands.ts";
import { checkEffects, copyMode, noting } from "./effects.ts";
import type { Mode } from "./effects.ts";
import { defaultPdiffcopySettings, PDIFFCOPY_OPTIONS } from "./options.ts";
import type { PdiffcopySettings } from "./options.ts";
import { asFailure } from "./session.ts";
import { withSsh } from "./ssh.ts";

/** Every option of the command, for shell completions. */
export const OPTIONS = PDIFFCOPY_OPTIONS;
/** Words that may stand first, for shell completions. */
export const SUBCOMMANDS: readonly string[] = Object.keys(COMMANDS);

const USAGE =
  `Makes a file identical to another one that it mostly is already: blocks that differ travel, over HTTP, in parallel.
A file is a path, http://HOST[:PORT]/PATH on a server, or ssh://[USER@]HOST[:PORT]/PATH; the server is this command
without operands, and ssh starts it.

Usage: sluice pdiffcopy [OPTIONS...] SOURCE TARGET
       sluice pdiffcopy [OPTIONS...] -r|-a SOURCE TARGET
       sluice pdiffcopy [OPTIONS...]
${Object.values(COMMANDS).map(({ usage }) => `       sluice pdiffcopy ${usage}\n`).join("")}
`;

const EXIT_CODES =
  `Exit codes: 0 done, 1 usage or other, 2 files differ (--check, diff), 3 the source changed, 4 verification failed,
5 network or server, 6 the target, 7 permission, 8 interrupted with a target that the next run completes,
23 some names of a directory could not be copied (each is listed).`;

/** Runs the command; returns its exit code. */
export async function run(args: string[]): Promise<number> {
  return await runToExitCode("sluice pdiffcopy", () => runPdiffcopy(args));
}

/** Refuses a target that this call reads beside its source. */
async function checkTargetIsApart(settings: PdiffcopySettings, target: string): Promise<void> {
  const { index, seeds, tokenFile, ca } = settings;
  const files = await ProtectedFiles.of([index, tokenFile, ...ca]);
  // A copy by an index may use what its target has; no other seed is written.
  for (const seed of seeds) if (seed !== target) await files.add(seed, "a seed");
  const role = await files.roleAt(target);
  if (role !== undefined) throw new Failure(`${target} is ${role}: not overwritten`, PDIFFCOPY_EXIT.target);
}

/**
 * Refuses `host:/path`, which is another machine to rsync and scp, and here a path below a directory named `host:`. Such a
 * directory is used where it exists.
 */
async function checkIsHere(operand: string): Promise<void> {
  const match = /^([^/]*:[^/]*)\/(?!\/)/.exec(operand);
  if (match === null || (Deno.build.os === "windows" && /^[a-z]:/i.test(operand))) return;
  const folder = match[1]!;
  if (await Deno.lstat(folder).then(() => true, () => false)) return;
  const [host, path] = [
    folder.replace(/:.*$/s, ""),
    operand.slice(operand.indexOf(":") + 1).replace(/^[:/]+/, ""),
  ];
  throw new UsageFailure(
    `There is no directory "${folder}" here: write ssh://${host}/${path} for another machine, or ./${operand}`,
  );
}

/** Copies in the way that the options ask for. */
async function copy(
  settings: PdiffcopySettings,
  operands: readonly string[],
  messages: Messages,
): Promise<number> {
  if (settings.recursive) return await treeCommand(settings, operands, messages);
  if (settings.index !== undefined) return await indexCopyCommand(settings, operands, messages);
  if (settings.benchmark > 0) return await benchmarkCommand(settings, operands, messages);
  return await copyCommand(settings, operands, messages);
}

async function runPdiffcopy(args: readonly string[]): Promise<number> {
  const settings = defaultPdiffcopySettings();
  const used = new Set<string>();
  const operands = parseGnuOptions(noting(PDIFFCOPY_OPTIONS, used), args, settings);
  // A check compares, whatever a copy would do.
  if (settings.check) settings.delta = true;
  const messages = new Messages(Math.max(LEVEL.errors, settings.verbosity));
  if (settings.help) {
    console.log(USAGE + formatOptions(PDIFFCOPY_OPTIONS) + EXIT_CODES);
    return EXIT.ok;
  }
  try {
    const [first, ...rest] = operands;
    const command = first === undefined
      ? COMMANDS.serve
      : Object.hasOwn(COMMANDS, first)
      ? COMMANDS[first]
      : undefined;
    if (command !== undefined) {
      checkEffects(first === undefined ? "serve" : first as Mode, used, rest);
      const run = (settings: PdiffcopySettings, rest: readonly string[]): Promise<number> =>
        runCommand(command, settings, rest, messages);
      return first === "diff" ? await withSsh(settings, rest, messages, run) : await run(settings, rest);
    }
    if (operands.length !== 2) throw new UsageFailure("Expected SOURCE and TARGET");
    checkEffects(copyMode(settings), used, operands);
    for (const operand of operands) await checkIsHere(operand);
    await checkTargetIsApart(settings, operands[1]!);
    return await withSsh(
      settings,
      operands,
      messages,
      (settings, operands) => copy(settings, operands, messages),
    );
  } catch (error) {
    if (error instanceof UsageFailure || error instanceof Deno.errors.BrokenPipe) throw error;
    throw asFailure(error);
  }
}
