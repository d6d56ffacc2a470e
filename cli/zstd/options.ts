/**
 * The options of `sluice zstd`: one row each, the flags that users of the zstd tool know. An option is refused in modes
 * in which it has no effect. Levels, -T and --long are taken in both directions, as `tar -I "zstd -19 -T0"` passes them
 * in both.
 */
import type { ZstdTrainOptions } from "@sluice/zstd";
import { Failure, UsageFailure } from "../shared/exit.ts";
import type { OptionGroup, OptionRow } from "../shared/options.ts";
import { parseRange } from "../shared/range.ts";
import { parseByte, parseSize } from "../shared/sizes.ts";
import { parseAdapt, parseAdvanced } from "./parameters.ts";
import { coreCount, WINDOW_LOG_DEFAULT } from "./settings.ts";
import type { ZstdSettings } from "./settings.ts";
import { parseLegacyTraining, parseTraining } from "./train_options.ts";

type Row = OptionRow<ZstdSettings>;

function size(text: string, name: string): number {
  const value = parseSize(text);
  if (value !== undefined) return value;
  throw new UsageFailure(
    `Option ${name} has the value "${text}": only numeric values with optional suffixes K, KB, KiB, M, MB, MiB, ` +
      `G, GB, GiB are allowed`,
  );
}

function positive(text: string, name: string): number {
  const value = size(text, name);
  if (value > 0) return value;
  throw new UsageFailure(`Option ${name} has the value "${text}", expected a size above 0`);
}

function byte(text: string, name: string): number {
  const value = parseByte(text);
  if (value !== undefined) return value;
  throw new UsageFailure(`Option ${name} has the value "${text}", expected a byte such as 10 or 0x0a`);
}

/** Numbers of the command line fit 32 bits, as the zstd tool reads them. */
const NUMBER_MAX = 2 ** 32 - 1;

function checkOverflow(value: number): number {
  if (value <= NUMBER_MAX) return value;
  throw new Failure("error: numeric value overflows 32-bit unsigned int ");
}

/** A size that the zstd tool reads into 32 bits. */
function smallSize(text: string, name: string): number {
  return checkOverflow(/^\d+$/.test(text) ? Number(text) : size(text, name));
}

function count(text: string, name: string): number {
  if (/^\d+$/.test(text)) return checkOverflow(Number(text));
  throw new UsageFailure(`Option ${name} has the value "${text}", expected a number`);
}

function unsupported(name: string): never {
  throw new UsageFailure(`Option ${name} is not supported`);
}

function setDirectory(settings: ZstdSettings, value: string, mirror: boolean): void {
  if (value === "") {
    throw new Failure("error: output dir cannot be empty string (did you mean to pass '.' instead?)");
  }
  settings.outputDirectory = value;
  settings.mirror = mirror;
}

function setThreads(settings: ZstdSettings, value: string, name: string): void {
  const threads = value === "" ? 0 : count(value, name);
  settings.threads = threads === 0 ? coreCount() : threads;
  settings.decodingThreads = settings.threads;
}

function setFast(settings: ZstdSettings, value: string, name: string): void {
  const factor = value === "" ? 1 : count(value, name);
  if (factor === 0) throw new UsageFailure(`Option ${name} has the value 0, expected 1 or more`);
  settings.level = -factor;
}

function setTraining(settings: ZstdSettings, training: ZstdTrainOptions): void {
  settings.mode = "train";
  settings.training = training;
}

function setSeekable(settings: ZstdSettings, value: string, name: string): void {
  settings.seekable = value === "" ? 0 : size(value, name);
  if (value !== "" && settings.seekable === 0) {
    throw new UsageFailure(`Option ${name} has the value "${value}", expected a size above 0`);
  }
}

function setFormat(_settings: ZstdSettings, value: string, name: string): void {
  if (value !== "zstd") unsupported(`${name}=${value}`);
}

const MODE_ROWS: readonly Row[] = [
  { short: "z", long: ["compress"], help: "Compress; this is the default", set: (s) => s.mode = "compress" },
  {
    short: "d",
    long: ["decompress", "uncompress"],
    help: "Decompress",
    set: (s) => s.mode = "decompress",
  },
  { short: "t", long: ["test"], help: "Decompress and check, without output", set: (s) => s.mode = "test" },
  {
    short: "l",
    long: ["list"],
    help: "List what zstd files hold; -v for details",
    set: (s) => s.mode = "list",
  },
];

/** Modes that write files. */
const WRITING_MODES: readonly string[] = ["compress", "decompress", "train", "cat", "index", "join"];

