/**
 * The sub-commands of `sluice lz4` that the lz4 tool does not have: indexes, ranges, splits, resuming, salvage.
 */
import { parseRange } from "../shared/range.ts";
import type { ByteRange } from "../shared/range.ts";
import { byteSourceFromUrl, SluiceError } from "@sluice/internal";
import type { ByteSource } from "@sluice/internal";
import { openFileSource } from "@sluice/internal/file-source";
import {
  buildLz4Index,
  carveLz4,
  listLz4Frames,
  Lz4Archive,
  Lz4Checkpoint,
  Lz4CheckpointableDecompressor,
  Lz4Index,
  recoverLz4Iterable,
  repackLz4,
  scanLz4Index,
} from "@sluice/lz4";
import { EXIT, Failure, UsageFailure } from "../shared/exit.ts";
import { writeAll } from "../shared/io.ts";
import { LEVEL } from "../shared/messages.ts";
import type { Messages } from "../shared/messages.ts";
import { parseOptions } from "../shared/options.ts";
import type { OptionGroup } from "../shared/options.ts";
import { parseSize } from "../shared/sizes.ts";
import { writeOutput } from "../shared/write_output.ts";

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
  dictionary: string | undefined;
  zero: boolean;
  threads: number;
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

const OPTIONS: readonly OptionGroup<ArchiveSettings>[] = [{
  title: "Options of sub-commands",
  rows: [
    {
      long: ["range"],
      value: "next",
      valueName: "START-END",
      help: "Bytes of the content, END exclusive",
      set: (s, v, name) => s.range = parseRange(v, name),
    },
    {
      long: ["spacing"],
      value: "next",
      help: "Content bytes between index points",
      set: (s, v, n) => s.spacing = size(v, n),
    },
    {
      long: ["headers"],
      help: "index: by block headers alone, without decoding",
      set: (s) => s.headers = true,
    },
    { long: ["embed"], help: "Append the index to the file", set: (s) => s.embed = true },
    { long: ["strip"], help: "Remove an appended index", set: (s) => s.strip = true },
    {
      long: ["lines"],
      help: "index: count lines; repack: frames end behind a line",
      set: (s) => s.lines = true,
    },
    { long: ["count"], value: "next", help: "So many splits", set: (s, v, n) => s.count = size(v, n) },
    {
      long: ["bytes"],
      value: "next",
      help: "Splits, or frames of repack, of so many bytes",
      set: (s, v, n) => s.bytes = size(v, n),
    },
    { long: ["tsv"], help: "Columns instead of JSON", set: (s) => s.tsv = true },
    {
      long: ["state"],
      value: "next",
      valueName: "FILE",
      help: "Where resume keeps its place",
      set: (s, v) => s.state = v,
    },
    {
      long: ["every"],
      value: "next",
      help: "Output bytes between two saved places",
      set: (s, v, n) => s.every = size(v, n),
    },
    { long: ["zero"], help: "recover: zeros for what is lost", set: (s) => s.zero = true },
    {
      short: "T",
      long: ["threads"],
      value: "glued",
      help: "Threads that decode",
      set: (s, v, n) => s.threads = size(v, n),
    },
    { short: "D", value: "next", valueName: "FILE", help: "Dictionary", set: (s, v) => s.dictionary = v },
    { short: "o", value: "next", valueName: "FILE", help: "Output", set: (s, v) => s.output = v },
  ],
}];

/** The sub-commands by name. */
export const ARCHIVE_COMMANDS: Readonly<Record<string, (job: Job) => Promise<number>>> = {
  index: indexCommand,
  cat: catCommand,
  carve: carveCommand,
  splits: splitsCommand,
  resume: resumeCommand,
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
    dictionary: undefined,
    zero: false,
    threads: 1,
  };
  const operands = parseOptions(OPTIONS, args, settings);
  if (operands.length !== 1) throw new UsageFailure(`lz4 ${name} takes one file`);
  try {
    return await ARCHIVE_COMMANDS[name]!({ settings, messages, operands });
  } catch (error) {
    if (error instanceof SluiceError) {
      throw new Failure(`lz4: ${operands[0]}: ${error.message} (${error.code})`);
    }
    throw error;
  }
}

