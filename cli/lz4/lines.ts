/**
 * `sluice lz4 lines`: whole lines of the content, by the bytes in which they start or by their numbers.
 */
import { EXIT, UsageFailure } from "../shared/exit.ts";
import { writeOutput } from "../shared/target.ts";
import type { Job } from "./archive_options.ts";
import { withContent } from "./content_source.ts";
import type { Content } from "./content_source.ts";
import { checkOutput } from "./outputs.ts";

const LINE_FEED = 10;

/** Writes lines. Ranges that meet share no line and miss none. */
export async function linesCommand(job: Job): Promise<number> {
  const { range, numbers, output } = job.settings;
  if (range !== undefined && numbers !== undefined) {
    throw new UsageFailure("Options --range and --numbers exclude each other");
  }
  const options = await checkOutput(job);
  await withContent(job, async (content) => {
    const lines = numbers === undefined
      ? linesStartingIn(content, range?.start ?? 0, range?.end ?? Infinity)
      : linesNumbered(content, numbers.start, numbers.end);
    await writeOutput(output, lines, options);
  });
  return EXIT.ok;
}

/** The lines whose first byte is in a range. */
async function* linesStartingIn(
  content: Content,
  start: number,
  end: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (start === end) return;
  // A line starts at `start` if the byte before it ends one.
  let at = Math.max(0, start - 1);
  let begun = start === 0;
  for await (const chunk of content.stream(at, Infinity)) {
    let from = 0;
    if (!begun) {
      from = chunk.indexOf(LINE_FEED) + 1;
      begun = from > 0;
      if (begun && at + from >= end) return;
    }
    if (begun) {
      const last = chunk.indexOf(LINE_FEED, Math.max(from, end - 1 - at));
      yield chunk.subarray(from, last < 0 ? chunk.length : last + 1);
      if (last >= 0) return;
    }
    at += chunk.length;
  }
}

/** Lines by number, from 0. */
async function* linesNumbered(
  content: Content,
  start: number,
  end: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { offset, skip } = await content.beforeLine(start);
  let line = start - skip;
  if (start === end) return;
  for await (const chunk of content.stream(offset, Infinity)) {
    let from = 0;
    while (from < chunk.length && line < start) {
      const found = chunk.indexOf(LINE_FEED, from);
      from = found < 0 ? chunk.length : found + 1;
      if (found >= 0) line++;
    }
    let to = from;
    while (to < chunk.length && line >= start && line < end) {
      const found = chunk.indexOf(LINE_FEED, to);
      to = found < 0 ? chunk.length : found + 1;
      if (found >= 0) line++;
    }
    if (to > from) yield chunk.subarray(from, to);
    if (line === end) return;
  }
  if (line < start) throw new UsageFailure(`The content has no line ${start}: it has ${line} line ends`);
}
