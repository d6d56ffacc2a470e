/**
 * The command line of `sluice zpaq`, as zpaq 7.15 has it: words with one dash, some of which take all operands up to the
 * next. Each option names the commands in which it has an effect; anywhere else it is a usage error.
 */
import type { Word } from "../shared/options.ts";
import { UsageFailure } from "../shared/exit.ts";
import type { PasswordSource } from "./password.ts";
import { nearest } from "../shared/suggest.ts";
import { parseSize } from "../shared/sizes.ts";

/** What a command line asks for. */
export interface ZpaqSettings {
  operands: string[];
  method: string;
  threads: number;
  until: number | Date | undefined;
  key: PasswordSource | undefined;
  /** The password of an archive that is written from another. */
  newKey: PasswordSource | undefined;
  to: string[];
  /** The file to repack to, and its password. */
  repack: string[];
  index: string | undefined;
  only: string[];
  not: string[];
  force: boolean;
  /** Digits of the version's number in names, where all versions are asked for. */
  all: number | undefined;
  test: boolean;
  attributes: "all" | "mode" | "none";
  owners: boolean;
  summary: number;
  fragment: number;
  /** The most bytes of output; undefined for the default. */
  maxSize: number | undefined;
  /** The most files of output; undefined for no limit. */
  maxFiles: number | undefined;
  /** The most bytes that the model of a block may take; undefined for the default. */
  maxMemory: number | undefined;
  args: number[];
  /** A command that prepares a file for the post-processor; "" for the one that the config names. */
  preprocess: string | undefined;
  append: boolean;
  noChecksum: boolean;
  noName: boolean;
  noTag: boolean;
  unsafePaths: boolean;
  repair: boolean;
  /** Say each file. */
  verbose: boolean;
  dryRun: boolean;
  /** A file of paths to add; "-" for standard input. */
  fileList: string | undefined;
  /** Files of patterns. */
  excludeFrom: string[];
  /** Print JSON. */
  json: boolean;
  help: boolean;
}

const THREADS_MAX = 64;
const VERSION_DIGITS = 4;
const VERSION_DIGITS_MAX = 12;
/** Larger numbers are dates. */
const VERSION_MAX = 9_999_999;
const DATE_MIN = 19000101000000;
const DATE_MAX = 29991231235959;

function defaults(): ZpaqSettings {
  return {
    operands: [],
    method: "1",
    threads: navigator.hardwareConcurrency,
    until: undefined,
    key: undefined,
    newKey: undefined,
    to: [],
    repack: [],
    index: undefined,
    only: [],
    not: [],
    force: false,
    all: undefined,
    test: false,
    attributes: "all",
    owners: true,
    summary: 0,
    fragment: 6,
    maxSize: undefined,
    maxFiles: undefined,
    maxMemory: undefined,
    args: [],
    preprocess: undefined,
    append: false,
    noChecksum: false,
    noName: false,
    noTag: false,
    unsafePaths: false,
    repair: false,
    verbose: false,
    dryRun: false,
    fileList: undefined,
    excludeFrom: [],
    json: false,
    help: false,
  };
}

function integer(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (!/^-?\d+$/.test(text) || value < min || value > max) {
    throw new UsageFailure(`Option ${name} has the value "${text}", expected a number from ${min} to ${max}`);
  }
  return value;
}

/** A password that is given once. */
function only(name: string, before: PasswordSource | undefined, source: PasswordSource): PasswordSource {
  if (before !== undefined) throw new UsageFailure(`Option ${name} gives a second password`);
  return source;
}

function size(name: string, text: string): number {
  const value = parseSize(text);
  if (value === undefined || value === 0) {
    throw new UsageFailure(`Option ${name} has the value "${text}", expected a size such as 4G`);
  }
  return value;
}

