/**
 * The command `sluice zstd`: compresses, decompresses, tests and lists files as the zstd tool does.
 *
 * @module
 */
import { backendInfo } from "@sluice/ffi";
import { EXIT, runToExitCode } from "./_exit.ts";
import { collectInputs } from "./_inputs.ts";
import { LEVEL, Messages } from "./_messages.ts";
import { formatOptions, parseOptions } from "./_options.ts";
import { SLUICE_VERSION } from "./_version.ts";
import { hasCompressedName } from "./_zstd_names.ts";
import { ZSTD_OPTIONS } from "./_zstd_options.ts";
import { defaultSettings } from "./_zstd_settings.ts";

/** Every option of the command, for shell completions. */
export const OPTIONS = ZSTD_OPTIONS;

const USAGE = `Compresses or decompresses files in the zstd format; stdin where none is named.

Usage: sluice zstd [OPTIONS...] [INPUT... | -] [-o OUTPUT]

`;

/** Runs the command; returns its exit code. */
export async function run(args: string[]): Promise<number> {
  return await runToExitCode("sluice zstd", () => runZstd(args));
}

async function runZstd(args: readonly string[]): Promise<number> {
  const messages = new Messages(LEVEL.results);
  const settings = defaultSettings((text) => messages.say(LEVEL.results, text));
  const operands = parseOptions(ZSTD_OPTIONS, args, settings);
  messages.level = settings.verbosity;
  if (settings.help) {
    console.log(USAGE + formatOptions(ZSTD_OPTIONS).trimEnd());
    return EXIT.ok;
  }
  if (settings.version) {
    console.log(await banner(settings.verbosity < LEVEL.results));
    return EXIT.ok;
  }
  if (messages.level >= LEVEL.notes) messages.say(LEVEL.notes, await banner(false));
  if (settings.mode === "list") {
    const { listFiles } = await import("./_zstd_list.ts");
    return await listFiles(operands, settings, messages);
  }
  const { inputs, failed } = await collectInputs(operands, {
    command: "zstd",
    recursive: settings.recursive,
    force: settings.force,
    fileLists: settings.fileLists,
    messages,
  });
  if (settings.mode === "train") {
    const { trainOnFiles } = await import("./_zstd_train.ts");
    return await trainOnFiles(inputs, settings, messages);
  }
  const wanted = settings.excludeCompressed && settings.mode === "compress"
    ? inputs.filter((input) => !hasCompressedName(input.name))
    : inputs;
  if (wanted.length === 0) return failed ? EXIT.failure : EXIT.ok;
  const { processFiles } = await import("./_zstd_files.ts");
  const exitCode = await processFiles(wanted, settings, messages);
  return failed ? EXIT.failure : exitCode;
}

/** Who speaks; scripts that ask quietly get the bare version of the format's library. */
async function banner(bare: boolean): Promise<string> {
  const { ZSTD_VERSION } = await import("@sluice/zstd");
  return bare
    ? ZSTD_VERSION
    : `*** Zstandard CLI (sluice ${SLUICE_VERSION}, ${backendInfo().kind}) v${ZSTD_VERSION} ***`;
}
