/**
 * One file through many codecs and levels: how small, how fast there and back, and whether the content comes back.
 */
import { runPipe } from "./convert.ts";
import { CODECS } from "./formats.ts";
import type { Bytes, CompareStep, Job, Measured } from "./messages.ts";
import { chunksOf } from "./streams.ts";
import type { Pipe } from "./streams.ts";

/** A codec at a level. */
interface Contender {
  readonly id: string;
  readonly family: Measured["family"];
  readonly label: string;
  readonly suffix: string;
  compress(): Pipe;
  decompress(): Pipe;
}

const SUFFIXES = { zstd: ".zst", lz4: ".lz4", zpaq: ".zpaq" } as const;
/** Content goes in in pieces, so that a codec which takes too long can be left. */
const PIECE_SIZE = 256 << 10;
/** Quick runs are repeated for so long, at most so often. */
const REPEAT_MS = 150;
const ROUNDS_MAX = 5;

function ours(family: "zstd" | "lz4" | "zpaq", level: number): Contender {
  const codec = CODECS[family];
  const label = family === "zpaq" ? `zpaq -m${level}` : `${family} ${level}`;
  return {
    id: `${family} ${level}`,
    family,
    label,
    suffix: SUFFIXES[family],
    compress: () => codec.compress(level),
    decompress: () => codec.decompress(),
  };
}

function browsers(label: string, format: string, suffix: string): Contender {
  return {
    id: format,
    family: "browser",
    label,
    suffix,
    compress: () => new CompressionStream(format as CompressionFormat),
    decompress: () => new DecompressionStream(format as CompressionFormat),
  };
}

/** The quick ones first. */
const CONTENDERS: readonly Contender[] = [
  ours("lz4", 1),
  ours("zstd", -5),
  ours("zstd", 1),
  browsers("gzip of the browser", "gzip", ".gz"),
  ours("zstd", 3),
  ours("lz4", 9),
  ours("zstd", 6),
  ours("zstd", 9),
  ours("lz4", 12),
  browsers("brotli of the browser", "brotli", ".br"),
  ours("zpaq", 1),
  ours("zstd", 12),
  ours("zpaq", 2),
  ours("zstd", 16),
  ours("zstd", 19),
  ours("zpaq", 3),
  ours("zpaq", 4),
  ours("zpaq", 5),
];

/** Told when the time is over; the codec at hand is left out. */
class TimeOver extends Error {}

function sourceOf(parts: readonly Bytes[], deadline: number): ReadableStream<Bytes> {
  let next = 0;
  return new ReadableStream({
    pull(controller): void {
      if (performance.now() > deadline) return controller.error(new TimeOver());
      if (next === parts.length) return controller.close();
      controller.enqueue(parts[next++]!);
    },
  });
}

/** The output of one run, in the chunks that it came in, and the milliseconds that it took. */
async function timed(parts: readonly Bytes[], pipe: Pipe, deadline: number): Promise<[Bytes[], number]> {
  const started = performance.now();
  const chunks: Bytes[] = [];
  for await (const chunk of chunksOf(sourceOf(parts, deadline).pipeThrough(pipe))) {
    chunks.push(chunk);
    if (performance.now() > deadline) throw new TimeOver();
  }
  return [chunks, performance.now() - started];
}

/** The output, and the shortest of some runs. */
async function fastest(
  parts: readonly Bytes[],
  make: () => Pipe,
  deadline: number,
): Promise<[Bytes[], number]> {
  const started = performance.now();
  let [chunks, best] = await timed(parts, make(), deadline);
  for (let round = 1; round < ROUNDS_MAX && performance.now() - started < REPEAT_MS; round++) {
    const [again, time] = await timed(parts, make(), deadline);
    if (time < best) [chunks, best] = [again, time];
  }
  return [chunks, Math.max(best, 0.01)];
}

function sizeOf(chunks: readonly Uint8Array[]): number {
  return chunks.reduce((sum, chunk) => sum + chunk.length, 0);
}

/** Whether chunks hold just this content. */
function isContent(chunks: readonly Uint8Array[], content: Uint8Array): boolean {
  let at = 0;
  for (const chunk of chunks) {
    for (let i = 0; i < chunk.length; i++) if (chunk[i] !== content[at + i]) return false;
    at += chunk.length;
  }
  return at === content.length;
}

async function measure(contender: Contender, content: Bytes, deadline: number): Promise<CompareStep> {
  const parts: Bytes[] = [];
  for (let at = 0; at < content.length; at += PIECE_SIZE) parts.push(content.subarray(at, at + PIECE_SIZE));
  const [packed, compressMs] = await fastest(parts, () => contender.compress(), deadline);
  const [back, decompressMs] = await fastest(packed, () => contender.decompress(), deadline);
  if (!isContent(back, content)) return { skipped: contender.label, reason: "the content did not come back" };
  const size = sizeOf(packed);
  const { id, family, label } = contender;
  const speed = (ms: number): number => content.length / ms / 1000;
  return {
    measured: {
      id,
      family,
      label,
      size,
      ratio: content.length / Math.max(size, 1),
      compress: speed(compressMs),
      decompress: speed(decompressMs),
    },
  };
}

/** Measures what the time allows on the start of a file. */
export const compare: Job<"compare"> = async function* ({ file, sampleSize, seconds }) {
  const deadline = performance.now() + 1000 * seconds;
  const content = new Uint8Array(await file.slice(0, sampleSize).arrayBuffer());
  for (const contender of CONTENDERS) {
    const { label } = contender;
    yield { next: label };
    try {
      if (performance.now() > deadline) throw new TimeOver();
      yield await measure(contender, content, deadline);
    } catch (error) {
      if (error instanceof TimeOver) yield { skipped: label, reason: "the time was over" };
      else if (contender.family !== "browser") throw error;
      else yield { skipped: label, reason: "this browser has none" };
    }
  }
};

/** The whole file through one of the codecs. */
export const compress: Job<"compress"> = async function* ({ file, id }) {
  const contender = CONTENDERS.find((each) => each.id === id)!;
  for await (const step of runPipe(file, contender.compress())) yield { ...step, suffix: contender.suffix };
};