/** Reads the words of a version's number or of a date; parts of a date that are missing are its last moment. */
export function parseUntil(words: readonly string[]): number | Date {
  const text = words.join(" ");
  const wrong = (): never => {
    throw new UsageFailure(
      `Option -until has the value "${text}", expected N, -N or a date such as 2026-11-28 21:39:16 from 1900 to 2999`,
    );
  };
  if (/^-[1-9]\d*$/.test(text)) return Number(text);
  if (!/^\d[\d\s:./-]*$/.test(text)) wrong();
  // A single digit between separators is a month, a day, and so on.
  const digits = text.split(/\D+/).map((part, i) => i > 0 && part.length === 1 ? `0${part}` : part).join("");
  if (Number(digits) <= VERSION_MAX) return Number(digits);
  if (digits.length < 8 || digits.length > 14 || digits.length % 2 === 1) wrong();
  const full = digits + "235959".slice(digits.length - 8);
  const number = (from: number, to: number): number => Number(full.slice(from, to));
  const date = new Date(
    Date.UTC(number(0, 4), number(4, 6) - 1, number(6, 8), number(8, 10), number(10, 12), number(12, 14)),
  );
  // A day that a month does not have would become one of the next.
  const real = date.toISOString().replace(/\D/g, "").slice(0, 14) === full;
  if (!real || Number(full) < DATE_MIN || Number(full) > DATE_MAX) wrong();
  return date;
}

/**
 * What follows an option: nothing, one value, all words up to the next option, one of which may be negative, or a number
 * that may be left out.
 */
type Form = "flag" | "value" | "words" | "number?";

/** One option and the commands in which it has an effect. */
interface Row {
  readonly names: readonly string[];
  readonly form: Form;
  /** Whether a value may follow the name without a space. */
  readonly glued?: boolean;
  readonly commands: string;
  readonly help: string;
  readonly value?: string;
  set(settings: ZpaqSettings, values: readonly string[], name: string): void;
}

