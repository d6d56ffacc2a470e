/**
 * The sub-commands of `sluice lz4` that the lz4 tool does not have: indexes, ranges, splits, resuming, salvage.
 */
import { SluiceError } from "@sluice/internal";
import { EXIT, exitCodeOf, Failure, UsageFailure } from "../shared/exit.ts";
import type { Messages } from "../shared/messages.ts";
import { formatOptions, parseOptions, refuseIdle } from "../shared/options.ts";
import type { GivenOption } from "../shared/options.ts";
import { ARCHIVE_OPTIONS, defaultArchiveSettings } from "./archive_options.ts";
import type { Job } from "./archive_options.ts";
import { carveCommand, catCommand, infoCommand, repackCommand } from "./content.ts";
import { keyHint } from "./decryption.ts";
import { indexCommand } from "./index.ts";
import { linesCommand } from "./lines.ts";
import { recoverCommand } from "./recover.ts";
import { splitsCommand } from "./splits.ts";

/** The sub-commands by name. */
export const ARCHIVE_COMMANDS: Readonly<Record<string, (job: Job) => Promise<number>>> = {
  index: indexCommand,
  cat: catCommand,
  lines: linesCommand,
  carve: carveCommand,
  splits: splitsCommand,
  get: downloadCommand,
  resume: downloadCommand,
  recover: recoverCommand,
  repack: repackCommand,
  info: infoCommand,
};

/** Runs a sub-command. */
export async function runArchiveCommand(
  name: string,
  args: readonly string[],
  messages: Messages,
): Promise<number> {
  const settings = defaultArchiveSettings();
  const given: GivenOption[] = [];
  const operands = parseOptions(ARCHIVE_OPTIONS, args, settings, given);
  if (settings.help) {
    console.log(helpOf(name));
    return EXIT.ok;
  }
  refuseIdle(given, name);
  if (operands.length !== 1) throw new UsageFailure(`lz4 ${name} takes one file`);
  try {
    return await ARCHIVE_COMMANDS[name]!({ settings, messages, operands });
  } catch (error) {
    if (error instanceof SluiceError) {
      const hint = keyHint(settings, error);
      throw new Failure(`lz4: ${operands[0]}: ${error.message} (${error.code})${hint}`, exitCodeOf(error));
    }
    throw error;
  }
}

/** The help of one sub-command: the options that have an effect in it. */
function helpOf(name: string): string {
  const groups = ARCHIVE_OPTIONS.map(({ rows, title }) => ({
    title,
    rows: rows.filter(({ modes }) => modes === undefined || modes.includes(name)),
  }));
  return `Usage: sluice lz4 ${name} FILE|URL [OPTIONS...]\n\n` +
    formatOptions(groups).trimEnd();
}

/** Decompresses a file or URL and keeps its place, so that a killed run goes on. */
async function downloadCommand({ settings, messages, operands }: Job): Promise<number> {
  const { download } = await import("./download.ts");
  return await download({ ...settings, source: operands[0]!, messages });
}
