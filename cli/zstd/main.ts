/**
 * The command `sluice zstd`: compresses, decompresses, tests and lists files as the zstd tool does.
 *
 * @module
 */
import { EXIT, runToExitCode, UsageFailure } from "../shared/exit.ts";
import { collectInputs } from "../shared/inputs.ts";
import { loaderBeside } from "../shared/load.ts";
import { LEVEL, Messages } from "../shared/messages.ts";
import { formatOptions, parseOptions, refuseIdle } from "../shared/options.ts";
import type { GivenOption } from "../shared/options.ts";
import { hasCompressedName } from "./names.ts";
import { ZSTD_OPTIONS } from "./options.ts";
import { defaultSettings } from "./settings.ts";
import type { ZstdSettings } from "./settings.ts";

const load = loaderBeside(import.meta.url);

/** Every option of the command, for shell completions. */
export const OPTIONS = ZSTD_OPTIONS;

/** What words directly after the command's name stand for; a file of such a name is `./list`. */
const SUBCOMMAND_SETTINGS: Readonly<Record<string, (settings: ZstdSettings) => void>> = {
  list: (settings) => settings.mode = "list",
  seekable: (settings) => settings.seekable = 0,
  cat: (settings) => settings.mode = "cat",
  index: (settings) => settings.mode = "index",
  splits: (settings) => settings.mode = "splits",
  join: (settings) => settings.mode = "join",
};

/** Words that may stand directly after the command's name. */
export const SUBCOMMANDS: readonly string[] = Object.keys(SUBCOMMAND_SETTINGS);

const USAGE = `Compresses or decompresses files in the zstd format; stdin where none is named.

Usage: sluice zstd [OPTIONS...] [INPUT... | -] [-o OUTPUT]
       sluice zstd list FILE...          what -l does
       sluice zstd seekable FILE...      what --seekable does
       sluice zstd cat [--range=START-END] FILE|URL
                                         content of a seekable or ordinary file, or a part of it
       sluice zstd index FILE|URL        where its frames are, as JSON
       sluice zstd splits [--count=#|--split=256M] [--at-line] FILE|URL
                                         work for many machines, one split a line
       sluice zstd join PART... -o OUTPUT
                                         parts as one seekable file

`;

/** Runs the command; returns its exit code. */
export async function run(args: string[]): Promise<number> {
  return await runToExitCode("sluice zstd", () => runZstd(args));
}

async function runZstd(args: readonly string[]): Promise<number> {
  const messages = new Messages(LEVEL.results);
  const settings = defaultSettings((text) => messages.say(LEVEL.results, text));
  const [first = "", ...others] = args;
  const applySubcommand = Object.hasOwn(SUBCOMMAND_SETTINGS, first) ? SUBCOMMAND_SETTINGS[first] : undefined;
  applySubcommand?.(settings);
  const given: GivenOption[] = [];
  const operands = parseOptions(ZSTD_OPTIONS, applySubcommand === undefined ? args : others, settings, given);
  messages.level = settings.verbosity;
  if (settings.help) {
    console.log(USAGE + formatOptions(ZSTD_OPTIONS).trimEnd());
    return EXIT.ok;
  }
  if (settings.version) {
    console.log(await banner(settings.verbosity < LEVEL.results));
    return EXIT.ok;
  }
  refuseIdle(given, settings.bench.wanted ? "benchmark" : settings.mode);
  if (settings.outputDirectory !== undefined && (settings.stdout || settings.output !== undefined)) {
    throw new UsageFailure("A folder for outputs has no effect with -c or -o");
  }
  if (messages.level >= LEVEL.notes) messages.say(LEVEL.notes, await banner(false));
  if (settings.mode === "cat" || settings.mode === "index") {
    const { catFile, indexFile } = await load<typeof import("./parts.ts")>("./parts.ts");
    return await (settings.mode === "cat" ? catFile : indexFile)(operands, settings, messages);
  }
  if (settings.mode === "splits" || settings.mode === "join") {
    const { joinCommand, splitsCommand } = await load<typeof import("./splits.ts")>("./splits.ts");
    return await (settings.mode === "splits" ? splitsCommand : joinCommand)(operands, settings, messages);
  }
  if (settings.mode === "list") {
    const { listFiles } = await load<typeof import("./list.ts")>("./list.ts");
    return await listFiles(operands, settings, messages);
  }
  const { inputs, failed } = await collectInputs(operands, {
    command: "zstd",
    recursive: settings.recursive,
    force: settings.force,
    refuseDevices: true,
    fileLists: settings.fileLists,
    messages,
  });
  if (
    settings.streamSize !== undefined && inputs.length > 0 && inputs.every(({ info }) => info !== undefined)
  ) {
    throw new UsageFailure("Option --stream-size has no effect on files, whose size is known");
  }
  if (settings.bench.wanted) {
    const { benchmark } = await load<typeof import("./benchmark.ts")>("./benchmark.ts");
    return operands.length > 0 && failed > 0 ? EXIT.failure : await benchmark(inputs, settings);
  }
  if (settings.mode === "train") {
    const { trainOnFiles } = await load<typeof import("./train.ts")>("./train.ts");
    return await trainOnFiles(inputs, settings, messages);
  }
  const wanted = settings.excludeCompressed && settings.mode === "compress"
    ? inputs.filter((input) => !hasCompressedName(input.name))
    : inputs;
  if (wanted.length === 0) return failed > 0 ? EXIT.failure : EXIT.ok;
  const { processFiles } = await load<typeof import("./files.ts")>("./files.ts");
  const exitCode = await processFiles(wanted, settings, messages);
  return failed > 0 ? EXIT.failure : exitCode;
}

/** Who speaks. */
async function banner(bare: boolean): Promise<string> {
  return (await load<typeof import("./banner.ts")>("./banner.ts")).banner(bare);
}