const ROWS: readonly Row[] = [
  {
    names: ["-m", "-method"],
    form: "value",
    glued: true,
    commands: "a",
    value: "N",
    help: "level 0 to 5 with log2 of the block size in MiB, or an expanded method",
    set: (s, [v]) => s.method = v!,
  },
  {
    names: ["-t", "-threads"],
    form: "value",
    glued: true,
    commands: "a x t",
    value: "N",
    help: "blocks at a time; 0 for one a core",
    set: (s, [v], name) => s.threads = integer(name, v!, 0, THREADS_MAX),
  },
  {
    names: ["-until"],
    form: "words",
    commands: "a x t l verify",
    value: "N|-N|DATE",
    help: "versions up to a number, from the end, or up to YYYY-MM-DD [HH:MM:SS]; a rolls back to it",
    set: (s, values) => s.until = parseUntil(values),
  },
  {
    names: ["-key"],
    form: "value",
    commands: "a x t l check verify blocks",
    value: "PASSWORD",
    help: "encrypted archive; others can read the password in the list of processes",
    set: (s, [v], name) => s.key = only(name, s.key, { kind: "text", text: v! }),
  },
  {
    names: ["-key-file"],
    form: "value",
    commands: "a x t l check e verify blocks",
    value: "FILE",
    help: "encrypted archive: the password is the one line of a file",
    set: (s, [v], name) => s.key = only(name, s.key, { kind: "file", path: v! }),
  },
  {
    names: ["-key-ask"],
    form: "flag",
    commands: "a x t l check e verify blocks",
    help: "encrypted archive: ask for the password on the terminal",
    set: (s, _, name) => s.key = only(name, s.key, { kind: "ask" }),
  },
  {
    names: ["-new-key-file"],
    form: "value",
    commands: "x e",
    value: "FILE",
    help: "x -repack, e: the password of the archive that is written",
    set: (s, [v], name) => s.newKey = only(name, s.newKey, { kind: "file", path: v! }),
  },
  {
    names: ["-new-key-ask"],
    form: "flag",
    commands: "x e",
    help: "x -repack, e: ask for the password of the archive that is written",
    set: (s, _, name) => s.newKey = only(name, s.newKey, { kind: "ask" }),
  },
  {
    names: ["-to"],
    form: "words",
    commands: "a x",
    value: "NAMES",
    help: "other names: one for each file named, or one folder for all",
    set: (s, values) => s.to.push(...values),
  },
  {
    names: ["-only"],
    form: "words",
    commands: "a x t l verify",
    value: "FILES",
    help: "patterns with * and ? that names must fit",
    set: (s, values) => s.only.push(...values),
  },
  {
    names: ["-not"],
    form: "words",
    commands: "a x t l verify",
    value: "FILES",
    help: "patterns that names must not fit; l: =, and =[+-#] for results of a comparison",
    set: (s, values) => s.not.push(...values),
  },
  {
    names: ["-f", "-force"],
    form: "flag",
    commands: "a x l c d r asm e join",
    help: "overwrite files; a, l: look into files that seem unchanged; d: also go on after damaged blocks",
    set: (s) => s.force = true,
  },
  {
    names: ["-all"],
    form: "number?",
    commands: "x t l",
    value: "N",
    help: "files of all versions, under the version's number in N [4] digits",
    set: (s, [v], name) => s.all = v === undefined ? VERSION_DIGITS : integer(name, v, 1, VERSION_DIGITS_MAX),
  },
  {
    names: ["-repack"],
    form: "words",
    commands: "x",
    value: "FILE [KEY]",
    help: "write an archive of what is selected, without the blocks that nothing refers to",
    set: (s, values, name) => {
      if (values.length > 2) throw new UsageFailure(`Option ${name} takes a file and a password`);
      s.repack = [...values];
    },
  },
  {
    names: ["-index"],
    form: "value",
    commands: "a x",
    value: "FILE",
    help:
      "x: write the archive's index, which l lists; a: add a new part by the index alone, and add to the index",
    set: (s, [v]) => s.index = v!,
  },
  {
    names: ["-test"],
    form: "flag",
    commands: "x",
    help: "decode and compare, write nothing",
    set: (s) => s.test = true,
  },
  {
    names: ["-noattributes"],
    form: "flag",
    commands: "a x l",
    help: "leave out modes and what else is stored beside content; a: links too",
    set: (s) => s.attributes = "none",
  },
  {
    names: ["-715"],
    form: "flag",
    commands: "a",
    help:
      "store what zpaq 7.15 stores: modes, but no links, owners, extended attributes, nanoseconds or second hashes",
    set: (s) => s.attributes = s.attributes === "none" ? "none" : "mode",
  },
  {
    names: ["-noowners"],
    form: "flag",
    commands: "x",
    help: "leave out owners, which root restores",
    set: (s) => s.owners = false,
  },
  {
    names: ["-s", "-summary"],
    form: "value",
    glued: true,
    commands: "a x t l",
    value: "N",
    help: "l: -1 shows the ids of fragments, N > 0 the N largest; others: N > 1 says less",
    set: (s, [v], name) => s.summary = integer(name, v!, -1, 1e9),
  },
  {
    names: ["-fragment"],
    form: "value",
    commands: "a",
    value: "N",
    help: "log2 of the mean fragment size in KiB",
    set: (s, [v], name) => s.fragment = integer(name, v!, 0, 19),
  },
  {
    names: ["-maxsize"],
    form: "value",
    commands: "x t d",
    value: "SIZE",
    help: "most bytes of output; by default 1000 times the archive + 1 GiB for what declares no size",
    set: (s, [v], name) => s.maxSize = size(name, v!),
  },
  {
    names: ["-maxfiles"],
    form: "value",
    commands: "x t",
    value: "N",
    help: "most files and folders of output; nothing is written where there are more",
    set: (s, [v], name) => s.maxFiles = integer(name, v!, 0, Number.MAX_SAFE_INTEGER),
  },
  {
    names: ["-memory"],
    form: "value",
    commands: "a x t l c d check verify",
    value: "SIZE",
    help: "most memory that the model of a block may take; 1 GiB by default",
    set: (s, [v], name) => s.maxMemory = size(name, v!),
  },
  {
    names: ["-args"],
    form: "value",
    commands: "c r asm trace",
    value: "N,N",
    help: "values of $1, $2 of a config",
    set: (s, [v], name) => s.args = v!.split(",").map((text) => integer(name, text, 0, 65535)),
  },
  {
    names: ["-preprocess"],
    form: "value",
    commands: "c",
    value: "CMD",
    help: 'run CMD INPUT OUTPUT for each file; "" for the command that the config names',
    set: (s, [v]) => s.preprocess = v!,
  },
  {
    names: ["-append"],
    form: "flag",
    commands: "c",
    help: "add blocks to an archive",
    set: (s) => s.append = true,
  },
  {
    names: ["-nochecksum"],
    form: "flag",
    commands: "c",
    help: "store no SHA-1",
    set: (s) => s.noChecksum = true,
  },
  { names: ["-noname"], form: "flag", commands: "c", help: "store no name", set: (s) => s.noName = true },
  { names: ["-notag"], form: "flag", commands: "c", help: "write no tag", set: (s) => s.noTag = true },
  {
    names: ["-repair", "--repair"],
    form: "flag",
    commands: "check",
    help: "move an interrupted update, and bytes after the last block, to files beside the archive",
    set: (s) => s.repair = true,
  },
  {
    names: ["-v", "-verbose"],
    form: "flag",
    commands: "a x t verify",
    help: "a line for each file",
    set: (s) => s.verbose = true,
  },
  {
    names: ["-n", "-dryrun"],
    form: "flag",
    commands: "a",
    help: "say what would be added, write nothing",
    set: (s) => s.dryRun = true,
  },
  {
    names: ["-filelist"],
    form: "value",
    commands: "a",
    value: "FILE",
    help: "also add what a file lists, a path a line; - for standard input",
    set: (s, [v]) => s.fileList = v!,
  },
  {
    names: ["-exclude-from"],
    form: "value",
    commands: "a x t l verify",
    value: "FILE",
    help: "patterns of a file, one a line, that names must not fit",
    set: (s, [v]) => s.excludeFrom.push(v!),
  },
  {
    names: ["-json", "--json"],
    form: "flag",
    commands: "blocks",
    help: "a line of JSON for each block",
    set: (s) => s.json = true,
  },
  {
    names: ["-unsafe-paths"],
    form: "flag",
    commands: "x",
    help: "extract names that lead out of the folder",
    set: (s) => s.unsafePaths = true,
  },
];