/** A file or URL with random access. */
async function openSource(path: string): Promise<ByteSource & Partial<Disposable>> {
  return /^https?:/.test(path) ? await byteSourceFromUrl(path) : await openFileSource(path);
}

async function withSource<T>(path: string, use: (source: ByteSource) => Promise<T>): Promise<T> {
  const source = await openSource(path);
  try {
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
      error instanceof SluiceError && error.code === "NO_RANGES";
    if (missing) return undefined;
    throw error;
  }
}

async function readState(path: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  return await Deno.readFile(path).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  });
}

/** The range that was asked for, inside the content. */
function rangeOf({ range }: ArchiveSettings, total: number): [number, number] {
  if (range === undefined) return [0, total];
  const end = range.end === Infinity ? total : range.end;
  if (range.start <= end && end <= total) return [range.start, end];
  throw new UsageFailure(`The range ${range.start}-${end} is not inside the ${total} bytes of content`);
}

async function indexCommand({ settings, messages, operands }: Job): Promise<number> {
  const path = operands[0]!;
  const stripped = await stripIndex(path, settings.embed || settings.strip);
  if (settings.strip) return stripped ? EXIT.ok : EXIT.failure;
  const index = await withSource(path, (source) => makeIndex(source, settings));
  const output = settings.output ?? sidecarOf(path);
  if (settings.embed) {
    using file = await Deno.open(path, { append: true });
    await writeAll(file, index.toSkippableFrame());
    await file.sync();
  } else {
    await writeOutput(output, [index.toBytes()]);
  }
  messages.say(
    LEVEL.results,
    `${path}: ${index.points.length} points over ${index.outputSize} bytes, ${index.toBytes().length} bytes of index in ` +
      `${settings.embed ? "the file" : output}`,
  );
  return EXIT.ok;
}

/** Cuts an index off the end of a file; returns whether there was one. */
async function stripIndex(path: string, wanted: boolean): Promise<boolean> {
  if (!wanted) return false;
  const end = await withSource(path, async (source) => {
    const index = await Lz4Index.embedded(source);
    await index?.loadWindows();
    return index === undefined ? undefined : source.size - index.toSkippableFrame().length;
  });
  if (end === undefined) return false;
  await Deno.truncate(path, end);
  return true;
}

async function catCommand(job: Job): Promise<number> {
  const { settings } = job;
  await withIndex(job, async (source, index) => {
    const [start, end] = rangeOf(settings, index.outputSize);
    using archive = new Lz4Archive(source, index, await dictionaryOf(settings));
    await writeOutput(settings.output, archive.stream({ start, end, threads: settings.threads }));
  });
  return EXIT.ok;
}

