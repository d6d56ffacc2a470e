/**
 * The tables of options of `sluice gitdb`.
 */
import { UsageFailure } from "../shared/exit.ts";
import { CLONE, FETCH, LS_REMOTE } from "./remote_options.ts";
import { DATE_MODES, dateModeOf } from "./dates.ts";
import type { DateMode } from "./dates.ts";
import type { DecorationStyle } from "./decorations.ts";
import { momentOf } from "./moments.ts";
import type { OptionGroup } from "../shared/options.ts";
import { fatal, SHORT_ONELINE } from "./settings.ts";
import type { GitdbSettings, RevParseWish } from "./settings.ts";

type Group = OptionGroup<GitdbSettings>;

function count(value: string, name: string, min: number, max: number): number {
  const number = Number(value);
  if (!/^\d+$/.test(value) || number < min || number > max) {
    throw new UsageFailure(`Option ${name} has the value "${value}", expected ${min} to ${max}`);
  }
  return number;
}

/** How the options are written that say what a command is to do. */
const WRITTEN: Readonly<Record<string, string>> = {
  batch: "--batch",
  check: "--batch-check",
  command: "--batch-command",
  type: "-t",
  size: "-s",
  pretty: "-p",
  exists: "-e",
  nothing: "--no-patch",
  names: "--name-only",
  status: "--name-status",
  raw: "--raw",
  patch: "--patch",
  numbers: "--numstat",
  summary: "--shortstat",
  graph: "--stat",
};

/** A format that may be left out, and may be empty; undefined where it was left out. */
function givenFormat({ words }: GitdbSettings, value: string, name: string): string | undefined {
  return value === "" && !words.includes(`${name}=`) ? undefined : value;
}

/** Sets what a command is to do; two wishes exclude each other. */
function setOnce<Key extends "batch" | "show" | "changes">(
  settings: GitdbSettings,
  key: Key,
  value: NonNullable<GitdbSettings[Key]>,
): void {
  const before = settings[key];
  if (before !== undefined && before !== "none" && before !== value) {
    throw new UsageFailure(`Options ${WRITTEN[before]} and ${WRITTEN[value]} exclude each other`);
  }
  (settings as Pick<GitdbSettings, Key>)[key] = value;
}

const COMMON: Group = {
  title: "Where",
  rows: [
    {
      long: ["git-dir"],
      value: "next",
      valueName: "DIR",
      help: "The repository or its git folder (default: $GIT_DIR, or that around here)",
      set: (settings, value) => settings.gitDir = value,
    },
    {
      long: ["objects"],
      value: "next",
      valueName: "DIR",
      help: "The folder of objects itself",
      set: (settings, value) => settings.objects = value,
    },
    {
      long: ["threads"],
      value: "next",
      valueName: "#",
      help: "Threads that make objects (default: 1; 0: one a processor)",
      set: (settings, value, name) => {
        settings.threads = count(value, name, 0, 64) || navigator.hardwareConcurrency;
      },
    },
    { short: "h", long: ["help"], help: "Show this help", set: (settings) => settings.help = true },
  ],
};

const CAT_FILE: Group = {
  title: "What to print",
  rows: [
    {
      long: ["batch"],
      value: "optional",
      valueName: "FORMAT",
      help: "For names on stdin: a line of facts, and the object",
      set: (settings, value, name) => {
        setOnce(settings, "batch", "batch");
        settings.format = givenFormat(settings, value, name);
      },
    },
    {
      long: ["batch-check"],
      value: "optional",
      valueName: "FORMAT",
      help: "For names on stdin: a line of facts",
      set: (settings, value, name) => {
        setOnce(settings, "batch", "check");
        settings.format = givenFormat(settings, value, name);
      },
    },
    {
      long: ["batch-command"],
      value: "optional",
      valueName: "FORMAT",
      help: "For commands on stdin: contents NAME, info NAME and, with --buffer, flush",
      set: (settings, value, name) => {
        setOnce(settings, "batch", "command");
        settings.format = givenFormat(settings, value, name);
      },
    },
    {
      short: "z",
      help: "Names on stdin end with a zero instead of a line feed",
      set: (settings) => settings.zero = true,
    },
    { long: ["batch-all-objects"], help: "For all objects", set: (settings) => settings.allObjects = true },
    {
      long: ["unordered"],
      help: "In whatever order is fastest",
      set: (settings) => settings.unordered = true,
    },
    { long: ["buffer"], help: "Do not flush after each object", set: (settings) => settings.buffer = true },
    { short: "t", help: "The type of one object", set: (settings) => setOnce(settings, "show", "type") },
    { short: "s", help: "The size of one object", set: (settings) => setOnce(settings, "show", "size") },
    {
      short: "p",
      help: "The content of one object, trees as lines",
      set: (settings) => setOnce(settings, "show", "pretty"),
    },
    {
      short: "e",
      help: "Exit with 0 if the object is there",
      set: (settings) => setOnce(settings, "show", "exists"),
    },
  ],
};