const HELP_COLUMN = 28;

/** Text of `sluice zpaq --help` on options. */
export const OPTION_HELP = `Options (one dash, as zpaq has them), and the commands that take them:\n${
  ROWS.map(({ names, value, commands, help }) => {
    const head = `${names.join(", ")}${value === undefined ? "" : ` ${value}`}`;
    const gap = head.length < HELP_COLUMN - 1
      ? " ".repeat(HELP_COLUMN - head.length)
      : `\n${" ".repeat(HELP_COLUMN + 2)}`;
    return `  ${head}${gap}${help} (${commands})\n`;
  }).join("")
}`;

/** All options, for completions. */
export const OPTION_WORDS: readonly Word[] = ROWS.flatMap(({ names, help }) =>
  names.map((text) => ({ text, help }))
);

/** Names of options that have an effect in a command, for tests of the whole table. */
export function zpaqOptionNames(command: string): string[] {
  return ROWS.filter(({ commands }) => commands.split(" ").includes(command)).flatMap(({ names }) => names);
}

/** Every option's name. */
export const ZPAQ_OPTION_NAMES: readonly string[] = ROWS.flatMap(({ names }) => names);

/** The option of a word, and the value that is glued to it. */
function findRow(
  arg: string,
): { readonly row: Row; readonly name: string; readonly glued: string | undefined } {
  const exact = ROWS.find(({ names }) => names.includes(arg));
  if (exact !== undefined) return { row: exact, name: arg, glued: undefined };
  const row = ROWS.find(({ names, glued }) => glued === true && arg.startsWith(names[0]!));
  // A longer word is a misspelled option rather than a value, unless it can be one.
  const value = arg.slice(2);
  if (row !== undefined && (row.names[0] === "-m" ? /^(?:\d|[xs]\d)/ : /^-?\d/).test(value)) {
    return { row, name: row.names[0]!, glued: value };
  }
  throw new UsageFailure(`Option ${arg} is not known${nearest(arg, ZPAQ_OPTION_NAMES)}`);
}

