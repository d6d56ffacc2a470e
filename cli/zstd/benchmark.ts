/**
 * `sluice zstd -b`: how fast files are compressed and decompressed in memory, and how small they get.
 */
import { backendInfo } from "@sluice/ffi";
import {
  decompressZstd,
  ZSTD_VERSION,
  ZstdCompressor,
  ZstdDecompressor,
  zstdParameterBounds,
} from "@sluice/zstd";
import { EXIT, Failure } from "../shared/exit.ts";
import type { Input } from "../shared/inputs.ts";
import { STDOUT_SINK } from "../shared/io.ts";
import { LEVEL } from "../shared/messages.ts";
import { lastPartIndex } from "../shared/paths.ts";
import { compressOptions } from "./parameters.ts";
import { loadReference } from "./reference.ts";
import type { ZstdReference } from "./reference.ts";
import type { ZstdSettings } from "./settings.ts";

const SYNTHETIC_SIZE = 10_000_000;
const LEVEL_MAX = 22;
const NAME_WIDTH = 17;

/** What is measured in one go: files, cut into blocks. */
interface Subject {
  readonly name: string;
  readonly blocks: readonly Uint8Array[];
  readonly size: number;
}

/** What came of one level. */
interface Result {
  readonly compressedSize: number;
  /** Millions of content bytes a second; 0 where it was not measured. */
  readonly compressSpeed: number;
  readonly decompressSpeed: number;
}

/** Measures the inputs at each level; returns the exit code. */
export async function benchmark(inputs: readonly Input[], settings: ZstdSettings): Promise<number> {
  const reference = await loadReference(settings, 1);
  const { level: first } = settings;
  const { last = first, perFile } = settings.bench;
  const levels = Array.from({ length: Math.max(1, last - first + 1) }, (_, index) => first + index);
  for (const subject of await loadSubjects(inputs, settings, perFile)) {
    for (const level of levels.filter((level) => level <= LEVEL_MAX)) {
      const result = measure(subject, level, settings, reference);
      const line = settings.verbosity < LEVEL.results
        ? formatTerse(subject, level, result, settings)
        : formatLine(subject, level, result);
      await STDOUT_SINK.write(new TextEncoder().encode(`${line}\n`));
    }
  }
  return EXIT.ok;
}

async function loadSubjects(
  inputs: readonly Input[],
  settings: ZstdSettings,
  perFile: boolean,
): Promise<Subject[]> {
  const files: { name: string; bytes: Uint8Array }[] = [];
  for (const { name, path } of inputs) {
    if (path !== undefined) {
      files.push({ name: name.slice(lastPartIndex(name)), bytes: await load(path, settings) });
    }
  }
  if (files.length === 0) files.push({ name: "Synthetic 50%", bytes: synthesize() });
  const groups = perFile ? files.map((file) => [file]) : [files];
  return groups.map((group) => {
    const blocks = group.flatMap(({ bytes }) => cut(bytes, settings.jobSize));
    return {
      name: group.length === 1 ? group[0]!.name : ` ${group.length} files`,
      blocks,
      size: blocks.reduce((sum, block) => sum + block.length, 0),
    };
  });
}

/** A file's content; with `-d` what it decompresses to. */
async function load(path: string, settings: ZstdSettings): Promise<Uint8Array> {
  const bytes = await Deno.readFile(path).catch(() => {
    throw new Failure("Error 9 : Error loading files ", EXIT.benchInput);
  });
  return settings.mode === "decompress" ? decompressZstd(bytes, { maxOutputSize: Infinity }) : bytes;
}

function cut(bytes: Uint8Array, blockSize: number): Uint8Array[] {
  const step = blockSize === 0 ? Math.max(bytes.length, 1) : blockSize;
  const blocks: Uint8Array[] = [];
  for (let at = 0; at === 0 || at < bytes.length; at += step) blocks.push(bytes.subarray(at, at + step));
  return blocks;
}

