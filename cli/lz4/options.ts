/**
 * The options of `sluice lz4`: one row each, the flags that users of the lz4 tool know.
 */
import { UsageFailure } from "../shared/exit.ts";
import { LEVEL } from "../shared/messages.ts";
import type { OptionGroup, OptionRow } from "../shared/options.ts";

/** What a command line asks for. */
export interface Lz4Settings {
  mode: "auto" | "compress" | "decompress" | "test" | "list" | "bench";
  level: number;
  blockSize: number;
  linked: boolean;
  blockChecksums: boolean;
  contentChecksum: boolean;
  contentSize: boolean;
  legacy: boolean;
  favorDecompressionSpeed: boolean;
  threads: number;
  dictionary: string | undefined;
  encrypt: string | undefined;
  decrypt: string | undefined;
  keyFile: string | undefined;
  iv: string | undefined;
  iterations: number | undefined;
  stdout: boolean;
  force: boolean;
  multiple: boolean;
  recursive: boolean;
  remove: boolean;
  sparse: boolean;
  json: boolean;
  bench: { last: number | undefined; seconds: number };
  verbosity: number;
  help: boolean;
  version: boolean;
}

/** How long a direction is measured at least, as by the tool. */
const BENCH_SECONDS = 3;

/** What is done unless options say otherwise. */
export function defaultLz4Settings(): Lz4Settings {
  return {
    mode: "auto",
    level: 1,
    blockSize: 7,
    linked: false,
    blockChecksums: false,
    contentChecksum: true,
    contentSize: false,
    legacy: false,
    favorDecompressionSpeed: false,
    threads: 1,
    dictionary: undefined,
    encrypt: undefined,
    decrypt: undefined,
    keyFile: undefined,
    iv: undefined,
    iterations: undefined,
    stdout: false,
    force: false,
    multiple: false,
    recursive: false,
    remove: false,
    sparse: true,
    json: false,
    bench: { last: undefined, seconds: BENCH_SECONDS },
    verbosity: LEVEL.results,
    help: false,
    version: false,
  };
}

type Row = OptionRow<Lz4Settings>;

const LEVEL_MAX = 12;

/** Numbers of the command line fit 32 bits, as the lz4 tool reads them. */
const NUMBER_MAX = 2 ** 32 - 1;

function count(text: string, name: string): number {
  if (/^\d+$/.test(text) && Number(text) > NUMBER_MAX) {
    throw new UsageFailure(`Option ${name} has the value "${text}", expected at most ${NUMBER_MAX}`);
  }
  if (/^\d+$/.test(text)) return Number(text);
  throw new UsageFailure(`Option ${name} has the value "${text}", expected a number`);
}

/** `-B4` to `-B7`, `-B65536`, `-BD`, `-BI`, `-BX`, also in one word: `-B5DX`. */
function setBlock(settings: Lz4Settings, value: string, name: string): void {
  const parts = value.match(/\d+|[DIX]/g) ?? [];
  if (parts.join("") !== value || value === "") {
    throw new UsageFailure(`Option ${name} has the value "${value}", expected 4 to 7, a size, D, I or X`);
  }
  for (const part of parts) {
    if (part === "D") settings.linked = true;
    else if (part === "I") settings.linked = false;
    else if (part === "X") settings.blockChecksums = true;
    else settings.blockSize = count(part, name);
  }
}

/** Modes of options, and "legacy" for compression to that format. */
const FRAMES = ["auto", "compress"];
const COMPRESSING = [...FRAMES, "legacy"];
const LEVELED = [...COMPRESSING, "bench"];
const DECOMPRESSING = ["auto", "decompress"];
const WRITING = [...COMPRESSING, "decompress"];
const WORKING = [...WRITING, "test"];
/** Modes whose inputs are all decompressed. */
const READING = ["decompress", "test"];
const CHECKED = [...FRAMES, ...READING];

const MODE_ROWS: readonly Row[] = [
  { short: "z", long: ["compress"], help: "Compress", set: (s) => s.mode = "compress" },
  { short: "d", long: ["decompress", "uncompress"], help: "Decompress", set: (s) => s.mode = "decompress" },
  { short: "t", long: ["test"], help: "Decompress and check, without output", set: (s) => s.mode = "test" },
  { long: ["list"], help: "List what lz4 files hold", set: (s) => s.mode = "list" },
  { long: ["json"], modes: ["list"], help: "One JSON object a frame", set: (s) => s.json = true },
];

const FILE_ROWS: readonly Row[] = [
  {
    short: "c",
    long: ["stdout", "to-stdout"],
    modes: WRITING,
    help: "Write to stdout",
    set: (s) => s.stdout = true,
  },
  {
    short: "f",
    long: ["force"],
    modes: WORKING,
    help: "Overwrite existing files",
    set: (s) => s.force = true,
  },
  { short: "m", long: ["multiple"], help: "Every operand is an input", set: (s) => s.multiple = true },
  {
    short: "r",
    modes: WORKING,
    help: "Go into directories; implies -m",
    set: (s) => (s.recursive = true, s.multiple = true),
  },
  { short: "k", long: ["keep"], help: "Keep the inputs; this is the default", set: (s) => s.remove = false },
  {
    long: ["rm"],
    modes: WRITING,
    help: "Remove each input when its output is complete",
    set: (s) => s.remove = true,
  },
  {
    long: ["sparse"],
    modes: DECOMPRESSING,
    help: "Leave holes for zeros; this is the default for files",
    set: (s) => s.sparse = true,
  },
  { long: ["no-sparse"], modes: DECOMPRESSING, help: "Write zeros out", set: (s) => s.sparse = false },
];

