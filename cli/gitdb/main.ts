/**
 * The command `sluice gitdb`: reads, writes and checks git object databases, in the formats of git's own commands.
 *
 * @module
 */
import { EXIT, runToExitCode, UsageFailure } from "../shared/exit.ts";
import { GITDB_OPTIONS } from "./options.ts";
import { defaultGitdbSettings } from "./settings.ts";
import type { GitdbSettings } from "./settings.ts";
import { loaderBeside } from "../shared/load.ts";
import { formatOptions, parseOptions } from "../shared/options.ts";
import type { OptionGroup } from "../shared/options.ts";
import { nearest } from "../shared/suggest.ts";

type Subcommand = (operands: readonly string[], settings: GitdbSettings) => Promise<number>;

const load = loaderBeside(import.meta.url);

/** Each subcommand is loaded when it is called. */
const COMMANDS: Readonly<Record<string, Subcommand>> = {
  "cat-file": async (...given) =>
    (await load<typeof import("./cat_file.ts")>("./cat_file.ts")).catFile(...given),
  "rev-parse": async (...given) =>
    (await load<typeof import("./rev_parse.ts")>("./rev_parse.ts")).revParse(...given),
  "ls-tree": async (...given) => (await load<typeof import("./ls_tree.ts")>("./ls_tree.ts")).lsTree(...given),
  "show-ref": async (...given) =>
    (await load<typeof import("./show_ref.ts")>("./show_ref.ts")).showRef(...given),
  "count-objects": async (...given) =>
    (await load<typeof import("./count_objects.ts")>("./count_objects.ts")).countObjects(...given),
  log: async (...given) => (await load<typeof import("./log.ts")>("./log.ts")).log(...given),
  "rev-list": async (...given) => (await load<typeof import("./log.ts")>("./log.ts")).revList(...given),
  show: async (...given) => (await load<typeof import("./show.ts")>("./show.ts")).show(...given),
  diff: async (...given) => (await load<typeof import("./changes.ts")>("./changes.ts")).diff(...given),
  "merge-base": async (...given) =>
    (await load<typeof import("./merge_base.ts")>("./merge_base.ts")).mergeBase(...given),
  "hash-object": async (...given) =>
    (await load<typeof import("./objects.ts")>("./objects.ts")).hashObject(...given),
  "verify-pack": async (...given) =>
    (await load<typeof import("./packs.ts")>("./packs.ts")).verifyPack(...given),
  "show-index": async (operands) =>
    (await load<typeof import("./packs.ts")>("./packs.ts")).showIndex(operands),
  "pack-objects": async (...given) =>
    (await load<typeof import("./packs.ts")>("./packs.ts")).packObjects(...given),
  "index-pack": async (...given) =>
    (await load<typeof import("./maintenance.ts")>("./maintenance.ts")).indexPack(...given),
  "unpack-objects": async (...given) =>
    (await load<typeof import("./maintenance.ts")>("./maintenance.ts")).unpackObjects(...given),
  "multi-pack-index": async (...given) =>
    (await load<typeof import("./maintenance.ts")>("./maintenance.ts")).multiPackIndex(...given),
  repack: async (...given) =>
    (await load<typeof import("./maintenance.ts")>("./maintenance.ts")).repack(...given),
  fsck: async (...given) =>
    (await load<typeof import("./maintenance.ts")>("./maintenance.ts")).fsck(...given),
  "ls-remote": async (...given) =>
    (await load<typeof import("./ls_remote.ts")>("./ls_remote.ts")).lsRemote(...given),
  fetch: async (...given) => (await load<typeof import("./fetch.ts")>("./fetch.ts")).fetch(...given),
  clone: async (...given) => (await load<typeof import("./clone.ts")>("./clone.ts")).clone(...given),
};

/** Every option of the command, for shell completions. */
export const OPTIONS: readonly OptionGroup<GitdbSettings>[] = [
  ...new Set(Object.values(GITDB_OPTIONS).flat()),
];
/** Words that stand first, for shell completions. */
export const SUBCOMMANDS: readonly string[] = Object.keys(COMMANDS);

