/**
 * The options of the sub-commands of `sluice lz4`: one row each.
 */
import { UsageFailure } from "../shared/exit.ts";
import type { Messages } from "../shared/messages.ts";
import type { OptionGroup } from "../shared/options.ts";
import { parseRange } from "../shared/range.ts";
import type { ByteRange } from "../shared/range.ts";
import { parseByte, parseSize } from "../shared/sizes.ts";

/** What a sub-command's command line asks for. */
export interface ArchiveSettings {
  range: ByteRange | undefined;
  numbers: ByteRange | undefined;
  index: string | undefined;
  spacing: number | undefined;
  headers: boolean;
  embed: boolean;
  strip: boolean;
  lines: boolean;
  count: number | undefined;
  bytes: number | undefined;
  atLine: boolean;
  atDelimiter: number | undefined;
  plan: boolean;
  tsv: boolean;
  glue: string | undefined;
  output: string | undefined;
  state: string | undefined;
  every: number | undefined;
  stallTimeout: number | undefined;
  dictionary: string | undefined;
  decrypt: string | undefined;
  keyFile: string | undefined;
  iv: string | undefined;
  iterations: number | undefined;
  zero: boolean;
  json: boolean;
  force: boolean;
  threads: number;
  help: boolean;
}

/** A sub-command with its settings. */
export interface Job {
  readonly settings: ArchiveSettings;
  readonly messages: Messages;
  readonly operands: readonly string[];
}

/** What is done unless options say otherwise. */
export function defaultArchiveSettings(): ArchiveSettings {
  return {
    range: undefined,
    numbers: undefined,
    index: undefined,
    spacing: undefined,
    headers: false,
    embed: false,
    strip: false,
    lines: false,
    count: undefined,
    bytes: undefined,
    atLine: false,
    atDelimiter: undefined,
    plan: false,
    tsv: false,
    glue: undefined,
    output: undefined,
    state: undefined,
    every: undefined,
    stallTimeout: undefined,
    dictionary: undefined,
    decrypt: undefined,
    keyFile: undefined,
    iv: undefined,
    iterations: undefined,
    zero: false,
    json: false,
    force: false,
    threads: 1,
    help: false,
  };
}

function size(text: string, name: string): number {
  const value = parseSize(text);
  if (value !== undefined && value > 0) return value;
  throw new UsageFailure(`Option ${name} has the value "${text}", expected a size such as 4M`);
}

function byte(text: string, name: string): number {
  const value = parseByte(text);
  if (value !== undefined) return value;
  throw new UsageFailure(`Option ${name} has the value "${text}", expected a byte such as 10 or 0x0a`);
}

/** Sub-commands that read through an index. */
const INDEXED: readonly string[] = ["cat", "lines", "carve", "splits"];
/** Sub-commands that write a file. */
const WRITING: readonly string[] = [
  "index",
  "cat",
  "lines",
  "carve",
  "get",
  "resume",
  "recover",
  "repack",
  "join",
];
/** Sub-commands that keep their place. */
const DOWNLOADS: readonly string[] = ["get", "resume"];

