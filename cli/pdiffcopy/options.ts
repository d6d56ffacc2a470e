/**
 * The options of `sluice pdiffcopy`: those of the original program with their letters, and more.
 */
import { parsePdiffSize } from "@sluice/pdiffcopy/sizes";
import { Failure, UsageFailure } from "../shared/exit.ts";
import { LEVEL } from "../shared/messages.ts";
import type { OptionGroup } from "../shared/options.ts";
import type { FilterOption } from "./filters.ts";

/** What a command line says. */
export interface PdiffcopySettings {
  blockSize: number | undefined;
  hash: string | undefined;
  delta: boolean;
  concurrency: number | undefined;
  dryRun: boolean;
  check: boolean;
  benchmark: number;
  benchmarkPattern: string;
  benchmarkJson: string | undefined;
  listen: string | undefined;
  verbosity: number;
  help: boolean;
  protocol: 1 | 2 | undefined;
  replace: "auto" | "inplace" | "atomic";
  fsync: boolean;
  verify: boolean;
  verifyWritten: boolean;
  compressionLevel: number;
  literalPaths: boolean;
  allowDirty: boolean;
  tokenFile: string | undefined;
  /** A secret that is known without a file. */
  secret: string | undefined;
  /** The ssh client with its options, and this command as the far side calls it. */
  ssh: string;
  remoteCommand: string;
  /** A Unix socket to listen on. */
  socket: string | undefined;
  attached: boolean;
  /** The file that says what a server does. */
  config: string | undefined;
  ca: string[];
  retries: number | undefined;
  stallTimeout: number | undefined;
  bandwidth: number | undefined;
  json: boolean;
  progress: string;
  root: string;
  writable: boolean;
  hosts: string[];
  pathMode: "rooted" | "absolute";
  v1: boolean;
  cert: string | undefined;
  key: string | undefined;
  output: string | undefined;
  force: boolean;
  chunks: boolean;
  index: string | undefined;
  store: string | undefined;
  seeds: string[];
  shift: boolean;
  recursive: boolean;
  archive: boolean;
  checksum: boolean;
  deleteOthers: boolean;
  maxDelete: number | undefined;
  filters: FilterOption[];
  deleteExcluded: boolean;
  filesFrom: string | undefined;
  from0: boolean;
  /** Whether `-r` was given by itself: `--files-from` does not take all of its directories for \`-a\` alone. */
  everything: boolean;
  times: boolean;
  permissions: boolean;
}

/** Settings before any option. */
export function defaultPdiffcopySettings(): PdiffcopySettings {
  return {
    blockSize: undefined,
    hash: undefined,
    delta: true,
    concurrency: undefined,
    dryRun: false,
    check: false,
    benchmark: 0,
    benchmarkPattern: "prefix",
    benchmarkJson: undefined,
    listen: undefined,
    verbosity: LEVEL.results,
    help: false,
    protocol: undefined,
    replace: "auto",
    fsync: true,
    verify: true,
    verifyWritten: false,
    compressionLevel: 0,
    literalPaths: false,
    allowDirty: false,
    tokenFile: undefined,
    secret: undefined,
    ssh: "ssh",
    remoteCommand: "sluice pdiffcopy",
    socket: undefined,
    attached: false,
    config: undefined,
    ca: [],
    retries: undefined,
    stallTimeout: undefined,
    bandwidth: undefined,
    json: false,
    progress: "auto",
    root: ".",
    writable: false,
    hosts: [],
    pathMode: "rooted",
    v1: true,
    cert: undefined,
    key: undefined,
    output: undefined,
    force: false,
    chunks: false,
    index: undefined,
    store: undefined,
    seeds: [],
    shift: false,
    recursive: false,
    archive: false,
    checksum: false,
    deleteOthers: false,
    maxDelete: undefined,
    filters: [],
    deleteExcluded: false,
    filesFrom: undefined,
    from0: false,
    everything: false,
    times: true,
    permissions: true,
  };
}

function size(name: string, value: string, min = 1): number {
  try {
    const bytes = parsePdiffSize(value);
    if (bytes >= min) return bytes;
  } catch {
    // Told below.
  }
  throw new Failure(
    `Option ${name} has the value "${value}", expected a size of at least ${min}, as in 64K or 1MiB`,
  );
}

function count(name: string, value: string, min: number): number {
  const number = /^\d{1,9}$/.test(value) ? Number(value) : NaN;
  if (number >= min) return number;
  throw new Failure(`Option ${name} has the value "${value}", expected a whole number from ${min}`);
}

/** A command in words. */
function words(name: string, value: string): string {
  if (value.trim() === "") throw new UsageFailure(`Option ${name} has no value`);
  return value;
}