const FILE_ROWS: readonly Row[] = [
  {
    short: "o",
    modes: WRITING_MODES,
    value: "next",
    valueName: "FILE",
    help: "Write one output, FILE",
    set: (s, value) => (s.output = value, s.stdout = false),
  },
  {
    short: "c",
    long: ["stdout"],
    modes: ["compress", "decompress", "test"],
    help: "Write to stdout and keep the inputs",
    set: (s) => (s.stdout = true, s.output = undefined, s.remove = false),
  },
  { short: "k", long: ["keep"], help: "Keep the inputs; this is the default", set: (s) => s.remove = false },
  {
    long: ["rm"],
    modes: ["compress", "decompress"],
    help: "Remove each input when its output is complete",
    set: (s) => s.remove = true,
  },
  {
    short: "f",
    long: ["force"],
    help: "Overwrite, follow links, write to terminals, pass other formats through",
    set: (s) => s.force = true,
  },
  { short: "r", help: "Go into directories", set: (s) => s.recursive = true },
  {
    long: ["filelist"],
    value: "next",
    valueName: "FILE",
    help: "Take input names from FILE, one a line",
    set: (s, value) => s.fileLists.push(value),
  },
  {
    long: ["output-dir-flat"],
    modes: ["compress", "decompress"],
    value: "next",
    valueName: "DIR",
    help: "Put all outputs into DIR",
    set: (s, value) => setDirectory(s, value, false),
  },
  {
    long: ["output-dir-mirror"],
    modes: ["compress", "decompress"],
    value: "next",
    valueName: "DIR",
    help: "Put outputs below DIR, in the inputs' directories",
    set: (s, value) => setDirectory(s, value, true),
  },
  {
    long: ["exclude-compressed"],
    modes: ["compress"],
    help: "Leave out inputs whose names say that they are compressed",
    set: (s) => s.excludeCompressed = true,
  },
  {
    long: ["sparse"],
    modes: ["compress", "decompress"],
    help: "Leave holes for zeros in output files",
    set: (s) => s.sparse = true,
  },
  {
    long: ["no-sparse"],
    modes: ["compress", "decompress"],
    help: "Write zeros out",
    set: (s) => s.sparse = false,
  },
];

const DICTIONARY_ROWS: readonly Row[] = [
  {
    short: "D",
    value: "next",
    valueName: "FILE",
    help: "Compress or decompress with the dictionary FILE",
    set: (s, value) => s.dictionary = value,
  },
  {
    long: ["patch-from"],
    modes: ["compress", "decompress", "test"],
    value: "next",
    valueName: "FILE",
    help: "Compress what differs from FILE, or apply that; holds FILE twice",
    set: (s, value) => s.patchBase = value,
  },
  {
    long: ["patch-chunks-from"],
    modes: ["compress", "decompress", "test"],
    value: "next",
    valueName: "FILE",
    help: "The same for a FILE of any size, in bounded memory; the zstd tool can't apply it",
    set: (s, value) => s.chunkedPatchBase = value,
  },
  {
    long: ["train"],
    help: 'Make a dictionary of sample files; "dictionary" unless -o names it',
    set: (s) => setTraining(s, {}),
  },
  {
    long: ["train-fastcover"],
    value: "optional",
    valueName: "LIST",
    help: "The same, with a search for k=,d=,f=,steps=,split=,accel=,shrink[=]",
    set: (s, value, name) => setTraining(s, parseTraining("fastcover", value, name)),
  },
  {
    long: ["train-cover"],
    value: "optional",
    valueName: "LIST",
    help: "The same, slower, with k=,d=,steps=,split=,shrink[=]",
    set: (s, value, name) => setTraining(s, parseTraining("cover", value, name)),
  },
  {
    long: ["train-legacy"],
    value: "optional",
    valueName: "selectivity=#",
    help: "The same, by sorting suffixes; selectivity 9 unless told otherwise",
    set: (s, value, name) => setTraining(s, parseLegacyTraining(value, name)),
  },
  {
    long: ["maxdict"],
    modes: ["train"],
    value: "glued",
    help: "The most bytes of a dictionary that is made; 112640 unless told otherwise",
    set: (s, value, name) => s.dictionarySizeMax = smallSize(value, name),
  },
  {
    long: ["dictID"],
    modes: ["train"],
    value: "glued",
    help: "Its id; random unless told otherwise",
    set: (s, value, name) => s.dictionaryId = count(value, name),
  },
  {
    long: ["no-dictID"],
    modes: ["compress", "benchmark"],
    help: "Do not store the dictionary's id",
    set: (s) => s.dictId = false,
  },
];