const HASH_OBJECT: Group = {
  title: "What to store",
  rows: [
    {
      short: "t",
      value: "next",
      valueName: "TYPE",
      help: "The type (default: blob)",
      set: (settings, value) => settings.type = value,
    },
    { short: "w", help: "Store the object, too", set: (settings) => settings.write = true },
    { long: ["stdin"], help: "Take the object from stdin", set: (settings) => settings.stdin = true },
    {
      long: ["stdin-paths"],
      help: "Take the names of files from stdin, one a line",
      set: (settings) => settings.stdinPaths = true,
    },
  ],
};

const VERIFY_PACK: Group = {
  title: "What to print",
  rows: [
    {
      short: "v",
      long: ["verbose"],
      help: "List all objects and lengths of chains",
      set: (settings) => settings.verbose = true,
    },
    {
      short: "s",
      long: ["stat-only"],
      help: "Only the lengths of chains, without checking",
      set: (settings) => settings.statOnly = true,
    },
  ],
};

const PACK_OBJECTS: Group = {
  title: "How to pack",
  rows: [
    {
      long: ["window"],
      value: "next",
      valueName: "#",
      help: "Objects that each one is tried against (default: 10)",
      set: (settings, value, name) => settings.window = count(value, name, 0, 4096),
    },
    {
      long: ["depth"],
      value: "next",
      valueName: "#",
      help: "The longest chain of deltas (default: 50)",
      set: (settings, value, name) => settings.depth = count(value, name, 0, 4095),
    },
    {
      long: ["no-reuse-delta"],
      help: "Make all deltas anew instead of copying those of other packs",
      set: (settings) => settings.reuseDeltas = false,
    },
    { long: ["stdout"], help: "Write the pack to stdout", set: (settings) => settings.stdout = true },
  ],
};

const INDEX_PACK: Group = {
  title: "How to index",
  rows: [
    {
      long: ["stdin"],
      help: "Take the pack from stdin and store it in the database",
      set: (settings) => settings.stdin = true,
    },
    {
      long: ["fix-thin"],
      help: "Add bases that a thin pack leaves out",
      set: (settings) => settings.fixThin = true,
    },
    {
      long: ["strict"],
      help: "Refuse objects that come twice, or that git would not accept",
      set: (settings) => settings.strict = true,
    },
    {
      short: "o",
      value: "next",
      valueName: "FILE",
      help: "The index (default: beside the pack)",
      set: (settings, value) => settings.output = value,
    },
    {
      long: ["index-version"],
      value: "next",
      valueName: "1|2[,OFFSET]",
      help: "Version of the index, and from which offset on it uses 64 bits",
      set: (settings, value) => settings.indexVersion = value,
    },
    { long: ["rev-index"], help: "Write a reverse index, too", set: (settings) => settings.revIndex = true },
    { long: ["verify"], help: "Check a pack that has an index", set: (settings) => settings.verify = true },
  ],
};

const REPACK: Group = {
  title: "What to do with what was packed",
  rows: [
    {
      short: "a",
      help: "One pack of all objects: as without it, and those that nothing leads to stay",
      set: () => {},
    },
    {
      short: "d",
      help: "Remove packs and loose objects that the new pack has",
      set: (settings) => settings.delete = true,
    },
    {
      short: "f",
      help: "Make all deltas anew, as --no-reuse-delta",
      set: (settings) => settings.reuseDeltas = false,
    },
  ],
};