async function carveCommand(job: Job): Promise<number> {
  const { settings, messages, operands } = job;
  await withIndex(job, async (source, index) => {
    const [start, end] = rangeOf(settings, index.outputSize);
    await writeOutput(settings.output, [await carveLz4(source, index, start, end)]);
    const point = index.at(start);
    const history = index.pieces(start, end)[0]?.drop ?? 0;
    messages.say(
      LEVEL.results,
      `${operands[0]}: the range starts ${start - point.out + history} bytes into the decoded part`,
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
  for (const { id, in: input, out, kind, prefix, suffix, drop } of splits) {
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

/** How much output passes between two saved states unless told otherwise. */
const STATE_EVERY_DEFAULT = 16 << 20;

/** Decompresses a file or URL to a file and keeps its place beside it, so that a killed run goes on. */
async function resumeCommand({ settings, messages, operands }: Job): Promise<number> {
  const path = operands[0]!;
  const output = settings.output ?? path.replace(/\.lz4$/, "").split("/").at(-1)!;
  const statePath = settings.state ?? `${output}.s4ck`;
  const saved = await readState(statePath);
  const checkpoint = saved === undefined ? undefined : Lz4Checkpoint.fromBytes(saved);
  const source = /^https?:/.test(path) ? openUrl(path) : (offset: number) => openAt(path, offset);
  using file = await Deno.open(output, { write: true, create: true });
  await file.truncate(checkpoint?.out ?? 0);
  await file.seek(checkpoint?.out ?? 0, Deno.SeekMode.Start);
  const options = await dictionaryOf(settings);
  await using decompressor = checkpoint === undefined
    ? new Lz4CheckpointableDecompressor(source, options)
    : Lz4CheckpointableDecompressor.resume(checkpoint, source, options);
  const every = settings.every ?? STATE_EVERY_DEFAULT;
  let last = checkpoint?.out ?? 0;
  for await (const chunk of decompressor) {
    await writeAll(file, chunk);
    if (decompressor.position.out - last < every) continue;
    last = decompressor.position.out;
    await file.sync();
    await writeOutput(statePath, [await decompressor.marshal()]);
  }
  await file.sync();
  await Deno.remove(statePath).catch(() => {});
  const from = checkpoint === undefined ? "" : `, resumed at ${checkpoint.out}`;
  messages.say(
    LEVEL.results,
    `${output}: ${decompressor.position.out} bytes${from}, ${decompressor.reconnects} reconnects, checksum verified`,
  );
  return EXIT.ok;
}

async function openAt(path: string, offset: number): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  const file = await Deno.open(path);
  await file.seek(offset, Deno.SeekMode.Start);
  return file.readable;
}

/** Opens a URL at an offset; the object must stay the same. */
function openUrl(
  url: string,
): (offset: number, signal: AbortSignal) => Promise<AsyncIterable<Uint8Array<ArrayBuffer>>> {
  let etag: string | undefined;
  return async (offset, signal) => {
    const headers = new Headers({ range: `bytes=${offset}-`, "accept-encoding": "identity" });
    if (etag !== undefined) headers.set("if-range", etag);
    const response = await fetch(url, { headers, signal });
    if (response.status !== 206 && !(response.status === 200 && offset === 0) || response.body === null) {
      await response.body?.cancel();
      if (response.status === 416) return ReadableStream.from<Uint8Array<ArrayBuffer>>([]);
      throw new Failure(`lz4: ${url}: the server answered ${response.status}`);
    }
    etag ??= response.headers.get("etag") ?? undefined;
    return response.body;
  };
}

async function recoverCommand({ settings, messages, operands }: Job): Promise<number> {
  const path = operands[0]!;
  let damage = 0;
  await withSource(path, async (source) => {
    async function* content(): AsyncGenerator<Uint8Array> {
      for await (const part of recoverLz4Iterable(source, await dictionaryOf(settings))) {
        if (part.kind === "content") yield part.bytes;
        else {
          damage++;
          messages.say(LEVEL.results, `${path}: bytes ${part.in[0]} to ${part.in[1]}: ${part.reason}`);
          if (settings.zero && part.size !== undefined) yield new Uint8Array(part.size);
        }
      }
    }
    await writeOutput(settings.output, content());
  });
  return damage === 0 ? EXIT.ok : EXIT.failure;
}

/** Writes a file of many frames with an index, which can be split and read anywhere. */
async function repackCommand({ settings, operands }: Job): Promise<number> {
  const path = operands[0]!;
  await withSource(path, async (source) => {
    const chunks = repackLz4(readAll(source), {
      frameSize: settings.bytes,
      separator: settings.lines ? LINE_FEED : undefined,
      threads: settings.threads,
      decompress: await dictionaryOf(settings),
    });
    await writeOutput(settings.output, chunks);
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
