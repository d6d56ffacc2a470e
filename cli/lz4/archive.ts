/**
 * The sub-commands of `sluice lz4` that the lz4 tool does not have: indexes, ranges, splits, resuming, salvage.
 */
import { SluiceError } from "@sluice/internal";
import { EXIT, exitCodeOf, Failure, UsageFailure } from "../shared/exit.ts";
import type { Messages } from "../shared/messages.ts";
import { formatOptions, parseOptions, refuseIdle } from "../shared/options.ts";
import type { GivenOption } from "../shared/options.ts";
import { loaderBeside } from "../shared/load.ts";
import type { ArchiveCommandName } from "./archive_names.ts";
import { ARCHIVE_OPTIONS, defaultArchiveSettings } from "./archive_options.ts";
import type { Job } from "./archive_options.ts";
import { keyHint } from "./decryption.ts";

const load = loaderBeside(import.meta.url);

type ArchiveCommand = (job: Job) => Promise<number>;

const content = (): Promise<typeof import("./content.ts")> => load("./content.ts");

/** How each sub-command is loaded. */
const ARCHIVE_COMMANDS: Readonly<Record<ArchiveCommandName, () => Promise<ArchiveCommand>>> = {
  index: async () => (await load<typeof import("./index.ts")>("./index.ts")).indexCommand,
  cat: async () => (await content()).catCommand,
  lines: async () => (await load<typeof import("./lines.ts")>("./lines.ts")).linesCommand,
  carve: async () => (await content()).carveCommand,
  splits: async () => (await load<typeof import("./splits.ts")>("./splits.ts")).splitsCommand,
  join: async () => (await load<typeof import("./join.ts")>("./join.ts")).joinCommand,
  get: loadDownload,
  resume: loadDownload,
  recover: async () => (await load<typeof import("./recover.ts")>("./recover.ts")).recoverCommand,
  repack: async () => (await content()).repackCommand,
  info: async () => (await content()).infoCommand,
};

/** Runs a sub-command. */
export async function runArchiveCommand(
  name: ArchiveCommandName,
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
  const joins = name === "join";
  if (joins && operands.length === 0) throw new UsageFailure("lz4 join takes files");
  if (!joins && operands.length !== 1) throw new UsageFailure(`lz4 ${name} takes one file`);
  try {
    const command = await ARCHIVE_COMMANDS[name]();
    return await command({ settings, messages, operands });
  } catch (error) {
    if (error instanceof SluiceError) {
      const hint = keyHint(settings, error);
      const at = joins && operands.length > 1 ? "" : `${operands[0]}: `;
      throw new Failure(`lz4: ${at}${error.message} (${error.code})${hint}`, exitCodeOf(error));
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
  return `Usage: sluice lz4 ${name} FILE|URL${name === "join" ? "..." : ""} [OPTIONS...]\n\n` +
    formatOptions(groups).trimEnd();
}

/** Decompresses a file or URL and keeps its place, so that a killed run goes on. */
async function loadDownload(): Promise<ArchiveCommand> {
  const { download } = await load<typeof import("./download.ts")>("./download.ts");
  return ({ settings, messages, operands }) => download({ ...settings, source: operands[0]!, messages });
}