/** Where a repository is, for a command of which `--git-dir` alone prints that. */
const REV_PARSE_COMMON: Group = {
  title: COMMON.title,
  rows: COMMON.rows.map((row) =>
    row.long?.includes("git-dir") !== true ? row : {
      ...row,
      value: "optional",
      help: `${row.help}; without a value: print its folder`,
      set: (settings, value) => {
        if (value === "") wish(settings, "git-dir");
        else settings.gitDir = value;
      },
    }
  ),
};

function wish(settings: GitdbSettings, what: RevParseWish["what"]): void {
  settings.wishes.push({ what, after: settings.operands.length });
}

const REV_PARSE: Group = {
  title: "What to print",
  rows: [
    {
      long: ["verify"],
      help: "Take one revision, and fail where it names nothing",
      set: (settings) => {
        settings.verify = true;
        wish(settings, "verify");
      },
    },
    {
      long: ["show-toplevel"],
      help: "The folder of the work tree",
      set: (settings) => wish(settings, "toplevel"),
    },
    {
      long: ["show-prefix"],
      help: "The folder of the command, from the root of the work tree",
      set: (settings) => wish(settings, "prefix"),
    },
    {
      long: ["absolute-git-dir"],
      help: "The repository's folder as an absolute path",
      set: (settings) => wish(settings, "absolute-git-dir"),
    },
    {
      long: ["git-common-dir"],
      help: "The folder that all work trees of the repository share",
      set: (settings) => wish(settings, "common-dir"),
    },
    {
      long: ["is-bare-repository"],
      help: "Whether the repository has no work tree",
      set: (settings) => wish(settings, "bare"),
    },
    {
      long: ["is-inside-git-dir"],
      help: "Whether the command runs in the repository's folder",
      set: (settings) => wish(settings, "inside-git-dir"),
    },
    {
      long: ["is-inside-work-tree"],
      help: "Whether the command runs in a work tree",
      set: (settings) => wish(settings, "inside-work-tree"),
    },
    {
      long: ["abbrev-ref"],
      help: "The short names of the references that follow, instead of ids",
      set: (settings) => wish(settings, "abbrev-ref"),
    },
    {
      long: ["symbolic-full-name"],
      help: "The full names of the references that follow, instead of ids",
      set: (settings) => wish(settings, "symbolic-full-name"),
    },
    {
      short: "q",
      long: ["quiet"],
      help: "With --verify: fail without a word",
      set: (settings) => settings.quiet = true,
    },
    {
      long: ["short"],
      value: "optional",
      valueName: "#",
      help: "Short ids, of so many digits or more (default: 7)",
      set: (settings, value, name) => {
        settings.short = value === "" ? 0 : count(value, name, 4, 64);
        wish(settings, "short");
      },
    },
  ],
};

const LS_TREE: Group = {
  title: "What to print",
  rows: [
    { short: "r", help: "Go into folders", set: (settings) => settings.recursive = true },
    { short: "t", help: "Folders that are gone into, too", set: (settings) => settings.trees = true },
    { short: "d", help: "Folders alone", set: (settings) => settings.treesOnly = true },
    { short: "l", long: ["long"], help: "Sizes, too", set: (settings) => settings.long = true },
    {
      long: ["name-only", "name-status"],
      help: "Names alone",
      set: (settings) => settings.nameOnly = true,
    },
    { long: ["object-only"], help: "Ids alone", set: (settings) => settings.objectOnly = true },
    {
      long: ["format"],
      value: "next",
      valueName: "FORMAT",
      help: "What to print of each row: %(objectmode), %(objecttype), %(objectname), %(objectsize), %(path)",
      set: (settings, value) => settings.format = value,
    },
    {
      long: ["abbrev"],
      value: "optional",
      help: "Short ids, of so many digits or more (default: 7)",
      set: (settings, value, name) => settings.abbrev = value === "" ? 0 : count(value, name, 4, 64),
    },
    {
      long: ["full-name"],
      help: "Paths from the root of the tree",
      set: (settings) => settings.fullName = true,
    },
    {
      long: ["full-tree"],
      help: "The whole tree, from any folder",
      set: (settings) => settings.fullTree = settings.fullName = true,
    },
    {
      short: "z",
      help: "Names as they are, each with a zero after it",
      set: (settings) => settings.zero = true,
    },
  ],
};