const USAGE = `Reads, writes and checks git object databases.

Usage: sluice gitdb cat-file (--batch|--batch-check)[=FORMAT] [--batch-all-objects [--unordered]] [--buffer] [-z]
       sluice gitdb cat-file --batch-command[=FORMAT] [--buffer] [-z]
       sluice gitdb cat-file (-t|-s|-e|-p|TYPE) NAME
       sluice gitdb rev-parse [--verify [-q]] [--short[=#]] [--abbrev-ref] REVISION...
       sluice gitdb rev-parse [--git-dir] [--show-toplevel] [--is-bare-repository]
       sluice gitdb ls-tree [-r] [-t] [-d] [-l|--name-only|--object-only|--format=FORMAT] [--abbrev[=#]] [-z]
                            [--full-name] [--full-tree] REVISION [PATH...]
       sluice gitdb show-ref [--head] [--heads] [--tags] [-d] [-s|--hash[=#]] [--abbrev[=#]] [--verify] [-q] [NAME...]
       sluice gitdb count-objects [-v]
       sluice gitdb log (--format=FORMAT|--oneline) [-n #] [--topo-order|--date-order] [REVISION|^REVISION|FROM..TO|A...B]... [--] [PATH...]
       sluice gitdb rev-list [--count] [-n #] [--all] [--first-parent] (REVISION|^REVISION|FROM..TO|A...B)... [--] [PATH...]
       sluice gitdb show [-s|--stat|--numstat|--name-status|--name-only|--raw] [--format=FORMAT|--oneline] [OBJECT...] [--] [PATH...]
       sluice gitdb diff [--stat|--numstat|--shortstat|--name-status|--name-only|--raw] [--no-renames] [-z] (REVISION REVISION|FROM..TO|A...B) [--] [PATH...]
       sluice gitdb merge-base [--all] REVISION REVISION...
       sluice gitdb merge-base --is-ancestor REVISION REVISION
       sluice gitdb hash-object [-w] [-t TYPE] [--stdin] [--stdin-paths] [FILE...]
       sluice gitdb verify-pack [-v|-s] PACK.idx...
       sluice gitdb show-index < PACK.idx
       sluice gitdb pack-objects [--window=#] [--depth=#] (--stdout|NAME) < IDS
       sluice gitdb index-pack [--strict] [--index-version=1|2[,OFFSET]] [--rev-index] [-o FILE] PACK
       sluice gitdb index-pack --stdin [--fix-thin] < PACK
       sluice gitdb unpack-objects < PACK
       sluice gitdb repack [-a] [-d] [--window=#] [--depth=#]
       sluice gitdb multi-pack-index (write|verify)
       sluice gitdb fsck [--strict] [--no-dangling] [--no-reflogs]
       sluice gitdb ls-remote [--heads] [--tags] [--refs] [--symref] [--exit-code] [-q] [URL|REMOTE [PATTERN...]]
       sluice gitdb fetch [--depth=#] [--filter=SPEC] [--tags|--no-tags] [--prune] [-f] [URL|REMOTE [REFSPEC...]]
       sluice gitdb clone [--bare|--mirror] [--depth=#] [--filter=SPEC] [-b NAME] [--sparse] URL [FOLDER]
`;

/** Options of all sub-commands that take a value, which may be a word of its own. */
const VALUED: readonly string[] = ["--git-dir", "--objects", "--threads"];

/** The sub-command, and the options before and after it. */
function splitCommand(
  args: readonly string[],
): { readonly common: string[]; readonly name: string | undefined; readonly rest: string[] } {
  const common: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const arg = args[at]!;
    if (!arg.startsWith("-")) return { common, name: arg, rest: args.slice(at + 1) };
    common.push(arg);
    // As git has it, the folder may be a word of its own.
    if (VALUED.includes(arg) && args[at + 1] !== undefined) common.push(`${common.pop()}=${args[++at]}`);
  }
  return { common, name: undefined, rest: [] };
}

/** Subcommands that take revisions, and after `--` paths. */
const TAKES_PATHS: ReadonlySet<string> = new Set(["log", "rev-list", "show", "diff"]);

/** The count of log in its short forms, `-3` and `-n3`, as the option that it is. */
function countAsOption(arg: string): string[] {
  const digits = /^-n?(\d+)$/.exec(arg)?.[1];
  return digits === undefined ? [arg] : ["-n", digits];
}

/** Runs the command; returns its exit code. */
export async function run(args: string[]): Promise<number> {
  return await runToExitCode("sluice gitdb", () =>
    runGitdb(args).catch((error) => {
      throw error instanceof UsageFailure ? new UsageFailure(error.message, EXIT.gitUsage) : error;
    }));
}

async function runGitdb(args: readonly string[]): Promise<number> {
  const { common, name, rest } = splitCommand(args);
  if (name === undefined) {
    const asked = common.includes("--help") || common.includes("-h");
    console.log(USAGE.trimEnd());
    return asked ? EXIT.ok : EXIT.failure;
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) {
    const hint = nearest(name, SUBCOMMANDS) || `, expected one of ${SUBCOMMANDS.join(", ")}`;
    throw new UsageFailure(`"${name}" is not known${hint}`);
  }
  const settings = defaultGitdbSettings();
  settings.words = rest;
  const end = TAKES_PATHS.has(name) ? rest.indexOf("--") : -1;
  if (end >= 0) settings.pathOperands = rest.slice(end + 1);
  const words = end < 0 ? rest : rest.slice(0, end);
  const given = name === "log" || name === "rev-list" ? words.flatMap(countAsOption) : words;
  const operands = parseOptions(GITDB_OPTIONS[name]!, [...common, ...given], settings, [], settings.operands);
  if (settings.help) {
    console.log(`${USAGE}\n${formatOptions(GITDB_OPTIONS[name]!).trimEnd()}`);
    return EXIT.ok;
  }
  return await command(operands, settings);
}