/** Every option of a sub-command; those without modes belong to its source, or to all. */
export const ARCHIVE_OPTIONS: readonly OptionGroup<ArchiveSettings>[] = [{
  title: "Options of sub-commands",
  rows: [
    {
      long: ["range"],
      value: "next",
      valueName: "START-END",
      help: "Bytes of the content, END left out; lines that start there; for carve, the blocks around",
      modes: ["cat", "lines", "carve"],
      set: (s, v, name) => s.range = parseRange(v, name),
    },
    {
      long: ["numbers"],
      value: "next",
      valueName: "FROM-TO",
      help: "Lines by number: the first line is 0, and TO is left out",
      modes: ["lines"],
      set: (s, v, name) => s.numbers = parseRange(v, name, "FROM-TO"),
    },
    {
      long: ["index"],
      value: "next",
      valueName: "FILE",
      help: "The index of the source, where it is not in it or beside it",
      modes: INDEXED,
      set: (s, v) => s.index = v,
    },
    {
      long: ["spacing"],
      value: "next",
      help: "Content bytes between index points",
      modes: ["index", ...INDEXED],
      set: (s, v, n) => s.spacing = size(v, n),
    },
    {
      long: ["headers"],
      help: "Index by block headers alone, without decoding",
      modes: ["index", ...INDEXED],
      set: (s) => s.headers = true,
    },
    { long: ["embed"], help: "Append the index to the file", modes: ["index"], set: (s) => s.embed = true },
    { long: ["strip"], help: "Remove an appended index", modes: ["index"], set: (s) => s.strip = true },
    {
      long: ["lines"],
      help: "index: count lines; repack: frames end after a line",
      modes: ["index", "repack"],
      set: (s) => s.lines = true,
    },
    {
      long: ["count"],
      value: "next",
      help: "So many splits",
      modes: ["splits"],
      set: (s, v, n) => s.count = size(v, n),
    },
    {
      long: ["bytes", "split"],
      value: "next",
      help: "Splits, or frames of repack, of so many bytes",
      modes: ["splits", "repack"],
      set: (s, v, n) => s.bytes = size(v, n),
    },
    {
      long: ["at-line"],
      help: "Splits end after a line",
      modes: ["splits"],
      set: (s) => s.atLine = true,
    },
    {
      long: ["at-delimiter"],
      value: "next",
      valueName: "BYTE",
      help: "Splits end after this byte, 0 to 255 or 0x0 to 0xff",
      modes: ["splits"],
      set: (s, v, n) => s.atDelimiter = byte(v, n),
    },
    {
      long: ["plan"],
      help: "One split a line, as readLz4Split takes it, in place of rows",
      modes: ["splits"],
      set: (s) => s.plan = true,
    },
    { long: ["tsv"], help: "Columns instead of JSON", modes: ["splits"], set: (s) => s.tsv = true },
    {
      long: ["glue"],
      value: "next",
      valueName: "FILE",
      help: "Write what makes pieces files there; rows say where, not what",
      modes: ["splits"],
      set: (s, v) => s.glue = v,
    },
    {
      long: ["state"],
      value: "next",
      valueName: "FILE",
      help: "Where the place is kept",
      modes: DOWNLOADS,
      set: (s, v) => s.state = v,
    },
    {
      long: ["every"],
      value: "next",
      help: "Output bytes between two saved places",
      modes: DOWNLOADS,
      set: (s, v, n) => s.every = size(v, n),
    },
    {
      long: ["stall-timeout"],
      value: "next",
      valueName: "SECONDS",
      help: "Make a request again after so long without a byte; 30",
      set: (s, v, n) => s.stallTimeout = size(v, n),
    },
    {
      long: ["decrypt"],
      value: "next",
      valueName: "CIPHER",
      help: "aes-256-ctr, aes-256-gcm, or with 128; needs --key-file",
      set: (s, v) => s.decrypt = v,
    },
    {
      long: ["key-file"],
      value: "next",
      valueName: "FILE",
      help: "The key, with --iv or GCM; else the password of openssl enc -pbkdf2",
      set: (s, v) => s.keyFile = v,
    },
    {
      long: ["iv"],
      value: "next",
      valueName: "HEX",
      help: "The counter block of the first byte",
      set: (s, v) => s.iv = v,
    },
    {
      long: ["iterations"],
      value: "next",
      help: "Rounds of PBKDF2, 10000 unless told otherwise",
      set: (s, v, n) => s.iterations = size(v, n),
    },
    { long: ["zero"], help: "Zeros for what is lost", modes: ["recover"], set: (s) => s.zero = true },
    {
      long: ["json"],
      help: "Report as JSON, one object a line; the default of splits",
      modes: ["recover", "splits"],
      set: (s) => s.json = true,
    },
    {
      short: "T",
      long: ["threads"],
      value: "glued",
      help: "Threads that decode",
      modes: ["cat", "lines", "repack"],
      set: (s, v, n) => s.threads = size(v, n),
    },
    {
      short: "D",
      value: "next",
      valueName: "FILE",
      help: "Dictionary",
      modes: [...WRITING.filter((name) => name !== "join"), "splits"],
      set: (s, v) => s.dictionary = v,
    },
    {
      short: "o",
      value: "next",
      valueName: "FILE",
      help: "Output",
      modes: WRITING,
      set: (s, v) => s.output = v,
    },
    {
      short: "f",
      long: ["force"],
      help: "Overwrite the output",
      modes: [...WRITING, "splits"],
      set: (s) => s.force = true,
    },
    { short: "h", long: ["help"], help: "Show this", set: (s) => s.help = true },
  ],
}];
