/**
 * `sluice lz4 cat`, `carve`, `splits`, `repack` and `info`: the content of a source, its parts and its frames.
 */
import type { ByteSource } from "@sluice/internal";
import { carveLz4, listLz4Frames, Lz4Archive, repackLz4 } from "@sluice/lz4";
import { EXIT, UsageFailure } from "../shared/exit.ts";
import { LEVEL } from "../shared/messages.ts";
import { writeOutput } from "../shared/target.ts";
import type { ArchiveSettings, Job } from "./archive_options.ts";
import { checkOutput } from "./outputs.ts";
import { dictionaryOf, withIndex, withSource } from "./source.ts";

const LINE_FEED = 10;
const READ_SIZE = 1 << 20;

/** The range that was asked for, inside the content. */
function rangeOf({ range }: ArchiveSettings, total: number): [number, number] {
  if (range === undefined) return [0, total];
  const end = range.end === Infinity ? total : range.end;
  if (range.start <= end && end <= total) return [range.start, end];
  throw new UsageFailure(`The range ${range.start}-${end} is not inside the ${total} bytes of content`);
}

/** Writes a range of the content. */
export async function catCommand(job: Job): Promise<number> {
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

/** Writes a range of the content as a file of its own, without compressing it again. */
export async function carveCommand(job: Job): Promise<number> {
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

/** Prints parts that other tools decode by themselves. */
export async function splitsCommand(job: Job): Promise<number> {
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

/** Writes a file of many frames with an index, which can be split and read anywhere. */
export async function repackCommand(job: Job): Promise<number> {
  const { settings, operands } = job;
  const options = await checkOutput(job);
  const path = operands[0]!;
  await withSource(path, settings, async (source) => {
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
export async function infoCommand(
  { operands, settings }: Pick<Job, "operands" | "settings">,
): Promise<number> {
  await withSource(operands[0]!, settings, async (source) => {
    for await (const frame of listLz4Frames(source)) console.log(JSON.stringify(frame));
  });
  return EXIT.ok;
}