const COMPRESSION_ROWS: readonly Row[] = [
  {
    short: "#",
    modes: LEVELED,
    value: "glued",
    glued: /\d+/y,
    help: "Level, 1 (fastest) to 12",
    set: (s, value, name) => s.level = Math.min(LEVEL_MAX, count(value, name)),
  },
  {
    long: ["fast"],
    modes: COMPRESSING,
    value: "optional",
    help: "Faster than level 1, the more the higher",
    set: (s, value, name) => {
      const factor = value === "" ? 1 : count(value, name);
      if (factor === 0) throw new UsageFailure(`Option ${name} has the value 0, expected 1 or more`);
      s.level = -factor;
    },
  },
  { long: ["best"], modes: LEVELED, help: "Level 12", set: (s) => s.level = LEVEL_MAX },
  {
    short: "B",
    modes: FRAMES,
    value: "glued",
    glued: /[\dDIX]*/y,
    help: "Blocks: 4 to 7 for 64 KB to 4 MB, # bytes, D linked, I independent, X with checksums",
    set: setBlock,
  },
  {
    long: ["frame-crc"],
    modes: CHECKED,
    help: "Store a checksum of the content; the default",
    set: (s) => s.contentChecksum = true,
  },
  {
    long: ["no-frame-crc", "no-crc"],
    modes: CHECKED,
    help: "Store no checksum, or do not compare it",
    set: (s) => s.contentChecksum = false,
  },
  {
    long: ["content-size"],
    modes: FRAMES,
    help: "Store the content size",
    set: (s) => s.contentSize = true,
  },
  {
    long: ["no-content-size"],
    modes: FRAMES,
    help: "Do not store it; the default",
    set: (s) => s.contentSize = false,
  },
  {
    short: "l",
    modes: COMPRESSING,
    help: "Legacy format, as Linux kernels take it",
    set: (s) => s.legacy = true,
  },
  {
    long: ["favor-decSpeed"],
    modes: FRAMES,
    help: "Prefer what decodes faster; levels 10 to 12",
    set: (s) => s.favorDecompressionSpeed = true,
  },
  {
    short: "T",
    long: ["threads"],
    value: "glued",
    modes: WORKING,
    help: "Threads that work; 0 for one a core",
    set: (s, value, name) =>
      s.threads = value === "" || value === "0" ? navigator.hardwareConcurrency : count(value, name),
  },
  {
    short: "D",
    modes: CHECKED,
    value: "next",
    valueName: "FILE",
    help: "Use FILE as dictionary",
    set: (s, value) => s.dictionary = value,
  },
  {
    long: ["encrypt"],
    modes: COMPRESSING,
    value: "next",
    valueName: "CIPHER",
    help: "Encrypt what is written, aes-256-gcm or aes-128-gcm; needs --key-file",
    set: (s, value) => s.encrypt = value,
  },
  {
    long: ["decrypt"],
    modes: READING,
    value: "next",
    valueName: "CIPHER",
    help: "Decrypt what is read, aes-256-ctr, aes-256-gcm, or with 128; needs --key-file",
    set: (s, value) => s.decrypt = value,
  },
  {
    long: ["key-file"],
    modes: [...COMPRESSING, ...READING],
    value: "next",
    valueName: "FILE",
    help: "The key; for CTR without --iv the password of openssl enc -pbkdf2",
    set: (s, value) => s.keyFile = value,
  },
  {
    long: ["iv"],
    modes: READING,
    value: "next",
    valueName: "HEX",
    help: "The counter block of the first byte",
    set: (s, value) => s.iv = value,
  },
  {
    long: ["iterations"],
    modes: READING,
    value: "next",
    help: "Rounds of PBKDF2, 10000 unless told otherwise",
    set: (s, value, name) => s.iterations = count(value, name),
  },
];

const BENCH_ROWS: readonly Row[] = [
  {
    short: "b",
    value: "glued",
    glued: /\d*/y,
    help: "Measure the files in memory, from level # on",
    set: (s, value, name) => {
      s.mode = "bench";
      if (value !== "") s.level = Math.min(LEVEL_MAX, count(value, name));
    },
  },
  {
    short: "e",
    modes: ["bench"],
    value: "glued",
    glued: /\d*/y,
    help: "Measure up to level #",
    set: (s, value, name) => s.bench.last = Math.min(LEVEL_MAX, count(value, name)),
  },
  {
    short: "i",
    modes: ["bench"],
    value: "glued",
    glued: /\d*/y,
    help: "Seconds that each direction takes at least; 3",
    set: (s, value, name) => s.bench.seconds = count(value, name),
  },
];

const OTHER_ROWS: readonly Row[] = [
  { short: "q", long: ["quiet"], help: "Say less", set: (s) => s.verbosity = Math.max(0, s.verbosity - 1) },
  { short: "v", long: ["verbose"], help: "Say more", set: (s) => s.verbosity++ },
  { short: "h", long: ["help"], help: "Show this", set: (s) => s.help = true },
  { short: "H", set: (s) => s.help = true },
  { short: "V", long: ["version"], help: "Show the version", set: (s) => s.version = true },
];

/** Every option under its heading. */
export const LZ4_OPTIONS: readonly OptionGroup<Lz4Settings>[] = [
  { title: "What to do", rows: MODE_ROWS },
  { title: "Files", rows: FILE_ROWS },
  { title: "Compression", rows: COMPRESSION_ROWS },
  { title: "Benchmark", rows: BENCH_ROWS },
  { title: "Other", rows: OTHER_ROWS },
];
