/**
 * The subcommands of `sluice pdiffcopy`, and what it does without one: each is loaded when it is called.
 */
import { UsageFailure } from "../shared/exit.ts";
import { loaderBeside } from "../shared/load.ts";
import type { Messages } from "../shared/messages.ts";
import type { PdiffcopySettings } from "./options.ts";

/** Runs with what it was given beside the options. */
export type Run = (
  settings: PdiffcopySettings,
  operands: readonly string[],
  messages: Messages,
) => Promise<number>;

/** One subcommand: what it takes and does. */
export interface PdiffcopyCommand {
  readonly usage: string;
  /** How many operands it takes. */
  readonly operands: number;
  readonly run: Run;
}

const load = loaderBeside(import.meta.url);

/** Copies one file, or says what would be copied. */
export const copyCommand: Run = async (...given) =>
  (await load<typeof import("./copy.ts")>("./copy.ts")).copyCommand(...given);

/** Copies a directory. */
export const treeCommand: Run = async (...given) =>
  (await load<typeof import("./tree.ts")>("./tree.ts")).treeCommand(...given);

/** Copies from a plain web server. */
export const indexCopyCommand: Run = async (...given) =>
  (await load<typeof import("./indexes.ts")>("./indexes.ts")).indexCopyCommand(...given);

/** Measures copies. */
export const benchmarkCommand: Run = async (...given) =>
  (await load<typeof import("./benchmark.ts")>("./benchmark.ts")).benchmarkCommand(...given);

/** Every subcommand. */
export const COMMANDS: Readonly<Record<string, PdiffcopyCommand>> = {
  serve: {
    usage: "serve [--config FILE] [-l ADDRESS] [--root DIRECTORY] [--writable]",
    operands: 0,
    run: async (...given) => (await load<typeof import("./serve.ts")>("./serve.ts")).serve(...given),
  },
  diff: {
    usage: "diff SOURCE TARGET",
    operands: 2,
    run: async (...given) => (await load<typeof import("./copy.ts")>("./copy.ts")).diff(...given),
  },
  hash: {
    usage: "hash FILE [-b BYTES] [-m NAME]",
    operands: 1,
    run: async (settings, operands) =>
      (await load<typeof import("./hash.ts")>("./hash.ts")).hash(settings, operands),
  },
  index: {
    usage: "index FILE [-o INDEX] [-b BYTES] [--chunks]",
    operands: 1,
    run: async (...given) => (await load<typeof import("./indexes.ts")>("./indexes.ts")).index(...given),
  },
  caps: {
    usage: "caps URL",
    operands: 1,
    run: async (settings, operands) =>
      (await load<typeof import("./caps.ts")>("./caps.ts")).caps(settings, operands),
  },
};

/** Runs a subcommand, if it was given what it takes. */
export async function runCommand(
  { usage, operands: count, run }: PdiffcopyCommand,
  settings: PdiffcopySettings,
  operands: readonly string[],
  messages: Messages,
): Promise<number> {
  if (operands.length !== count) throw new UsageFailure(`Expected "sluice pdiffcopy ${usage}"`);
  return await run(settings, operands, messages);
}