const COMPRESSION_ROWS: readonly Row[] = [
  {
    short: "#",
    value: "glued",
    glued: /\d+/y,
    help: "Compression level, 1 to 19; 3 unless told otherwise",
    set: (s, value, name) => s.level = count(value, name),
  },
  { long: ["fast"], value: "optional", help: "Faster than level 1, the more the higher", set: setFast },
  {
    long: ["ultra"],
    modes: ["compress", "train", "benchmark"],
    help: "Allow levels 20 to 22, which take much memory",
    set: (s) => s.ultra = true,
  },
  {
    long: ["max"],
    modes: ["compress", "benchmark"],
    help: "The most that zstd can do; takes gigabytes of memory",
    set: (s) => s.max = true,
  },
  {
    long: ["adapt"],
    modes: ["compress", "benchmark"],
    value: "optional",
    valueName: "LIST",
    help: "Let the level follow the speed of input and output, within min=#,max=#; not reproducible",
    set: (s, value) => s.adapt = parseAdapt(value),
  },
  {
    long: ["long"],
    value: "optional",
    help: `Find matches far back, in a window of 2^# bytes; ${WINDOW_LOG_DEFAULT} unless told otherwise`,
    set: (s, value, name) => s.longWindowLog = value === "" ? WINDOW_LOG_DEFAULT : count(value, name),
  },
  {
    long: ["zstd"],
    modes: ["compress", "benchmark"],
    value: "optional",
    valueName: "LIST",
    help: "Parameters: wlog=,clog=,hlog=,slog=,mml=,tlen=,strat=,ovlog=,lhlog=,lmml=,lblog=,lhrlog=",
    set: (s, value) => Object.assign(s.advanced, parseAdvanced(value)),
  },
  {
    short: "T",
    long: ["threads"],
    value: "glued",
    help: "Threads; 0 for one a core. Each holds tables, a window and jobs of -B bytes, with -d a frame",
    set: setThreads,
  },
  {
    long: ["single-thread"],
    help: "No thread of its own",
    set: (s) => (s.threads = 0, s.decodingThreads = 1),
  },
  {
    long: ["auto-threads"],
    value: "optional",
    help: "What -T0 counts: logical cores, the only ones that are known here",
    set: (_, value, name) => {
      if (value !== "logical" && value !== "physical") {
        throw new UsageFailure(`Option ${name} has the value "${value}", expected logical or physical`);
      }
    },
  },
  {
    short: "B",
    long: ["block-size"],
    value: "glued",
    help: "Input of one thread's job, or of one sample; jobs are 4M up to level 12, else 4 windows",
    set: (s, value, name) => s.jobSize = smallSize(value, name),
  },
  {
    long: ["rsyncable"],
    modes: ["compress", "benchmark"],
    help: "Let output change only where input does",
    set: (s) => s.rsyncable = true,
  },
  {
    short: "C",
    long: ["check"],
    help: "Store a checksum; this is the default",
    set: (s) => s.checksum = true,
  },
  { long: ["no-check"], help: "Store no checksum, or do not compare it", set: (s) => s.checksum = false },
  {
    long: ["content-size"],
    modes: ["compress", "benchmark"],
    help: "Store the content size; this is the default",
    set: (s) => s.contentSize = true,
  },
  {
    long: ["no-content-size"],
    modes: ["compress", "benchmark"],
    help: "Do not store it",
    set: (s) => s.contentSize = false,
  },
  {
    long: ["compress-literals"],
    modes: ["compress", "benchmark"],
    help: "Always compress literals",
    set: (s) => s.literals = "on",
  },
  {
    long: ["no-compress-literals"],
    modes: ["compress", "benchmark"],
    help: "Never compress literals",
    set: (s) => s.literals = "off",
  },
  {
    long: ["row-match-finder"],
    modes: ["compress", "benchmark"],
    help: "Use the row-based match finder",
    set: (s) => s.rowMatchFinder = "on",
  },
  {
    long: ["no-row-match-finder"],
    modes: ["compress", "benchmark"],
    help: "Do not use it",
    set: (s) => s.rowMatchFinder = "off",
  },
  {
    long: ["stream-size"],
    modes: ["compress"],
    value: "glued",
    help: "Exact size of what comes from stdin",
    set: (s, value, name) => s.streamSize = size(value, name),
  },
  {
    long: ["size-hint"],
    modes: ["compress"],
    value: "glued",
    help: "About how much comes from stdin",
    set: (s, value, name) => s.sizeHint = size(value, name),
  },
  {
    long: ["target-compressed-block-size"],
    modes: ["compress", "benchmark"],
    value: "glued",
    help: "Aim for blocks of this size",
    set: (s, value, name) => s.targetBlockSize = smallSize(value, name),
  },
  { long: ["format"], value: "next", valueName: "zstd", help: "The only format", set: setFormat },
];