/** Digits of short ids as `git show-ref` takes them: 0 is all, and others are brought into the bounds. */
function digits(value: string, name: string): number {
  return Math.min(64, Math.max(4, count(value, name, 0, 0x7fffffff) || 64));
}

const SHOW_REF: Group = {
  title: "What to print",
  rows: [
    { long: ["head"], help: "HEAD, too", set: (settings) => settings.showRef.head = true },
    { long: ["heads"], help: "Branches", set: (settings) => settings.showRef.heads = true },
    { long: ["tags"], help: "Tags", set: (settings) => settings.showRef.tags = true },
    {
      short: "d",
      long: ["dereference"],
      help: "What tags lead to, too",
      set: (settings) => settings.showRef.dereference = true,
    },
    {
      short: "s",
      long: ["hash"],
      value: "optional",
      valueName: "#",
      help: "Ids alone, of so many digits or more (default: all)",
      set: (settings, value, name) => {
        settings.showRef.hashOnly = true;
        if (value !== "") settings.abbrev = digits(value, name);
      },
    },
    {
      long: ["abbrev"],
      value: "optional",
      help: "Short ids, of so many digits or more (default: 7)",
      set: (settings, value, name) => settings.abbrev = value === "" ? 0 : digits(value, name),
    },
    {
      long: ["verify"],
      help: "Take full names, and fail where one is none",
      set: (settings) => settings.verify = true,
    },
    {
      short: "q",
      long: ["quiet"],
      help: "Say by the exit code alone whether there are any",
      set: (settings) => settings.quiet = true,
    },
  ],
};

const FORMATS: Group["rows"] = [
  {
    long: ["format"],
    value: "next",
    valueName: "FORMAT",
    help: "What to print of each commit, with git's placeholders (%H, %an, %s and so on)",
    set: (settings, value) => settings.format = value,
  },
  {
    long: ["pretty"],
    value: "optional",
    valueName: "FORMAT",
    help: "As --format=FORMAT; without it the usual form",
    set: (settings, value, name) => settings.format = givenFormat(settings, value, name),
  },
  {
    long: ["oneline"],
    help: "As --format='%h %s'",
    set: (settings) => settings.format = SHORT_ONELINE,
  },
  {
    long: ["decorate"],
    value: "optional",
    valueName: "short|full|auto|no",
    help: "The names of references that lead to a commit, too (auto: on a terminal)",
    set: (settings, value) => settings.decorate = decorationStyle(value),
  },
  {
    long: ["no-decorate"],
    help: "No names of references",
    set: (settings) => settings.decorate = undefined,
  },
];

function decorationStyle(value: string): DecorationStyle | undefined {
  if (value === "" || value === "short") return "short";
  if (value === "full") return "full";
  if (value === "no") return undefined;
  if (value === "auto") return Deno.stdout.isTerminal() ? "short" : undefined;
  throw fatal(`invalid --decorate option: ${value}`);
}

function dateMode(name: string): DateMode {
  const mode = dateModeOf(name);
  if (mode !== undefined) return mode;
  throw fatal(`unknown date format ${name}`);
}

