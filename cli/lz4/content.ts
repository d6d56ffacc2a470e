/**
 * `sluice lz4 cat`, `carve`, `repack` and `info`: the content of a source, its parts and its frames.
 */
import type { ByteSource } from "@sluice/internal";
import { listLz4Frames, repackLz4 } from "@sluice/lz4";
import type { Lz4Piece } from "@sluice/lz4";
import { EXIT } from "../shared/exit.ts";
import { LEVEL } from "../shared/messages.ts";
import { clipRange } from "../shared/range.ts";
import { writeOutput } from "../shared/target.ts";
import type { Job } from "./archive_options.ts";
import { withContent } from "./content_source.ts";
import { checkOutput } from "./outputs.ts";
import { dictionaryOf, readForward, withIndex, withSource } from "./source.ts";

const LINE_FEED = 10;

/** Writes a range of the content. */
export async function catCommand(job: Job): Promise<number> {
  const { range, output } = job.settings;
  const options = await checkOutput(job);
  await withContent(job, async (content) => {
    await writeOutput(output, content.stream(range?.start ?? 0, range?.end ?? Infinity), options);
  });
  return EXIT.ok;
}

/** Writes a range of the content as a file of its own, without compressing it again. */
export async function carveCommand(job: Job): Promise<number> {
  const { settings, messages, operands } = job;
  const options = await checkOutput(job);
  await withIndex(job, async (source, index) => {
    const { start, end } = clipRange(settings.range ?? { start: 0, end: Infinity }, index.outputSize);
    const pieces = await index.pieces(start, end);
    await writeOutput(settings.output, bytesOf(source, pieces), options);
    messages.say(
      LEVEL.results,
      `${operands[0]}: the range starts ${pieces[0]?.drop ?? 0} bytes into the decoded part and has ` +
        `${end - start} bytes: drop the rest, or cut exactly with "lz4 cat --range"`,
    );
  });
  return EXIT.ok;
}

/** The bytes of pieces one after another, as a file of their own. */
async function* bytesOf(
  source: ByteSource,
  pieces: readonly Lz4Piece[],
): AsyncGenerator<Uint8Array, void, undefined> {
  for (const { prefix, compressedRange: [start, end], suffix } of pieces) {
    yield prefix;
    yield* readForward(source, start, end);
    yield suffix;
  }
}

/** Writes a file of many frames with an index, which can be split and read anywhere. */
export async function repackCommand(job: Job): Promise<number> {
  const { settings, operands } = job;
  const options = await checkOutput(job);
  const path = operands[0]!;
  await withSource(path, settings, async (source) => {
    const chunks = repackLz4(readForward(source, 0, source.size), {
      frameSize: settings.bytes,
      separator: settings.lines ? LINE_FEED : undefined,
      threads: settings.threads,
      decompress: await dictionaryOf(settings),
    });
    await writeOutput(settings.output, chunks, options);
  });
  return EXIT.ok;
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
