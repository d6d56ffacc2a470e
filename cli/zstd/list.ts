/**
 * `sluice zstd -l`: what zstd files hold, by their headers alone.
 */
import { listZstdFramesIterable } from "@sluice/zstd/decode";
import type { ZstdFrameInfo } from "@sluice/zstd/decode";
import { SluiceError } from "@sluice/internal";
import { EXIT, Failure } from "../shared/exit.ts";
import { ChunkReader, STDOUT_SINK } from "../shared/io.ts";
import { LEVEL } from "../shared/messages.ts";
import type { Messages } from "../shared/messages.ts";
import { formatSize, formatSizeColumn } from "../shared/sizes.ts";
import type { ZstdSettings } from "./settings.ts";

/** A file's frames, added up. */
interface Summary {
  frames: number;
  skips: number;
  compressed: number;
  /** Undefined when a frame does not declare its size; beyond 2^53, as no file that exists has it, rounded. */
  decompressed: number | undefined;
  windowSize: number;
  dictId: number;
  /** Whether every frame with content has a checksum. */
  checked: boolean;
  /** The checksum of a file with one frame. */
  checksum: number | undefined;
}

const HEADINGS = "Frames  Skips  Compressed  Uncompressed  Ratio  Check  Filename\n";
const RULE = `${"-".repeat(65)} \n`;

/** Lists every operand; returns the exit code. */
export async function listFiles(
  operands: readonly string[],
  settings: ZstdSettings,
  messages: Messages,
): Promise<number> {
  if (operands.includes("-") || (operands.length === 0 && !Deno.stdin.isTerminal())) {
    throw new Failure("zstd: --list does not support reading from standard input ");
  }
  if (operands.length === 0) throw new Failure("No files given ");
  const detailed = settings.verbosity >= LEVEL.notes;
  const inBytes = settings.verbosity >= LEVEL.details;
  if (!detailed) await print(HEADINGS);
  const listed: Summary[] = [];
  for (const name of operands) {
    const summary = await summarizeFile(name, messages);
    if (summary === undefined) continue;
    listed.push(summary);
    await print(
      detailed ? formatDetails(name, summary, inBytes) : `${formatRow(summary, "None")}  ${name}\n`,
    );
  }
  if (operands.length > 1 && !detailed) {
    await print(`${RULE}${formatRow(addUp(listed), "")}  ${listed.length} files\n`);
  }
  return listed.length === operands.length ? EXIT.ok : EXIT.failure;
}

async function print(text: string): Promise<void> {
  await STDOUT_SINK.write(new TextEncoder().encode(text));
}

async function summarizeFile(name: string, messages: Messages): Promise<Summary | undefined> {
  const isFile = await Deno.stat(name).then((info) => info.isFile, () => false);
  if (!isFile) {
    messages.say(LEVEL.errors, `Error : ${name} is not a file `);
    return undefined;
  }
  using file = await Deno.open(name);
  const reader = new ChunkReader(file);
  try {
    const frames = await Array.fromAsync(listZstdFramesIterable(chunksOf(reader)));
    if (frames.length > 0) return summarize(frames);
    await print(`File "${name}" not compressed by zstd \n`);
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    const known = error.code === "TRUNCATED" && error.offset! >= 4;
    if (known) messages.say(LEVEL.errors, `Error: reached end of file with incomplete frame `);
    await print(known ? `File "${name}" is truncated \n` : `File "${name}" not compressed by zstd \n`);
  } finally {
    await reader.settle();
  }
  return undefined;
}

async function* chunksOf(reader: ChunkReader): AsyncGenerator<Uint8Array> {
  for (let chunk = await reader.next(); chunk !== undefined; chunk = await reader.next()) yield chunk;
}

function summarize(frames: readonly ZstdFrameInfo[]): Summary {
  const content = frames.filter((frame) => frame.type === "zstd");
  let decompressed: number | undefined = 0;
  for (const frame of content) {
    const size = contentSizeOf(frame);
    decompressed = decompressed === undefined || size === undefined ? undefined : decompressed + size;
  }
  return {
    frames: frames.length,
    skips: frames.length - content.length,
    compressed: frames.reduce((sum, frame) => sum + frame.compressedSize, 0),
    decompressed,
    windowSize: content.reduce((max, frame) => Math.max(max, windowSizeOf(frame)), 0),
    dictId: content.reduce((id, frame) => id || frame.dictId, 0),
    checked: content.length > 0 && content.every((frame) => frame.hasChecksum),
    checksum: content.length === 1 ? content[0]!.checksum : undefined,
  };
}

/** A size beyond 2^53 is rounded. */
function contentSizeOf({ contentSize, contentSizeBig }: ZstdFrameInfo): number | undefined {
  return contentSize === Infinity ? Number(contentSizeBig) : contentSize;
}

/** The window of a frame in one segment is its content. */
function windowSizeOf(frame: ZstdFrameInfo): number {
  return frame.windowSize === Infinity ? contentSizeOf(frame)! : frame.windowSize;
}

function addUp(listed: readonly Summary[]): Summary {
  const total: Summary = {
    frames: 0,
    skips: 0,
    compressed: 0,
    decompressed: 0,
    windowSize: 0,
    dictId: 0,
    checked: listed.every((summary) => summary.checked),
    checksum: undefined,
  };
  for (const summary of listed) {
    total.frames += summary.frames;
    total.skips += summary.skips;
    total.compressed += summary.compressed;
    total.decompressed = total.decompressed === undefined || summary.decompressed === undefined
      ? undefined
      : total.decompressed + summary.decompressed;
  }
  return total;
}

/** A row without its name; `unchecked` stands where not all frames have a checksum. */
function formatRow(summary: Summary, unchecked: string): string {
  const { frames, skips, compressed, decompressed } = summary;
  const ratio = decompressed === undefined || compressed === 0 ? undefined : decompressed / compressed;
  return [
    `${frames}`.padStart(6),
    `${skips}`.padStart(5),
    formatSizeColumn(compressed, 6),
    decompressed === undefined ? " ".repeat(12) : formatSizeColumn(decompressed, 8),
    ratio === undefined ? " ".repeat(5) : ratio.toFixed(3).padStart(5),
    (summary.checked ? "XXH64" : unchecked).padStart(5),
  ].join("  ");
}

/** A size in bytes, as long as a number holds it. */
function formatBytes(bytes: number): string {
  return bytes < 2 ** 53 ? `${bytes} B` : `${(bytes / 2 ** 20).toFixed(2)} MiB`;
}

function formatDetails(name: string, summary: Summary, inBytes: boolean): string {
  const { frames, skips, compressed, decompressed, windowSize, checksum } = summary;
  const exact = (bytes: number): string =>
    `${inBytes ? formatBytes(bytes) : formatSize(bytes)} (${BigInt(bytes)} B)`;
  const lines = [
    `${name} `,
    `# Zstandard Frames: ${frames - skips}`,
    ...(skips === 0 ? [] : [`# Skippable Frames: ${skips}`]),
    `DictID: ${summary.dictId}`,
    `Window Size: ${exact(windowSize)}`,
    `Compressed Size: ${exact(compressed)}`,
    ...(decompressed === undefined
      ? []
      : [`Decompressed Size: ${exact(decompressed)}`, `Ratio: ${(decompressed / compressed).toFixed(4)}`]),
    `Check: ${summary.checked ? "XXH64" : "None"}${
      checksum === undefined ? "" : ` ${checksum.toString(16).padStart(8, "0")}`
    }`,
    "",
    "",
  ];
  return lines.join("\n");
}