/** Reads the command line of one command. */
export function parseZpaqOptions(command: string, args: readonly string[]): ZpaqSettings {
  const settings = defaults();
  const isOption = (word: string | undefined): boolean =>
    word !== undefined && word.length > 1 && word.startsWith("-");
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    if (!isOption(arg)) {
      settings.operands.push(arg);
      continue;
    }
    if (arg === "--help" || arg === "-h") {
      settings.help = true;
      continue;
    }
    const { row, name, glued } = findRow(arg);
    if (!row.commands.split(" ").includes(command)) {
      throw new UsageFailure(`Option ${name} has no effect with ${command}; it belongs to ${row.commands}`);
    }
    const values: string[] = glued === undefined ? [] : [glued];
    if (row.form === "value" && glued === undefined) {
      if (args[i + 1] === undefined) throw new UsageFailure(`Option ${name} needs a value`);
      values.push(args[++i]!);
    } else if (row.form === "words") {
      if (name === "-until" && /^-\d/.test(args[i + 1] ?? "")) values.push(args[++i]!);
      else while (args[i + 1] !== undefined && !isOption(args[i + 1])) values.push(args[++i]!);
      if (values.length === 0) throw new UsageFailure(`Option ${name} needs a value`);
    } else if (row.form === "number?" && /^\d+$/.test(args[i + 1] ?? "")) {
      values.push(args[++i]!);
    }
    row.set(settings, values, name);
  }
  if (settings.threads === 0) settings.threads = navigator.hardwareConcurrency;
  if (command === "x") checkCombinations(settings);
  if (settings.verbose && settings.summary > 1) {
    throw new UsageFailure("Option -verbose has no effect with -summary above 1");
  }
  if (command === "l" && !settings.help) checkListing(settings);
  return settings;
}

/** Options that have an effect when files are compared alone. */
function checkListing({ operands, all, force, attributes, not }: ZpaqSettings): void {
  if (operands.length > 1 && all === undefined) return;
  const names = [
    ...force ? ["-force"] : [],
    ...attributes === "all" ? [] : ["-noattributes"],
    ...not.some((pattern) => pattern.startsWith("=")) ? ["-not ="] : [],
  ];
  const why = all === undefined ? "without names of files to compare" : "with -all";
  if (names.length > 0) throw new UsageFailure(`Option ${names[0]} has no effect ${why}`);
}

/** Options that leave each other without effect. */
function checkCombinations(settings: ZpaqSettings): void {
  const { repack, index, test, to, force, all, only, not, owners, verbose } = settings;
  const attributes = settings.attributes === "all";
  const refuse = (names: string, why: string): never => {
    throw new UsageFailure(`Option ${names} has no effect ${why}`);
  };
  if (repack.length > 0 || index !== undefined) {
    const action = repack.length > 0 ? "with -repack" : "with -index";
    if (repack.length > 0 && index !== undefined) refuse("-index", action);
    if (settings.maxFiles !== undefined) refuse("-maxfiles", action);
    if (settings.maxSize !== undefined) refuse("-maxsize", action);
    if (to.length > 0) refuse("-to", action);
    if (verbose) refuse("-verbose", action);
    if (test) refuse("-test", action);
    if (!attributes) refuse("-noattributes", action);
    if (!owners) refuse("-noowners", action);
    const filters = only.length + not.length + settings.excludeFrom.length;
    if (index !== undefined && (all !== undefined || filters > 0)) {
      refuse("-all, -only, -not or -exclude-from", action);
    }
  } else if (test) {
    if (to.length > 0) refuse("-to", "with -test");
    if (force) refuse("-force", "with -test");
    if (!attributes) refuse("-noattributes", "with -test");
    if (!owners) refuse("-noowners", "with -test");
  }
}

/** The names that `-to` gives files, as zpaq has it: those without one, and patterns, keep theirs. */
export function newNames(to: readonly string[], files: readonly string[]): (string | undefined)[] {
  if (to.length === 0 || files.length === 0) return [...to];
  const names = files.map((file, i) => /[*?]/.test(file) ? undefined : to[i]);
  return [...names, ...to.slice(files.length)];
}