const DECOMPRESSION_ROWS: readonly Row[] = [
  {
    short: "M",
    long: ["memory", "memlimit", "memlimit-decompress"],
    value: "glued",
    help: "The largest window to decompress; 128MB unless told otherwise",
    set: (s, value, name) => s.maxMemory = value === "" ? undefined : smallSize(value, name) || undefined,
  },
  {
    long: ["pass-through"],
    modes: ["decompress", "test"],
    help: "Copy what is not compressed",
    set: (s) => s.passThrough = true,
  },
  {
    long: ["no-pass-through"],
    modes: ["decompress", "test"],
    help: "Refuse what is not compressed",
    set: (s) => s.passThrough = false,
  },
];

const SEEKABLE_ROWS: readonly Row[] = [
  {
    long: ["seekable"],
    modes: ["compress"],
    value: "optional",
    help: "Compress in frames of # bytes, 2M unless told otherwise, with a table that finds them",
    set: (s, value, name) => setSeekable(s, value, name),
  },
  {
    long: ["range"],
    modes: ["cat"],
    value: "glued",
    valueName: "START-END",
    help: "For cat: the content from byte START up to, not including, byte END; either may be left out",
    set: (s, value, name) => s.range = parseRange(value, name),
  },
  {
    long: ["index"],
    modes: ["cat", "splits"],
    value: "next",
    valueName: "FILE",
    help: "For cat and splits: what index printed, for files without a table",
    set: (s, value) => s.index = value,
  },
  {
    long: ["split"],
    modes: ["splits"],
    value: "glued",
    help: "For splits: content bytes of one, at least",
    set: (s, value, name) => s.splits.splitSize = positive(value, name),
  },
  {
    long: ["count"],
    modes: ["splits"],
    value: "glued",
    help: "For splits: so many at most; 16 unless --split is given",
    set: (s, value, name) => s.splits.count = positive(value, name),
  },
  {
    long: ["at-line"],
    modes: ["splits"],
    help: "For splits: they end after a line",
    set: (s) => s.splits.atLine = true,
  },
  {
    long: ["at-delimiter"],
    modes: ["splits"],
    value: "glued",
    valueName: "BYTE",
    help: "For splits: they end after this byte, 0 to 255 or 0x0 to 0xff",
    set: (s, value, name) => s.splits.atDelimiter = byte(value, name),
  },
];

const BENCH_ROWS: readonly Row[] = [
  {
    short: "b",
    value: "glued",
    glued: /\d*/y,
    help: "Measure size and speed at level #, in memory; -B cuts into blocks",
    set: (s, value, name) => (s.bench.wanted = true, s.level = value === "" ? s.level : count(value, name)),
  },
  {
    short: "e",
    modes: ["benchmark"],
    value: "glued",
    glued: /\d*/y,
    help: "and at each level up to #",
    set: (s, value, name) => s.bench.last = count(value, name),
  },
  {
    short: "i",
    modes: ["benchmark"],
    value: "glued",
    glued: /\d*/y,
    help: "for # seconds or more; 3 unless told otherwise",
    set: (s, value, name) => s.bench.seconds = count(value, name),
  },
  { short: "S", modes: ["benchmark"], help: "each file on its own", set: (s) => s.bench.perFile = true },
];

const OTHER_ROWS: readonly Row[] = [
  { short: "v", long: ["verbose"], help: "Say more; twice for details", set: (s) => s.verbosity++ },
  { short: "q", long: ["quiet"], help: "Say less; twice for nothing", set: (s) => s.verbosity-- },
  { long: ["progress"], help: "Show progress", set: (s) => s.progress = true },
  { long: ["no-progress"], help: "Show no progress", set: (s) => s.progress = false },
  { short: "h", help: "This help", set: (s) => s.help = true },
  { short: "H", long: ["help"], set: (s) => s.help = true },
  { short: "V", long: ["version"], help: "The version; alone with -q", set: (s) => s.version = true },
];

/** Options of the zstd tool that this command does not have. */
const UNSUPPORTED_ROWS: readonly Row[] = [
  ...[
    "asyncio",
    "no-asyncio",
    "priority",
    "show-default-cparams",
    "trace",
  ].map((name): Row => ({ long: [name], value: "optional", set: (_, __, name) => unsupported(name) })),
];

/** Every option, by the headings of the help. */
export const ZSTD_OPTIONS: readonly OptionGroup<ZstdSettings>[] = [
  { title: "What to do", rows: MODE_ROWS },
  { title: "Files", rows: FILE_ROWS },
  { title: "Compression", rows: COMPRESSION_ROWS },
  { title: "Decompression", rows: DECOMPRESSION_ROWS },
  { title: "Dictionaries and patches", rows: DICTIONARY_ROWS },
  { title: "Parts of files", rows: SEEKABLE_ROWS },
  { title: "Benchmark", rows: BENCH_ROWS },
  { title: "Other", rows: OTHER_ROWS },
  { title: "Not supported", rows: UNSUPPORTED_ROWS },
];
