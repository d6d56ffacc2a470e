/**
 * The sub-commands of `sluice lz4` that the lz4 tool does not have: indexes, ranges, splits, resuming, salvage.
 */
import { parseRange } from "../shared/range.ts";
import type { ByteRange } from "../shared/range.ts";
import { NotFoundError, SluiceError } from "@sluice/internal";
import type { ByteSource } from "@sluice/internal";
import { openFileSource } from "@sluice/internal/file-source";
import {
  buildLz4Index,
  carveLz4,
  listLz4Frames,
  Lz4Archive,
  Lz4Index,
  recoverLz4Iterable,
  repackLz4,
  scanLz4Index,
} from "@sluice/lz4";
import { describeSystemError, EXIT, exitCodeOf, Failure, UsageFailure } from "../shared/exit.ts";
import { writeAll } from "../shared/io.ts";
import { LEVEL } from "../shared/messages.ts";
import type { Messages } from "../shared/messages.ts";
import { formatOptions, parseOptions, refuseIdle } from "../shared/options.ts";
import type { GivenOption, OptionGroup } from "../shared/options.ts";
import { parseSize } from "../shared/sizes.ts";
import { openSource } from "../shared/source.ts";
import { checkTarget, ProtectedFiles, writeOutput } from "../shared/target.ts";
import type { TargetOptions } from "../shared/target.ts";