const WALK: Group = {
  title: "What to print",
  rows: [
    {
      short: "n",
      long: ["max-count"],
      value: "next",
      valueName: "#",
      help: "At most so many commits",
      set: (settings, value, name) => settings.maxCount = count(value, name, 0, Number.MAX_SAFE_INTEGER),
    },
    {
      long: ["skip"],
      value: "next",
      valueName: "#",
      help: "Leave out so many commits at the start",
      set: (settings, value, name) => settings.skip = count(value, name, 0, Number.MAX_SAFE_INTEGER),
    },
    { long: ["merges"], help: "Only merges", set: (settings) => settings.merges = true },
    { long: ["no-merges"], help: "No merges", set: (settings) => settings.merges = false },
    {
      long: ["reverse"],
      help: "The oldest of the commits that are shown first",
      set: (settings) => settings.reverse = true,
    },
    {
      long: ["since", "after"],
      value: "next",
      valueName: "DATE",
      help:
        "Only commits of this moment or younger: YYYY-MM-DD [HH:MM[:SS] [+hhmm|Z]], @SECONDS, '# days ago'",
      set: (settings, value, name) => settings.limits.since = momentOf(value, name),
    },
    {
      long: ["until", "before"],
      value: "next",
      valueName: "DATE",
      help: "Only commits of this moment or older",
      set: (settings, value, name) => settings.limits.until = momentOf(value, name),
    },
    {
      long: ["grep"],
      value: "next",
      valueName: "PATTERN",
      help: "Only commits of which a line of the message matches; may be given more than once",
      set: (settings, value) => settings.limits.grep.push(value),
    },
    {
      long: ["author"],
      value: "next",
      valueName: "PATTERN",
      help: "Only commits whose author, as 'Name <address>', matches",
      set: (settings, value) => settings.limits.authors.push(value),
    },
    {
      long: ["committer"],
      value: "next",
      valueName: "PATTERN",
      help: "Only commits whose committer matches",
      set: (settings, value) => settings.limits.committers.push(value),
    },
    {
      short: "i",
      long: ["regexp-ignore-case"],
      help: "Patterns match in any case",
      set: (settings) => settings.limits.ignoreCase = true,
    },
    {
      short: "E",
      long: ["extended-regexp"],
      help: "Patterns are extended regular expressions",
      set: (settings) => settings.limits.patterns = "extended",
    },
    {
      short: "F",
      long: ["fixed-strings"],
      help: "Patterns are texts",
      set: (settings) => settings.limits.patterns = "fixed",
    },
    {
      long: ["topo-order"],
      help: "No commit before all that stand on it, lines of the history together",
      set: (settings) => settings.order = "topological",
    },
    {
      long: ["date-order"],
      help: "No commit before all that stand on it, else the youngest first",
      set: (settings) => settings.order = "date",
    },
    { long: ["all"], help: "Start from every reference", set: (settings) => settings.allRefs = true },
    {
      long: ["first-parent"],
      help: "Of merges follow the first parent alone",
      set: (settings) => settings.firstParent = true,
    },
  ],
};

const LOG: Group = {
  title: WALK.title,
  rows: [
    ...FORMATS,
    {
      long: ["date"],
      value: "next",
      valueName: "MODE",
      help: `How dates are written: ${Object.keys(DATE_MODES).join(", ")}`,
      set: (settings, value) => settings.date = dateMode(value),
    },
    ...WALK.rows,
  ],
};

const REV_LIST: Group = {
  title: WALK.title,
  rows: [
    {
      long: ["count"],
      help: "How many there are, and nothing else",
      set: (settings) => settings.count = true,
    },
    ...WALK.rows,
  ],
};

const MERGE_BASE: Group = {
  title: "What to find out",
  rows: [
    {
      short: "a",
      long: ["all"],
      help: "All best common ancestors, not one alone",
      set: (settings) => settings.allBases = true,
    },
    {
      long: ["is-ancestor"],
      help: "Exit with 0 if the first commit can be reached from the second, and with 1 if not",
      set: (settings) => settings.isAncestor = true,
    },
  ],
};

const LISTS: Group = {
  title: "How to print changed files",
  rows: [
    {
      short: "p",
      long: ["patch"],
      help: "What changed in each, line by line",
      set: (settings) => setOnce(settings, "changes", "patch"),
    },
    { short: "u", set: (settings) => setOnce(settings, "changes", "patch") },
    {
      short: "U",
      long: ["unified"],
      value: "glued",
      glued: /\d*/y,
      help: "A patch with so many lines around each change (default: 3)",
      set: (settings, value, name) => {
        settings.context = count(value, name, 0, 0x7fffffff);
        setOnce(settings, "changes", "patch");
      },
    },
    {
      long: ["stat"],
      help: "How many lines changed in each, with a graph",
      set: (settings) => setOnce(settings, "changes", "graph"),
    },
    {
      long: ["numstat"],
      help: "How many lines were added to each and removed",
      set: (settings) => setOnce(settings, "changes", "numbers"),
    },
    {
      long: ["shortstat"],
      help: "How many lines were added and removed in all",
      set: (settings) => setOnce(settings, "changes", "summary"),
    },
    {
      long: ["name-status"],
      help: "What happened to each, and its name",
      set: (settings) => setOnce(settings, "changes", "status"),
    },
    { long: ["name-only"], help: "Names alone", set: (settings) => setOnce(settings, "changes", "names") },
    {
      long: ["raw"],
      help: "Modes and ids before and after, too",
      set: (settings) => setOnce(settings, "changes", "raw"),
    },
    {
      long: ["no-renames"],
      help: "Moved files as one that was removed and one that was added",
      set: (settings) => settings.renames = false,
    },
    {
      long: ["abbrev"],
      value: "optional",
      help: "With --raw, in patches, and of commits: ids of so many digits or more (default: 7)",
      set: (settings, value, name) => settings.abbrev = value === "" ? 0 : count(value, name, 4, 64),
    },
    { long: ["full-index"], help: "In patches: full ids", set: (settings) => settings.fullIndex = true },
    {
      long: ["no-abbrev"],
      help: "With --raw, and of commits: full ids",
      set: (settings) => settings.fullIds = true,
    },
  ],
};