function choice<const T extends string>(name: string, value: string, choices: readonly T[]): T {
  const found = choices.find((candidate) => candidate === value);
  if (found !== undefined) return found;
  throw new UsageFailure(`Option ${name} has the value "${value}", expected ${choices.join(", ")}`);
}

/** For letters that rsync needs beside `-a`: `checkEffects` makes sure that `-a` is there. */
function carriedByArchive(): void {}

/** Every option. */
export const PDIFFCOPY_OPTIONS: readonly OptionGroup<PdiffcopySettings>[] = [
  {
    title: "Copying",
    rows: [
      {
        short: "b",
        long: ["block-size"],
        value: "next",
        valueName: "BYTES",
        help: "Bytes of a block, as 64K or 1MiB; by the size of the file unless given",
        set: (settings, value, name) => settings.blockSize = size(name, value, 512),
      },
      {
        short: "m",
        long: ["hash-method"],
        value: "next",
        valueName: "NAME",
        help: "Hash that blocks are compared by: any name of hashlib, blake3, xxh3-128",
        set: (settings, value) => settings.hash = value,
      },
      {
        short: "W",
        long: ["whole-file"],
        help: "Copy all blocks without comparing them",
        set: (settings) => settings.delta = false,
      },
      {
        short: "c",
        long: ["concurrency"],
        value: "next",
        valueName: "COUNT",
        help: "Parts of the file that are worked on at a time",
        set: (settings, value, name) => settings.concurrency = count(name, value, 1),
      },
      {
        short: "n",
        long: ["dry-run"],
        help: "Only say how similar the files are and what would be copied",
        set: (settings) => settings.dryRun = true,
      },
      {
        long: ["check"],
        help: "As --dry-run, and exit with 2 when the files differ",
        set: (settings) => settings.dryRun = settings.check = true,
      },
      {
        long: ["protocol"],
        value: "next",
        valueName: "1|2|auto",
        help: "Protocol; found out unless given",
        set: (settings, value, name) => {
          const found = choice(name, value, ["1", "2", "auto"]);
          settings.protocol = found === "auto" ? undefined : found === "1" ? 1 : 2;
        },
      },
      {
        long: ["replace"],
        value: "next",
        valueName: "HOW",
        help: "How a file is replaced: inplace, atomic, or auto",
        set: (settings, value, name) => settings.replace = choice(name, value, ["auto", "inplace", "atomic"]),
      },
      {
        long: ["compress"],
        value: "next",
        valueName: "none|zstd[:LEVEL]",
        help: "Compress blocks on their way",
        set: (settings, value, name) => {
          const match = /^(?:none|zstd(?::(\d{1,2}))?)$/.exec(value);
          if (match === null) {
            throw new UsageFailure(`Option ${name} has the value "${value}", expected none or zstd:1`);
          }
          settings.compressionLevel = value === "none" ? 0 : Number(match[1] ?? 1);
        },
      },
      {
        short: "z",
        long: ["zstd"],
        help: "As --compress zstd",
        set: (settings) => settings.compressionLevel = 1,
      },
      {
        long: ["bwlimit"],
        value: "next",
        valueName: "BYTES",
        help: "Bytes a second that may go over the network",
        set: (settings, value, name) => settings.bandwidth = size(name, value),
      },
      {
        long: ["no-fsync"],
        help: "Do not wait until the disk has everything",
        set: (settings) => settings.fsync = false,
      },
      {
        long: ["verify"],
        help: "Read the target back from the disk at the end, and compare",
        set: (settings) => settings.verifyWritten = true,
      },
      {
        long: ["no-verify"],
        help: "Do not hash copies by protocol 1 again",
        set: (settings) => settings.verify = false,
      },
      {
        long: ["allow-dirty"],
        help: "Read a source that an interrupted copy left mixed",
        set: (settings) => settings.allowDirty = true,
      },
      {
        long: ["literal-paths"],
        help: "Percent signs in URLs stand for themselves",
        set: (settings) => settings.literalPaths = true,
      },
    ],
  },
  {
    title: "Content that has moved, and plain web servers",
    rows: [
      {
        long: ["shift"],
        value: "next",
        valueName: "rolling|none",
        help: "Find content again where it has moved, in blocks; cdc, the former way, does the same",
        set: (settings, value, name) =>
          settings.shift = choice(name, value, ["rolling", "cdc", "none"]) !== "none",
      },
      {
        long: ["index"],
        value: "next",
        valueName: "FILE|URL",
        help: "SOURCE is on a plain web server and this is its index: .pdx, .zsync, .caibx",
        set: (settings, value) => settings.index = value,
      },
      {
        long: ["store"],
        value: "next",
        valueName: "URL",
        help: "Where the chunks of a .caibx index are",
        set: (settings, value) => settings.store = value,
      },
      {
        long: ["seed"],
        value: "next",
        valueName: "FILE",
        help: "Another file that may have some of the content",
        set: (settings, value) => settings.seeds.push(value),
      },
      {
        long: ["chunks"],
        help: "For the subcommand index: chunks that follow the content",
        set: (settings) => settings.chunks = true,
      },
    ],
  },
  {
    title: "Directories",
    rows: [
      {
        short: "r",
        long: ["recursive"],
        help: "Copy a directory with everything below it, or a file, with times and permissions",
        set: (settings) => settings.recursive = settings.everything = true,
      },
      {
        short: "a",
        long: ["archive"],
        help: "As --recursive, with owners, hard links, extended attributes, pipes and sockets",
        set: (settings) => settings.recursive = settings.archive = true,
      },
      {
        short: "H",
        long: ["hard-links"],
        help: "Carry hard links: --archive does that, and this needs it",
        set: carriedByArchive,
      },
      {
        short: "A",
        long: ["acls"],
        help: "Carry ACLs: --archive does that, and this needs it",
        set: carriedByArchive,
      },
      {
        short: "X",
        long: ["xattrs"],
        help: "Carry extended attributes: --archive does that, and this needs it",
        set: carriedByArchive,
      },
      {
        long: ["checksum"],
        help: "Compare files even where size and time are the same",
        set: (settings) => settings.checksum = true,
      },
      {
        long: ["delete"],
        help: "Remove what the source does not have, at the end",
        set: (settings) => settings.deleteOthers = true,
      },
      {
        long: ["max-delete"],
        value: "next",
        valueName: "COUNT",
        help: "The most names that --delete removes; more end it",
        set: (settings, value, name) => settings.maxDelete = count(name, value, 0),
      },
      {
        long: ["exclude"],
        value: "next",
        valueName: "PATTERN",
        help: "Leave out names that match, as rsync does: /top, dir/, *.tmp, a/**, dir/***",
        set: (settings, value) => settings.filters.push({ kind: "exclude", value }),
      },
      {
        long: ["include"],
        value: "next",
        valueName: "PATTERN",
        help: "Keep names that match; of all rules the first that matches decides",
        set: (settings, value) => settings.filters.push({ kind: "include", value }),
      },
      {
        long: ["exclude-from"],
        value: "next",
        valueName: "FILE",
        help: "Patterns as --exclude, one a line; - for stdin",
        set: (settings, value) => settings.filters.push({ kind: "exclude-from", value }),
      },
      {
        long: ["include-from"],
        value: "next",
        valueName: "FILE",
        help: "Patterns as --include, one a line; - for stdin",
        set: (settings, value) => settings.filters.push({ kind: "include-from", value }),
      },
      {
        long: ["filter"],
        value: "next",
        valueName: "RULE",
        help: '"+ PATTERN", "- PATTERN", hide, show, protect or risk with a pattern, "!" clears',
        set: (settings, value) => settings.filters.push({ kind: "filter", value }),
      },
      {
        long: ["filter-from"],
        value: "next",
        valueName: "FILE",
        help: "Rules as --filter, one a line; - for stdin",
        set: (settings, value) => settings.filters.push({ kind: "filter-from", value }),
      },
      {
        long: ["files-from"],
        value: "next",
        valueName: "FILE",
        help: "Names to copy, from the top of SOURCE, one a line; - for stdin",
        set: (settings, value) => settings.filesFrom = value,
      },
      {
        long: ["from0"],
        help: "A NUL ends each line of the files of the options above",
        set: (settings) => settings.from0 = true,
      },
      {
        long: ["delete-excluded"],
        help: "As --delete, and remove what rules leave out",
        set: (settings) => settings.deleteOthers = settings.deleteExcluded = true,
      },
      { long: ["no-times"], help: "Do not copy times", set: (settings) => settings.times = false },
      {
        long: ["no-perms"],
        help: "Do not copy permissions",
        set: (settings) => settings.permissions = false,
      },
    ],
  },
  {
    title: "Network",
    rows: [
      {
        long: ["token"],
        value: "next",
        valueName: "FILE",
        help: "File with the secret that the server asks for; else PDIFFCOPY_TOKEN",
        set: (settings, value) => settings.tokenFile = value,
      },
      {
        long: ["ssh"],
        value: "next",
        valueName: "COMMAND",
        help: "The ssh client for ssh:// addresses, with options for it; ssh unless given",
        set: (settings, value, name) => settings.ssh = words(name, value),
      },
      {
        long: ["remote-command"],
        value: "next",
        valueName: "COMMAND",
        help: 'This command on the far side of ssh; "sluice pdiffcopy" unless given',
        set: (settings, value, name) => settings.remoteCommand = words(name, value),
      },
      {
        long: ["ca"],
        value: "next",
        valueName: "FILE",
        help: "Certificates in PEM that are trusted beside the usual ones",
        set: (settings, value) => settings.ca.push(value),
      },
      {
        long: ["retries"],
        value: "next",
        valueName: "COUNT",
        help: "How often a request is repeated without progress; for 5 minutes unless given",
        set: (settings, value, name) => settings.retries = count(name, value, 0),
      },
      {
        long: ["stall-timeout"],
        value: "next",
        valueName: "SECONDS",
        help: "Seconds without a byte until a request is given up, 120 unless given",
        set: (settings, value, name) => settings.stallTimeout = count(name, value, 1),
      },
    ],
  },
  {
    title: "Serving (without operands, or by the subcommand serve)",
    rows: [
      {
        long: ["config"],
        value: "next",
        valueName: "FILE",
        help: "JSON that says all of what follows, and more: roots, tokens by right, limits",
        set: (settings, value) => settings.config = value,
      },
      {
        short: "l",
        long: ["listen"],
        value: "next",
        valueName: "ADDRESS",
        help: "PORT, IP, IP:PORT or [IPv6]:PORT; 127.0.0.1:8080 unless given",
        set: (settings, value) => settings.listen = value,
      },
      {
        long: ["root"],
        value: "next",
        valueName: "DIRECTORY",
        help: "What is served: files below it, and nothing else; . unless given",
        set: (settings, value) => settings.root = value,
      },
      {
        long: ["writable"],
        help: "Let clients write files below the root",
        set: (settings) => settings.writable = true,
      },
      {
        long: ["hosts"],
        value: "next",
        valueName: "NAME",
        help: "Name that requests may call the server by, and no other; may be given again",
        set: (settings, value) => settings.hosts.push(value),
      },
      {
        long: ["path-mode"],
        value: "next",
        valueName: "MODE",
        help: "Names are below the root (rooted) or absolute and must lie there (absolute)",
        set: (settings, value, name) => settings.pathMode = choice(name, value, ["rooted", "absolute"]),
      },
      {
        long: ["no-v1"],
        help: "Do not speak protocol 1",
        set: (settings) => settings.v1 = false,
      },
      {
        long: ["socket"],
        value: "next",
        valueName: "PATH",
        help: "Listen on a Unix socket that only the same user may open",
        set: (settings, value) => settings.socket = value,
      },
      {
        long: ["attached"],
        help: "Take the secret from the first line of stdin, and end with it; copies over ssh start this",
        set: (settings) => settings.attached = true,
      },
      {
        long: ["tls-cert"],
        value: "next",
        valueName: "FILE",
        help: "Certificate chain in PEM",
        set: (settings, value) => settings.cert = value,
      },
      {
        long: ["tls-key"],
        value: "next",
        valueName: "FILE",
        help: "Private key in PEM",
        set: (settings, value) => settings.key = value,
      },
    ],
  },
  {
    title: "Benchmark",
    rows: [
      {
        short: "B",
        long: ["benchmark"],
        value: "next",
        valueName: "COUNT",
        help: "Change the target and copy again, COUNT times; print a table",
        set: (settings, value, name) => settings.benchmark = count(name, value, 0),
      },
      {
        long: ["benchmark-pattern"],
        value: "next",
        valueName: "PATTERN",
        help: "What is changed: prefix or scatter",
        set: (settings, value, name) =>
          settings.benchmarkPattern = choice(name, value, ["prefix", "scatter"]),
      },
      {
        long: ["benchmark-json"],
        value: "next",
        valueName: "FILE",
        help: "Write the results there too",
        set: (settings, value) => settings.benchmarkJson = value,
      },
    ],
  },
  {
    title: "Messages",
    rows: [
      {
        long: ["json"],
        help: "Print the result as JSON on stdout",
        set: (settings) => settings.json = true,
      },
      {
        long: ["progress"],
        value: "next",
        valueName: "auto|json|none",
        help: "A line on a terminal, or a JSON object a line on stderr",
        set: (settings, value, name) => settings.progress = choice(name, value, ["auto", "json", "none"]),
      },
      {
        short: "o",
        long: ["output"],
        value: "next",
        valueName: "FILE",
        help: "Where the subcommand index writes",
        set: (settings, value) => settings.output = value,
      },
      {
        short: "f",
        long: ["force"],
        help: "Overwrite the index, or the report of the benchmark",
        set: (settings) => settings.force = true,
      },
      { short: "v", long: ["verbose"], help: "Say more", set: (settings) => settings.verbosity++ },
      { short: "q", long: ["quiet"], help: "Say less", set: (settings) => settings.verbosity-- },
      { short: "h", long: ["help"], help: "This text", set: (settings) => settings.help = true },
    ],
  },
];