/** Bytes of which about every second one can be told from those before: runs out of a short past, the same each time. */
function synthesize(): Uint8Array {
  const bytes = new Uint8Array(SYNTHETIC_SIZE);
  let state = 1;
  function random(): number {
    state ^= state << 13;
    state ^= state >>> 17;
    return (state ^= state << 5) >>> 0;
  }
  for (let at = 0; at < bytes.length;) {
    const length = Math.min(1 + random() % 24, bytes.length - at);
    const distance = 1 + random() % 30_000;
    if (distance <= at && random() % 2 === 0) {
      for (let i = 0; i < length; i++) bytes[at + i] = bytes[at + i - distance]!;
    } else for (let i = 0; i < length; i++) bytes[at + i] = 97 + (random() % 26 & random() % 26);
    at += length;
  }
  return bytes;
}

function measure(
  { blocks, size }: Subject,
  level: number,
  settings: ZstdSettings,
  reference: ZstdReference,
): Result {
  using compressor = new ZstdCompressor({
    ...compressOptions(settings, {
      level,
      size: undefined,
      // One thread of its own would only wait for this one.
      threads: backendInfo().threads && settings.threads > 1,
      maximum: (name) => zstdParameterBounds(name).max,
    }),
    contentChecksum: false,
    dictionary: reference.dictionary,
  });
  using decompressor = new ZstdDecompressor({
    dictionary: reference.dictionary,
    maxOutputSize: Infinity,
    maxWindowLog: zstdParameterBounds("windowLog").max,
  });
  const frames = blocks.map((block) => compressor.compress(block));
  const contents = blocks.map((block) => new Uint8Array(block.length));
  const { seconds } = settings.bench;
  const compressSpeed = settings.mode === "decompress" ? 0 : speed(size, seconds, () => {
    for (const [index, block] of blocks.entries()) frames[index] = compressor.compress(block);
  });
  const decompressSpeed = speed(size, seconds, () => {
    for (const [index, frame] of frames.entries()) decompressor.decompressInto(frame, contents[index]!);
  });
  return {
    compressedSize: frames.reduce((sum, frame) => sum + frame.length, 0),
    compressSpeed,
    decompressSpeed,
  };
}

/** Millions of bytes a second in the best of the passes that fit into the time; at least one pass runs. */
function speed(size: number, seconds: number, pass: () => void): number {
  const end = performance.now() + seconds * 1000;
  let best = Infinity;
  do {
    const started = performance.now();
    pass();
    best = Math.min(best, performance.now() - started);
  } while (performance.now() < end);
  return size / 1e3 / Math.max(best, 1e-3);
}

function ratio(size: number, compressedSize: number): string {
  return (size / compressedSize).toFixed(3).padStart(5);
}

function formatLine({ name, size }: Subject, level: number, result: Result): string {
  const { compressedSize, compressSpeed, decompressSpeed } = result;
  const label = `${`${level}`.padStart(2)}#${name.slice(0, NAME_WIDTH).padEnd(NAME_WIDTH)}`;
  const sizes = `${`${size}`.padStart(10)} -> ${`${compressedSize}`.padStart(10)}`;
  const compress = compressSpeed.toFixed(compressSpeed < 10 ? 2 : 1).padStart(6);
  return `${label} :${sizes} (x${ratio(size, compressedSize)}), ${compress} MB/s, ` +
    `${decompressSpeed.toFixed(1).padStart(6)} MB/s`;
}

/** What scripts read: a line of conditions and a line of numbers. */
function formatTerse(subject: Subject, level: number, result: Result, settings: ZstdSettings): string {
  const { name, size } = subject;
  const { compressedSize, compressSpeed, decompressSpeed } = result;
  const { seconds } = settings.bench;
  return `bench ${ZSTD_VERSION} : input ${size} bytes, ${seconds} seconds, ${
    settings.jobSize >> 10
  } KB blocks\n` +
    `-${`${level}`.padEnd(3)}${`${compressedSize}`.padStart(11)} (${ratio(size, compressedSize)}) ` +
    `${compressSpeed.toFixed(2).padStart(6)} MB/s ${decompressSpeed.toFixed(1).padStart(6)} MB/s  ${name}`;
}