const DIFF: Group = {
  title: "What to print",
  rows: [
    {
      long: ["exit-code"],
      help: "Exit with 1 if something differs",
      set: (settings) => settings.exitCode = true,
    },
    {
      long: ["quiet"],
      help: "Print nothing, and exit with 1 if something differs",
      set: (settings) => settings.quiet = settings.exitCode = true,
    },
    {
      short: "z",
      help: "Names as they are, and a zero after each part of a line",
      set: (settings) => settings.zero = true,
    },
  ],
};

const NO_LISTS: Group = {
  title: LISTS.title,
  rows: [
    {
      short: "s",
      long: ["no-patch"],
      help: "No changes of commits",
      set: (settings) => setOnce(settings, "changes", "nothing"),
    },
  ],
};

const SHOW: Group = {
  title: "What to print",
  rows: FORMATS,
};

const FSCK: Group = {
  title: "What to report",
  rows: [
    {
      long: ["strict"],
      help: "What git would not accept from others is an error, too",
      set: (settings) => settings.strict = true,
    },
    { long: ["full"], help: "All objects, packed ones too: as without it", set: () => {} },
    {
      long: ["no-dangling"],
      help: "Not the objects that nothing leads to",
      set: (settings) => settings.dangling = false,
    },
    {
      long: ["no-reflogs"],
      help: "What only logs of references name counts as not led to",
      set: (settings) => settings.reflogs = false,
    },
  ],
};

const COUNT_OBJECTS: Group = {
  title: "What to print",
  rows: [
    {
      short: "v",
      long: ["verbose"],
      help: "Packs and what is of no use, too",
      set: (settings) => settings.verbose = true,
    },
  ],
};

/** Commands that read no objects have no threads. */
const PLACE: Group = {
  title: COMMON.title,
  rows: COMMON.rows.filter(({ long }) => long?.includes("git-dir") || long?.includes("help")),
};

/** Commands that make a repository have none to begin with. */
const WORK: Group = {
  title: COMMON.title,
  rows: COMMON.rows.filter(({ long }) => long?.includes("threads") || long?.includes("help")),
};

/** Tables of options by subcommand. */
export const GITDB_OPTIONS: Readonly<Record<string, readonly Group[]>> = {
  "cat-file": [COMMON, CAT_FILE],
  "rev-parse": [REV_PARSE_COMMON, REV_PARSE],
  show: [COMMON, SHOW, NO_LISTS, LISTS],
  diff: [COMMON, DIFF, LISTS],
  "count-objects": [COMMON, COUNT_OBJECTS],
  "ls-tree": [COMMON, LS_TREE],
  "show-ref": [PLACE, SHOW_REF],
  log: [COMMON, LOG, NO_LISTS, LISTS],
  "rev-list": [COMMON, REV_LIST],
  "merge-base": [COMMON, MERGE_BASE],
  "hash-object": [COMMON, HASH_OBJECT],
  "verify-pack": [COMMON, VERIFY_PACK],
  "show-index": [COMMON],
  "pack-objects": [COMMON, PACK_OBJECTS],
  "index-pack": [COMMON, INDEX_PACK],
  "unpack-objects": [COMMON],
  "multi-pack-index": [COMMON],
  repack: [COMMON, PACK_OBJECTS, REPACK],
  fsck: [COMMON, FSCK],
  "ls-remote": [PLACE, LS_REMOTE],
  fetch: [COMMON, FETCH],
  clone: [WORK, CLONE],
};
