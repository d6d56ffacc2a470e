/**
 * The command `sluice zpaq`: archives as zpaq 7.15 has them, and the tools of its developers.
 *
 * @module
 */
import { SluiceError } from "@sluice/internal";
import { EXIT, exitCodeOf, Failure, runToExitCode, UsageFailure } from "../shared/exit.ts";
import { loaderBeside } from "../shared/load.ts";
import { LEVEL, Messages } from "../shared/messages.ts";
import type { Word } from "../shared/options.ts";
import { wordsOfOptions } from "../shared/options.ts";
import { nearest } from "../shared/suggest.ts";
import { withLists } from "./lists.ts";
import { KEY_VARIABLE } from "./password.ts";
import { OPTION_HELP, OPTION_WORDS, parseZpaqOptions } from "./options.ts";
import type { ZpaqSettings } from "./options.ts";

const USAGE = `Keeps versions of files in archives of the ZPAQ format.

Usage: sluice zpaq a ARCHIVE FILE... [OPTIONS...]      add a version
       sluice zpaq x ARCHIVE [FILE...] [OPTIONS...]    extract
       sluice zpaq l ARCHIVE [FILE...] [OPTIONS...]    list
       sluice zpaq t ARCHIVE [FILE...] [OPTIONS...]    test
       sluice zpaq verify ARCHIVE [FILE...]            compare files on the disk by their content
       sluice zpaq blocks ARCHIVE [-json]              list blocks, their models and segments
       sluice zpaq check ARCHIVE [-repair]             name what is damaged, move it aside
       sluice zpaq c CONFIG ARCHIVE FILE...            compress with a config or a model in Python
       sluice zpaq d ARCHIVE [OUTPUT]                  decompress all segments
       sluice zpaq r CONFIG h|p [INPUT [OUTPUT]]       run a program of a config
       sluice zpaq asm CONFIG [OUTPUT]                 assemble
       sluice zpaq disasm FILE                         disassemble
       sluice zpaq trace CONFIG h|p|m N...             trace a program, or the model's guesses
       sluice zpaq join ARCHIVE PART...                blocks that were compressed apart as one archive
       sluice zpaq e [KEY KEY] IN OUT                  an archive under another password; "" for none
       sluice zpaq pack [--codec NAME] ARCHIVE FILE... archives with their decoder; --help tells more
       sluice zpaq py compile|check|run SOURCE.py      models in a subset of Python; --help tells more

`;

const load = loaderBeside(import.meta.url);

type Run = (settings: ZpaqSettings, messages: Messages) => Promise<number>;

const add: Run = async (...given) => (await load<typeof import("./add.ts")>("./add.ts")).addCommand(...given);
const extract: Run = async (...given) =>
  (await load<typeof import("./extract.ts")>("./extract.ts")).extractCommand(...given);
const list: Run = async (...given) =>
  (await load<typeof import("./list.ts")>("./list.ts")).listCommand(...given);

/** Each command is loaded when it is called. */
const ACTIONS: Readonly<Record<string, Run>> = {
  a: add,
  add,
  x: extract,
  extract,
  l: list,
  list,
  t: (settings, messages) => extract({ ...settings, test: true }, messages),
  verify: async (...given) =>
    (await load<typeof import("./verify.ts")>("./verify.ts")).verifyCommand(...given),
  blocks: async (...given) =>
    (await load<typeof import("./blocks.ts")>("./blocks.ts")).blocksCommand(...given),
  check: async (...given) => (await load<typeof import("./check.ts")>("./check.ts")).checkCommand(...given),
  c: async (...given) =>
    (await load<typeof import("./develop.ts")>("./develop.ts")).compressCommand(...given),
  d: async (...given) =>
    (await load<typeof import("./develop.ts")>("./develop.ts")).decompressCommand(...given),
  r: async (...given) => (await load<typeof import("./develop.ts")>("./develop.ts")).runCommand(...given),
  asm: async (...given) =>
    (await load<typeof import("./develop.ts")>("./develop.ts")).assembleCommand(...given),
  disasm: async (settings) =>
    (await load<typeof import("./develop.ts")>("./develop.ts")).disassembleCommand(settings),
  trace: async (settings) =>
    (await load<typeof import("./develop.ts")>("./develop.ts")).traceCommand(settings),
  join: async (...given) => (await load<typeof import("./join.ts")>("./join.ts")).joinCommand(...given),
  e: async (...given) =>
    (await load<typeof import("./reencrypt.ts")>("./reencrypt.ts")).reencryptCommand(...given),
};

/** Long names of commands, with those that the options name. */
const LONG_NAMES: Readonly<Record<string, string>> = { add: "a", extract: "x", list: "l" };

/** Words that may stand first, for shell completions. */
export const SUBCOMMANDS: readonly string[] = [...Object.keys(ACTIONS), "pack", "py"];

/** Its options, and those of `py` and `pack`. */
export async function words(): Promise<Word[]> {
  const { PYTHON_OPTIONS } = await load<typeof import("./python_options.ts")>("./python_options.ts");
  const { PACK_OPTIONS } = await load<typeof import("./pack.ts")>("./pack.ts");
  return [...OPTION_WORDS, ...wordsOfOptions(PYTHON_OPTIONS), ...wordsOfOptions(PACK_OPTIONS)];
}

/** Runs the command; returns its exit code. */
export async function run(args: string[]): Promise<number> {
  return await runToExitCode("sluice zpaq", async () => {
    const [action, ...rest] = args;
    if (action === "pack") {
      return await withFailures(async () =>
        (await load<typeof import("./pack.ts")>("./pack.ts")).packCommand(rest)
      );
    }
    if (action === "py") {
      return await withFailures(async () =>
        (await load<typeof import("./python.ts")>("./python.ts")).pythonCommand(rest)
      );
    }
    if (action === "--help" || action === "-h") return help();
    const command = Object.hasOwn(ACTIONS, action ?? "") ? ACTIONS[action!] : undefined;
    if (command === undefined) {
      throw new UsageFailure(`"${action ?? ""}" is no command of zpaq${nearest(action ?? "", SUBCOMMANDS)}`);
    }
    const settings = parseZpaqOptions(LONG_NAMES[action!] ?? action!, rest);
    if (settings.help) return help();
    if (settings.operands.length === 0) throw new UsageFailure(`zpaq ${action} needs an archive or a config`);
    const messages = new Messages(settings.summary > 1 ? LEVEL.errors : LEVEL.results);
    return await withFailures(async () => command(await withLists(settings), messages));
  });
}

function help(): number {
  console.log(
    `${USAGE}${OPTION_HELP}\nThe variable ${KEY_VARIABLE} is a password for all commands that take -key.`,
  );
  return EXIT.ok;
}

/** Runs an action; what is wrong with data becomes a failure of the command. */
async function withFailures(action: () => Promise<number>): Promise<number> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof SluiceError) {
      throw new Failure(`zpaq: ${error.message} (${error.code})`, exitCodeOf(error));
    }
    throw error;
  }
}