/** What a sub-command's command line asks for. */
interface ArchiveSettings {
  range: ByteRange | undefined;
  spacing: number | undefined;
  headers: boolean;
  embed: boolean;
  strip: boolean;
  lines: boolean;
  count: number | undefined;
  bytes: number | undefined;
  tsv: boolean;
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
interface Job {
  readonly settings: ArchiveSettings;
  readonly messages: Messages;
  readonly operands: readonly string[];
}

const LINE_FEED = 10;
const READ_SIZE = 1 << 20;

function size(text: string, name: string): number {
  const value = parseSize(text);
  if (value !== undefined && value > 0) return value;
  throw new UsageFailure(`Option ${name} has the value "${text}", expected a size such as 4M`);
}

/** Sub-commands that write a file. */
const WRITING: readonly string[] = ["index", "cat", "carve", "get", "resume", "recover", "repack"];
/** Sub-commands that keep their place. */
const DOWNLOADS: readonly string[] = ["get", "resume"];

const OPTIONS: readonly OptionGroup<ArchiveSettings>[] = [{
  title: "Options of sub-commands",
  rows: [
    {
      long: ["range"],
      value: "next",
      valueName: "START-END",
      help: "Bytes of the content, END exclusive",
      modes: ["cat", "carve"],
      set: (s, v, name) => s.range = parseRange(v, name),
    },
    {
      long: ["spacing"],
      value: "next",
      help: "Content bytes between index points",
      modes: ["index", "cat", "carve", "splits"],
      set: (s, v, n) => s.spacing = size(v, n),
    },
    {
      long: ["headers"],
      help: "Index by block headers alone, without decoding",
      modes: ["index", "cat", "carve", "splits"],
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
      long: ["bytes"],
      value: "next",
      help: "Splits, or frames of repack, of so many bytes",
      modes: ["splits", "repack"],
      set: (s, v, n) => s.bytes = size(v, n),
    },
    { long: ["tsv"], help: "Columns instead of JSON", modes: ["splits"], set: (s) => s.tsv = true },
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
      modes: DOWNLOADS,
      set: (s, v, n) => s.stallTimeout = size(v, n),
    },
    {
      long: ["decrypt"],
      value: "next",
      valueName: "CIPHER",
      help: "aes-128-ctr or aes-256-ctr; needs --key-file",
      modes: DOWNLOADS,
      set: (s, v) => s.decrypt = v,
    },
    {
      long: ["key-file"],
      value: "next",
      valueName: "FILE",
      help: "The key, with --iv; else the password of openssl enc -pbkdf2",
      modes: DOWNLOADS,
      set: (s, v) => s.keyFile = v,
    },
    {
      long: ["iv"],
      value: "next",
      valueName: "HEX",
      help: "The counter block of the first byte",
      modes: DOWNLOADS,
      set: (s, v) => s.iv = v,
    },
    {
      long: ["iterations"],
      value: "next",
      help: "Rounds of PBKDF2, 10000 unless told otherwise",
      modes: DOWNLOADS,
      set: (s, v, n) => s.iterations = size(v, n),
    },
    { long: ["zero"], help: "Zeros for what is lost", modes: ["recover"], set: (s) => s.zero = true },
    {
      long: ["json"],
      help: "Report as JSON, one object a line",
      modes: ["recover"],
      set: (s) => s.json = true,
    },
    {
      short: "T",
      long: ["threads"],
      value: "glued",
      help: "Threads that decode",
      modes: ["cat", "repack"],
      set: (s, v, n) => s.threads = size(v, n),
    },
    {
      short: "D",
      value: "next",
      valueName: "FILE",
      help: "Dictionary",
      modes: ["index", "cat", "carve", "splits", "get", "resume", "recover", "repack"],
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
    { short: "f", long: ["force"], help: "Overwrite the output", modes: WRITING, set: (s) => s.force = true },
    { short: "h", long: ["help"], help: "Show this", set: (s) => s.help = true },
  ],
}];

/** The sub-commands by name. */
export const ARCHIVE_COMMANDS: Readonly<Record<string, (job: Job) => Promise<number>>> = {
  index: indexCommand,
  cat: catCommand,
  carve: carveCommand,
  splits: splitsCommand,
  get: downloadCommand,
  resume: downloadCommand,
  recover: recoverCommand,
  repack: repackCommand,
  info: infoCommand,
};

/** Runs a sub-command. */
export async function runArchiveCommand(
  name: string,
  args: readonly string[],
  messages: Messages,
): Promise<number> {
  const settings: ArchiveSettings = {
    range: undefined,
    spacing: undefined,
    headers: false,
    embed: false,
    strip: false,
    lines: false,
    count: undefined,
    bytes: undefined,
    tsv: false,
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
  const given: GivenOption[] = [];
  const operands = parseOptions(OPTIONS, args, settings, given);
  if (settings.help) {
    console.log(helpOf(name));
    return EXIT.ok;
  }
  refuseIdle(given, name);
  if (operands.length !== 1) throw new UsageFailure(`lz4 ${name} takes one file`);
  try {
    return await ARCHIVE_COMMANDS[name]!({ settings, messages, operands });
  } catch (error) {
    if (error instanceof SluiceError) {
      throw new Failure(`lz4: ${operands[0]}: ${error.message} (${error.code})`, exitCodeOf(error));
    }
    throw error;
  }
}

/** The help of one sub-command: the options that have an effect in it. */
function helpOf(name: string): string {
  const groups = OPTIONS.map(({ rows, title }) => ({
    title,
    rows: rows.filter(({ modes }) => modes === undefined || modes.includes(name)),
  }));
  return `Usage: sluice lz4 ${name} ${URL_COMMANDS.includes(name) ? "FILE|URL" : "FILE"} [OPTIONS...]\n\n` +
    formatOptions(groups).trimEnd();
}

/** Sub-commands that take a URL as well. */
const URL_COMMANDS: readonly string[] = [
  "index",
  "cat",
  "carve",
  "splits",
  "get",
  "resume",
  "recover",
  "repack",
  "info",
];

/** How the output of a sub-command is written: neither its file nor what belongs to it is replaced. */
async function outputOptions(
  { settings, messages, operands }: Job,
  makesSidecar = false,
): Promise<TargetOptions> {
  const path = operands[0]!;
  const files = await ProtectedFiles.of([path, settings.dictionary]);
  if (!makesSidecar) await files.add(sidecarOf(path), "the index of the input");
  return { command: "lz4", force: settings.force, messages, files };
}

/** Checks the output before any work. */
async function checkOutput(job: Job): Promise<TargetOptions> {
  const options = await outputOptions(job);
  const { output } = job.settings;
  if (output !== undefined && output !== "-") await checkTarget(output, options);
  return options;
}

async function withSource<T>(path: string, use: (source: ByteSource) => Promise<T>): Promise<T> {
  const source = await openSource(path);
  try {
    if (source.size === 0) throw new Failure(`lz4: ${path}: the file is empty`);
    return await use(source);
  } finally {
    source[Symbol.dispose]?.();
  }
}

function sidecarOf(path: string): string {
  return `${path}.s4ix`;
}

async function dictionaryOf(settings: ArchiveSettings): Promise<{ dictionary?: Uint8Array<ArrayBuffer> }> {
  return settings.dictionary === undefined ? {} : { dictionary: await Deno.readFile(settings.dictionary) };
}

/** Opens a file and its index, which is inside it, beside it, or made now. */
async function withIndex<T>(
  { settings, operands }: Job,
  use: (source: ByteSource, index: Lz4Index) => Promise<T>,
): Promise<T> {
  const path = operands[0]!;
  using open = new DisposableStack();
  const source = await openSource(path);
  open.defer(() => source[Symbol.dispose]?.());
  const embedded = await Lz4Index.embedded(source);
  if (embedded !== undefined) return await use(source, embedded);
  const sidecar = await openSidecar(sidecarOf(path));
  if (sidecar === undefined) return await use(source, await makeIndex(source, settings));
  open.defer(() => sidecar[Symbol.dispose]?.());
  const index = await Lz4Index.open(sidecar);
  if (await index.matches(source)) return await use(source, index);
  throw new Failure(`lz4: ${sidecarOf(path)}: is the index of another file`);
}

async function makeIndex(source: ByteSource, settings: ArchiveSettings): Promise<Lz4Index> {
  const spacing = settings.spacing === undefined ? {} : { spacing: settings.spacing };
  if (settings.headers) return await scanLz4Index(source, spacing);
  return await buildLz4Index(source, {
    ...await dictionaryOf(settings),
    ...spacing,
    lines: settings.lines,
  });
}

/** A sidecar that may not be there. */
async function openSidecar(path: string): Promise<ByteSource & Partial<Disposable> | undefined> {
  try {
    return await openSource(path);
  } catch (error) {
    const missing = error instanceof Deno.errors.NotFound ||
      error instanceof NotFoundError;
    if (missing) return undefined;
    throw error;
  }
}

/** The range that was asked for, inside the content. */
function rangeOf({ range }: ArchiveSettings, total: number): [number, number] {
  if (range === undefined) return [0, total];
  const end = range.end === Infinity ? total : range.end;
  if (range.start <= end && end <= total) return [range.start, end];
  throw new UsageFailure(`The range ${range.start}-${end} is not inside the ${total} bytes of content`);
}

async function indexCommand(job: Job): Promise<number> {
  const { settings, messages, operands } = job;
  const path = operands[0]!;
  const { embed, strip, output } = settings;
  if (embed && strip) throw new UsageFailure("Options --embed and --strip exclude each other");
  if ((embed || strip) && output !== undefined) {
    throw new UsageFailure(`Option -o has no effect with ${embed ? "--embed" : "--strip"}`);
  }
  const target = output ?? sidecarOf(path);
  // An index beside its file is made anew; the file's name says what it is.
  const options = await outputOptions(job, target === sidecarOf(path));
  if (!embed && !strip) {
    await checkTarget(
      target,
      output === undefined && await isIndex(target) ? { ...options, force: true } : options,
    );
  }
  if (strip) {
    const end = await withSource(path, embeddedAt);
    if (end === undefined) throw new Failure(`lz4: ${path} has no index in it`);
    await Deno.truncate(path, end);
    return EXIT.ok;
  }
  const { index, end } = await withSource(path, async (source) => ({
    end: await embeddedAt(source) ?? source.size,
    index: await makeIndex(source, settings),
  }));
  if (embed) await appendIndex(path, index.toSkippableFrame(), end);
  else {
    const force = options.force || output === undefined && await isIndex(target);
    await writeOutput(target, [index.toBytes()], { ...options, force });
  }
  messages.say(
    LEVEL.results,
    `${path}: ${index.points.length} points over ${index.outputSize} bytes, ${index.toBytes().length} bytes of index in ` +
      `${embed ? "the file" : target}`,
  );
  return EXIT.ok;
}

/** Whether a file is an index, which may be made anew. */
async function isIndex(path: string): Promise<boolean> {
  try {
    using source = await openFileSource(path);
    await Lz4Index.open(source);
    return true;
  } catch {
    return false;
  }
}

/** Appends an index to its file, in place of an earlier one; takes it back when that fails. */
async function appendIndex(path: string, frame: Uint8Array, end: number): Promise<void> {
  using file = await Deno.open(path, { read: true, write: true });
  const { size } = await file.stat();
  const earlier = new Uint8Array(size - end);
  await file.seek(end, Deno.SeekMode.Start);
  for (let filled = 0; filled < earlier.length;) {
    filled += await file.read(earlier.subarray(filled)) ?? earlier.length;
  }
  const restore = async (): Promise<void> => {
    await file.truncate(end);
    await file.seek(end, Deno.SeekMode.Start);
    await writeAll(file, earlier);
  };
  try {
    await file.seek(end, Deno.SeekMode.Start);
    await writeAll(file, frame);
    await file.truncate(end + frame.length);
    await file.sync();
  } catch (error) {
    await restore();
    throw new Failure(`lz4: ${path}: ${describeSystemError(error)}`);
  }
}

/** Where an index inside a file starts; undefined where there is none. */
async function embeddedAt(source: ByteSource): Promise<number | undefined> {
  const index = await Lz4Index.embedded(source);
  await index?.loadWindows();
  return index === undefined ? undefined : source.size - index.toSkippableFrame().length;
}

async function catCommand(job: Job): Promise<number> {
  const { settings } = job;
  const options = await checkOutput(job);
  await withIndex(job, async (source, index) => {
    const [start, end] = rangeOf(settings, index.outputSize);
    using archive = new Lz4Archive(source, index, await dictionaryOf(settings));
    await writeOutput(
      settings.output,
      archive.stream(start, end - start, { threads: settings.threads }),
      options,
    );
  });
  return EXIT.ok;
}

async function carveCommand(job: Job): Promise<number> {
  const { settings, messages, operands } = job;
  const options = await checkOutput(job);
  await withIndex(job, async (source, index) => {
    const [start, end] = rangeOf(settings, index.outputSize);
    await writeOutput(settings.output, [await carveLz4(source, index, start, end)], options);
    const point = index.at(start);
    const history = index.pieces(start, end)[0]?.drop ?? 0;
    messages.say(
      LEVEL.results,
      `${operands[0]}: the range starts ${
        start - point.decompressedOffset + history
      } bytes into the decoded part`,
    );
  });
  return EXIT.ok;
}

async function splitsCommand(job: Job): Promise<number> {
  const { count, bytes } = job.settings;
  const splits = await withIndex(job, async (_source, index) => {
    await index.loadWindows();
    return index.splits(count === undefined && bytes === undefined ? { count: 16 } : { count, bytes });
  });
  for (const { id, compressedRange: input, decompressedRange: out, kind, prefix, suffix, drop } of splits) {
    console.log(
      job.settings.tsv
        ? [id, ...input, ...out, kind, prefix.toBase64(), suffix.toBase64(), drop].join("\t")
        : JSON.stringify({
          id,
          in: input,
          out,
          kind,
          prefix: prefix.toBase64(),
          suffix: suffix.toBase64(),
          drop,
        }),
    );
  }
  return EXIT.ok;
}

/** Decompresses a file or URL and keeps its place, so that a killed run goes on. */
async function downloadCommand({ settings, messages, operands }: Job): Promise<number> {
  const { download } = await import("./download.ts");
  return await download({ ...settings, source: operands[0]!, messages });
}

/** What `recover` found, for people or programs. */
type Finding =
  | {
    readonly kind: "damage";
    readonly in: readonly [number, number];
    readonly out: number;
    readonly reason: string;
  }
  | {
    readonly kind: "suspect";
    readonly in: readonly [number, number];
    readonly out: readonly [number, number];
  };

async function recoverCommand(job: Job): Promise<number> {
  const { settings, messages, operands } = job;
  const path = operands[0]!;
  const options = await checkOutput(job);
  let found = 0;
  let out = 0;
  const report = (finding: Finding): void => {
    found++;
    if (settings.json) return print(JSON.stringify({ file: path, ...finding }));
    const bytes = `${path}: bytes ${finding.in[0]} to ${finding.in[1]}`;
    messages.say(
      LEVEL.results,
      finding.kind === "damage"
        ? `${bytes}: ${finding.reason}, at byte ${finding.out} of the content`
        : `${bytes}: content ${finding.out[0]} to ${finding.out[1]} derives from lost bytes`,
    );
  };
  // The report must not get into the content.
  const toStdout = settings.output === undefined || settings.output === "-";
  const print = (line: string): void => toStdout ? messages.say(LEVEL.errors, line) : console.log(line);
  await withSource(path, async (source) => {
    async function* content(): AsyncGenerator<Uint8Array> {
      for await (const part of recoverLz4Iterable(source, await dictionaryOf(settings))) {
        if (part.kind === "content") {
          for (const [start, end] of part.suspectRanges) {
            report({ kind: "suspect", in: part.compressedRange, out: [out + start, out + end] });
          }
          out += part.bytes.length;
          yield part.bytes;
          continue;
        }
        report({ kind: "damage", in: part.compressedRange, out, reason: part.reason });
        if (!settings.zero || part.size === undefined) continue;
        out += part.size;
        yield new Uint8Array(part.size);
      }
      if (out > 0 || found === 0) return;
      throw new Failure(
        `lz4: ${path}: nothing could be recovered${toStdout ? "" : "; no output was written"}`,
      );
    }
    await writeOutput(settings.output, content(), options);
  });
  return found === 0 ? EXIT.ok : EXIT.failure;
}

/** Writes a file of many frames with an index, which can be split and read anywhere. */
async function repackCommand(job: Job): Promise<number> {
  const { settings, operands } = job;
  const options = await checkOutput(job);
  const path = operands[0]!;
  await withSource(path, async (source) => {
    const chunks = repackLz4(readAll(source), {
      frameSize: settings.bytes,
      separator: settings.lines ? LINE_FEED : undefined,
      threads: settings.threads,
      decompress: await dictionaryOf(settings),
    });
    await writeOutput(settings.output, chunks, options);
  });
  return EXIT.ok;
}

/** The bytes of a source in order, a piece at a time. */
async function* readAll(source: ByteSource): AsyncGenerator<Uint8Array, void, undefined> {
  for (let offset = 0; offset < source.size; offset += READ_SIZE) {
    yield await source.read(offset, Math.min(READ_SIZE, source.size - offset));
  }
}

/** One JSON object a frame. */
export async function infoCommand({ operands }: Pick<Job, "operands">): Promise<number> {
  await withSource(operands[0]!, async (source) => {
    for await (const frame of listLz4Frames(source)) console.log(JSON.stringify(frame));
  });
  return EXIT.ok;
}
