/**
 * The command `sluice lz4`: compresses, decompresses, tests and lists files as the lz4 tool does, and reads, divides,
 * resumes and repairs them as it can't.
 *
 * @module
 */
import { EXIT, runToExitCode, UsageFailure } from "../shared/exit.ts";
import { collectInputs } from "../shared/inputs.ts";
import { ARCHIVE_COMMAND_NAMES, isArchiveCommand } from "./archive_names.ts";
import { compresses, MISSED_MAX, processInputs } from "./files.ts";
import { defaultLz4Settings, LZ4_OPTIONS } from "./options.ts";
import type { Lz4Settings } from "./options.ts";
import { loaderBeside } from "../shared/load.ts";
import { LEVEL, Messages } from "../shared/messages.ts";
import { formatOptions, parseOptions, refuseIdle } from "../shared/options.ts";
import type { GivenOption } from "../shared/options.ts";

const load = loaderBeside(import.meta.url);

/** Every option of the command, for shell completions. */
export const OPTIONS = LZ4_OPTIONS;
/** Words that may stand first, for shell completions. */
export const SUBCOMMANDS: readonly string[] = ARCHIVE_COMMAND_NAMES;

/** The first level that --favor-decSpeed changes. */
const FAVOR_LEVEL_MIN = 10;

const USAGE = `Compresses or decompresses files in the lz4 format; stdin where none is named.

Usage: sluice lz4 [OPTIONS...] [INPUT [OUTPUT]]
       sluice lz4 [OPTIONS...] -m INPUT...
       sluice lz4 -b[#] [-e#] [-i#] INPUT...
       sluice lz4 index FILE|URL [--spacing=4M] [--embed|--strip] [--lines] [-o INDEX]
       sluice lz4 cat FILE|URL [--range=START-END] [-T#] [-o OUTPUT]
       sluice lz4 lines FILE|URL [--range=START-END|--numbers=FROM-TO] [-o OUTPUT]
       sluice lz4 carve FILE|URL --range=START-END -o OUTPUT
       sluice lz4 splits FILE|URL [--count=#|--split=256M] [--at-line] [--plan|--tsv] [--glue=FILE]
       sluice lz4 join PART... -o FILE
       sluice lz4 get URL -o OUTPUT [--decrypt=aes-256-gcm --key-file=FILE] [--state=FILE]
       sluice lz4 resume FILE|URL -o OUTPUT [--state=FILE] [--every=16M]
       sluice lz4 recover FILE|URL -o OUTPUT [--zero]
       sluice lz4 repack FILE|URL -o OUTPUT [--bytes=4M] [--lines]
       sluice lz4 info FILE|URL

carve writes whole blocks as a file of its own: stderr says how many bytes to drop from the start of its content.
cat writes a range exactly. FROM and TO of lines count from 0, and TO is left out: 0-10 are the first ten lines.

`;

/** Runs the command; returns its exit code. */
export async function run(args: string[]): Promise<number> {
  return await runToExitCode("sluice lz4", () => runLz4(args));
}

async function runLz4(args: readonly string[]): Promise<number> {
  const messages = new Messages(LEVEL.results);
  const [first, ...rest] = args;
  if (isArchiveCommand(first)) {
    const { runArchiveCommand } = await load<typeof import("./archive.ts")>("./archive.ts");
    return await runArchiveCommand(first, rest, messages);
  }
  const settings = defaultLz4Settings();
  const given: GivenOption[] = [];
  const operands = parseOptions(LZ4_OPTIONS, args, settings, given);
  messages.level = settings.verbosity;
  if (settings.help) {
    console.log(USAGE + formatOptions(LZ4_OPTIONS).trimEnd());
    return EXIT.ok;
  }
  if (settings.version) {
    const { banner } = await load<typeof import("./banner.ts")>("./banner.ts");
    console.log(banner());
    return EXIT.ok;
  }
  const mode = effectiveMode(settings, operands);
  refuseIdle(given, mode);
  if (settings.favorDecompressionSpeed && settings.level < FAVOR_LEVEL_MIN) {
    throw new UsageFailure(`Option --favor-decSpeed has no effect below level ${FAVOR_LEVEL_MIN}`);
  }
  if (settings.mode === "list") {
    if (operands.length === 0) throw new UsageFailure("Option --list takes files");
    if (settings.json) return await listAsJson(operands, messages);
    const { listFiles } = await load<typeof import("./list.ts")>("./list.ts");
    return await listFiles(operands, messages);
  }
  const isBench = settings.mode === "bench";
  if (isBench && operands.length === 0) throw new UsageFailure("Option -b takes files");
  const several = settings.multiple || settings.mode === "test" || isBench;
  const most = settings.stdout ? 1 : 2;
  if (!several && operands.length > most) {
    throw new UsageFailure(`${operands[most]} is one file too many: -m takes several inputs`);
  }
  const { inputs, failed } = await collectInputs(several ? operands : operands.slice(0, 1), {
    command: "lz4",
    recursive: settings.recursive,
    force: settings.force,
    followLinks: true,
    fileLists: [],
    messages,
  });
  if (inputs.length === 0) return Math.min(failed, MISSED_MAX);
  if (isBench) {
    const { benchmark } = await load<typeof import("./benchmark.ts")>("./benchmark.ts");
    return failed > 0 ? EXIT.failure : await benchmark(inputs, settings);
  }
  const output = several && !settings.stdout ? undefined : outputOf(operands, settings.stdout);
  if (settings.remove && (output === "-" || output === "null")) {
    throw new UsageFailure("Option --rm has no effect without an output file");
  }
  return await processInputs(inputs, output, settings, messages, failed);
}

/** One JSON object a frame: what the sub-command `info` does. */
async function listAsJson(operands: readonly string[], messages: Messages): Promise<number> {
  const { runArchiveCommand } = await load<typeof import("./archive.ts")>("./archive.ts");
  for (const operand of operands) await runArchiveCommand("info", ["--", operand], messages);
  return EXIT.ok;
}

/** What the options must have an effect on: what the names of the inputs say where no option does. */
function effectiveMode(settings: Lz4Settings, operands: readonly string[]): string {
  const { mode, legacy, multiple } = settings;
  if (mode === "compress" || mode === "auto" && legacy) return legacy ? "legacy" : mode;
  const inputs = multiple ? operands : operands.slice(0, 1);
  const decompressesAll = mode === "auto" && inputs.length > 0 &&
    inputs.every((path) => !compresses(settings, path));
  return decompressesAll ? "decompress" : mode;
}

/** The output that is named; undefined where the name of the input tells it. */
function outputOf(operands: readonly string[], stdout: boolean): string | undefined {
  if (stdout) return "-";
  return operands[1] === "stdout" ? "-" : operands[1];
}
