/**
 * The command line of `sluice zpaq`, as zpaq 7.15 has it: words with one dash, some of which take all operands up to the
 * next.
 */
import { UsageFailure } from "../shared/exit.ts";

/** What a command line asks for. */
export interface ZpaqSettings {
  operands: string[];
  method: string;
  threads: number;
  until: number | Date | undefined;
  password: string | undefined;
  to: string[];
  /** The file to repack to, and its password. */
  repack: string[];
  index: string | undefined;
  only: string[];
  not: string[];
  force: boolean;
  all: boolean;
  test: boolean;
  attributes: boolean;
  summary: number;
  fragment: number;
  args: number[];
  /** A command that prepares a file for the post-processor; "" for the one that the config names. */
  preprocess: string | undefined;
  append: boolean;
  noChecksum: boolean;
  noName: boolean;
  noTag: boolean;
  unsafePaths: boolean;
  help: boolean;
}

const THREADS_MAX = 64;

function defaults(): ZpaqSettings {
  return {
    operands: [],
    method: "1",
    threads: navigator.hardwareConcurrency,
    until: undefined,
    password: undefined,
    to: [],
    repack: [],
    index: undefined,
    only: [],
    not: [],
    force: false,
    all: false,
    test: false,
    attributes: true,
    summary: 0,
    fragment: 6,
    args: [],
    preprocess: undefined,
    append: false,
    noChecksum: false,
    noName: false,
    noTag: false,
    unsafePaths: false,
    help: false,
  };
}

/** Text of `sluice zpaq --help` on options. */
export const OPTION_HELP = `Options (one dash, as zpaq has them):
  -mN, -method M       level 0 to 5 with log2 of the block size in MiB, or an expanded method
  -tN, -threads N      blocks at a time
  -until N|-N|DATE     versions up to a number, from the end, or up to YYYYMMDD[HH[MM[SS]]]
  -key PASSWORD        encrypted archive
  -to NAMES            where to extract: a folder, or one name for each file named
  -only, -not FILES    patterns with * and ?
  -f, -force           overwrite files; add files that have not changed; go on behind damaged blocks with d
  -all                 files of all versions
  -repack FILE [KEY]   with x: write an archive of what is seen, without the blocks that nothing refers to
  -index FILE          with x: write the archive's index, which l lists
  -test                decode and compare, write nothing
  -noattributes        leave modes out
  -s, -summary N       say less
  -fragment N          log2 of the mean fragment size in KiB
  -args N,N            values of $1, $2 of a config
  -preprocess CMD      with c: run CMD INPUT OUTPUT for each file; "" for the command that the config names
  -append              add blocks to an archive with c
  -unsafe-paths        extract names that lead out of the folder
`;

/** Reads zpaq's dates: digits, with missing parts filled up. */
function parseUntil(text: string): number | Date {
  if (/^-\d+$/.test(text)) return Number(text);
  const digits = text.replace(/\D/g, "");
  if (digits.length <= 7) return Number(digits);
  const full = (digits + "99999999235959".slice(digits.length)).slice(0, 14);
  const number = (from: number, to: number): number => Number(full.slice(from, to));
  return new Date(
    Date.UTC(number(0, 4), number(4, 6) - 1, number(6, 8), number(8, 10), number(10, 12), number(12, 14)),
  );
}

function integer(name: string, text: string | undefined, min: number, max: number): number {
  const value = Number(text);
  if (text === undefined || text === "" || !Number.isInteger(value) || value < min || value > max) {
    throw new UsageFailure(
      `Option ${name} has the value "${text ?? ""}", expected a number from ${min} to ${max}`,
    );
  }
  return value;
}

/** Reads a command line. */
export function parseZpaqOptions(args: readonly string[]): ZpaqSettings {
  const settings = defaults();
  let list: string[] = settings.operands;
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    if (!arg.startsWith("-") || arg === "-") {
      list.push(arg);
      continue;
    }
    const value = (): string => {
      const next = args[++i];
      if (next === undefined) throw new UsageFailure(`Option ${arg} needs a value`);
      return next;
    };
    list = settings.operands;
    const glued = /^-([mts])(.+)$/.exec(arg);
    if (arg === "-to") list = settings.to;
    else if (arg === "-repack") list = settings.repack;
    else if (arg === "-index") settings.index = value();
    else if (arg === "-only") list = settings.only;
    else if (arg === "-not") list = settings.not;
    else if (arg === "-method" || arg === "-m") settings.method = value();
    else if (arg === "-threads" || arg === "-t") settings.threads = integer(arg, value(), 0, THREADS_MAX);
    else if (arg === "-until") settings.until = parseUntil(value());
    else if (arg === "-key") settings.password = value();
    else if (arg === "-force" || arg === "-f") settings.force = true;
    else if (arg === "-all") settings.all = true;
    else if (arg === "-test") settings.test = true;
    else if (arg === "-noattributes") settings.attributes = false;
    else if (arg === "-summary" || arg === "-s") settings.summary = integer(arg, value(), -1, 1e9);
    else if (arg === "-fragment") settings.fragment = integer(arg, value(), 0, 19);
    else if (arg === "-args") settings.args = value().split(",").map((text) => integer(arg, text, 0, 65535));
    else if (arg === "-preprocess") settings.preprocess = value();
    else if (arg === "-append") settings.append = true;
    else if (arg === "-nochecksum") settings.noChecksum = true;
    else if (arg === "-noname") settings.noName = true;
    else if (arg === "-notag") settings.noTag = true;
    else if (arg === "-unsafe-paths") settings.unsafePaths = true;
    else if (arg === "--help" || arg === "-h") settings.help = true;
    else if (glued?.[1] === "m") settings.method = glued[2]!;
    else if (glued?.[1] === "t") settings.threads = integer("-t", glued[2], 0, THREADS_MAX);
    else if (glued?.[1] === "s") settings.summary = integer("-s", glued[2], -1, 1e9);
    else throw new UsageFailure(`Option ${arg} is not known`);
  }
  if (settings.threads === 0) settings.threads = navigator.hardwareConcurrency;
  return settings;
}

/** Whether a name fits a pattern: `*` and `?` stand for any letters, and a folder for what is in it. */
export function fitsPattern(name: string, pattern: string): boolean {
  const body = pattern.replace(/\/+$/, "").replace(/[.+^${}()|[\]\\]/g, "\\$&").replace(/\*/g, ".*").replace(
    /\?/g,
    ".",
  );
  return new RegExp(`^${body}(?:/.*)?$`, "s").test(name);
}

/** Whether a name is asked for by `-only`, `-not` and the operands. */
export function isWanted(name: string, files: readonly string[], settings: ZpaqSettings): boolean {
  const { only, not } = settings;
  return (files.length === 0 || files.some((file) => name === file || fitsPattern(name, file))) &&
    (only.length === 0 || only.some((pattern) => fitsPattern(name, pattern))) &&
    !not.some((pattern) => fitsPattern(name, pattern));
}
