/**
 * `sluice lz4 -b`: how fast files are compressed to raw blocks and decompressed in memory, and how small they get.
 */
import { compressLz4Block, decompressLz4Block, LZ4_VERSION } from "@sluice/lz4";
import { describeSystemError, EXIT, Failure, UsageFailure } from "../shared/exit.ts";
import type { Input } from "../shared/inputs.ts";
import { LEVEL } from "../shared/messages.ts";
import { lastPartIndex } from "../shared/paths.ts";
import type { Lz4Settings } from "./options.ts";

const NAME_WIDTH = 17;
/** The tool measures files of up to this size as one block each. */
const FILE_SIZE_MAX = 2 ** 30;

/** What came of one level. */
interface Result {
  readonly compressedSize: number;
  /** Millions of content bytes a second. */
  readonly compressSpeed: number;
  readonly decompressSpeed: number;
}

/** Measures all inputs together at each level, and prints to stderr as the tool does; returns the exit code. */
export async function benchmark(inputs: readonly Input[], settings: Lz4Settings): Promise<number> {
  const { level: first, bench } = settings;
  const last = Math.max(first, bench.last ?? first);
  const files = await Promise.all(inputs.map(load));
  const size = files.reduce((sum, { length }) => sum + length, 0);
  if (size === 0) throw new Failure("Error 12 : no data to bench", EXIT.lz4BenchEmpty);
  const name = inputs.length === 1
    ? inputs[0]!.name.slice(lastPartIndex(inputs[0]!.name))
    : ` ${inputs.length} files`;
  const terse = settings.verbosity < LEVEL.results;
  if (terse) {
    console.error(`bench ${LZ4_VERSION} : input ${size} bytes, ${bench.seconds} seconds, 0 KB blocks`);
  }
  for (let level = first; level <= last; level++) {
    const result = measure(files, size, level, 1000 * bench.seconds);
    console.error((terse ? formatTerse : formatLine)(name, level, size, result));
  }
  return EXIT.ok;
}

async function load({ path }: Input): Promise<Uint8Array<ArrayBuffer>> {
  if (path === undefined) throw new UsageFailure("Option -b takes files");
  const bytes = await Deno.readFile(path).catch((error) => {
    throw new Failure(`lz4: ${path}: ${describeSystemError(error)}`, EXIT.lz4BenchOpen);
  });
  if (bytes.length <= FILE_SIZE_MAX) return bytes;
  throw new Failure(`lz4: ${path}: files above ${FILE_SIZE_MAX} bytes are not measured`);
}

/** The best of as many rounds as fit the time, at least one, in each direction. */
function measure(
  files: readonly Uint8Array<ArrayBuffer>[],
  size: number,
  level: number,
  time: number,
): Result {
  let blocks: Uint8Array<ArrayBuffer>[] = [];
  const compressing = best(time, () => blocks = files.map((bytes) => compressLz4Block(bytes, { level })));
  let contents: Uint8Array<ArrayBuffer>[] = [];
  const decompressing = best(time, () => {
    contents = blocks.map((block, i) => decompressLz4Block(block, { maxOutputSize: files[i]!.length }));
  });
  for (const [i, bytes] of files.entries()) {
    if (indexOfDifference(bytes, contents[i]!) < 0) continue;
    throw new Failure("Error 3 : a block does not decompress to what it was made of", EXIT.lz4BenchWrong);
  }
  return {
    compressedSize: blocks.reduce((sum, { length }) => sum + length, 0),
    compressSpeed: size / compressing / 1000,
    decompressSpeed: size / decompressing / 1000,
  };
}

/** Milliseconds of the fastest round. */
function best(time: number, round: () => void): number {
  let fastest = Infinity;
  const start = performance.now();
  do {
    const begun = performance.now();
    round();
    fastest = Math.min(fastest, performance.now() - begun);
  } while (performance.now() - start < time);
  return fastest;
}

/** Where two values differ; -1 where they do not. */
function indexOfDifference(a: Uint8Array, b: Uint8Array): number {
  return a.length === b.length ? a.findIndex((byte, i) => byte !== b[i]) : Math.min(a.length, b.length);
}

/** A line as the tool leaves it on a terminal. */
function formatLine(name: string, level: number, size: number, result: Result): string {
  const { compressedSize, compressSpeed, decompressSpeed } = result;
  return `${`${level}`.padStart(2)}#${name.slice(0, NAME_WIDTH).padEnd(NAME_WIDTH)} :${
    `${size}`.padStart(10)
  } -> ${`${compressedSize}`.padStart(10)} (${(size / compressedSize).toFixed(3)}),${
    compressSpeed.toFixed(1).padStart(6)
  } MB/s ,${decompressSpeed.toFixed(1).padStart(6)} MB/s`;
}

/** A line of columns, with `-q`. */
function formatTerse(name: string, level: number, size: number, result: Result): string {
  const { compressedSize, compressSpeed, decompressSpeed } = result;
  return `-${`${level}`.padEnd(3)}${`${compressedSize}`.padStart(11)} (${
    (size / compressedSize).toFixed(3)
  }) ${compressSpeed.toFixed(2).padStart(6)} MB/s ${decompressSpeed.toFixed(1).padStart(6)} MB/s  ${name}`;
}
