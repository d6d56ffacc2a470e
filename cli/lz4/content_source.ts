/**
 * The content of a source: from anywhere through its index, or forward in one pass where it has none.
 */
import type { ByteSource } from "@sluice/internal";
import { decompressLz4Iterable, Lz4Archive } from "@sluice/lz4";
import type { Lz4Index } from "@sluice/lz4";
import { UsageFailure } from "../shared/exit.ts";
import { clipRange } from "../shared/range.ts";
import type { Job } from "./archive_options.ts";
import { buildIndex, dictionaryOf, findIndex, readForward, withSource } from "./source.ts";

/** Content that can be read once from a place on. */
export interface Content {
  /** The bytes from `start` up to `end`, `Infinity` for all; a range that starts after the end of the content is an error. */
  stream(start: number, end: number): AsyncGenerator<Uint8Array, void, undefined>;
  /** A place at or before the start of a line, counted from 0, and how many lines start between them. */
  beforeLine(line: number): Promise<{ readonly offset: number; readonly skip: number }>;
}

/** Opens the content of a source while it is used. */
export async function withContent<T>(job: Job, use: (content: Content) => Promise<T>): Promise<T> {
  const { settings } = job;
  if (settings.spacing !== undefined && !settings.headers) {
    throw new UsageFailure("Option --spacing has no effect without --headers");
  }
  return await withSource(job.operands[0]!, settings, async (source) => {
    using open = new DisposableStack();
    const found = await findIndex(job, source, open);
    const index = found ?? (settings.headers ? await buildIndex(source, settings) : undefined);
    if (index === undefined) return await use(await onePass(source, job));
    const archive = open.use(new Lz4Archive(source, index, await dictionaryOf(settings)));
    return await use(indexed(archive, index, job));
  });
}

function indexed(archive: Lz4Archive, index: Lz4Index, { settings: { threads } }: Job): Content {
  return {
    async *stream(start, end): AsyncGenerator<Uint8Array, void, undefined> {
      const clipped = clipRange({ start, end }, archive.size);
      yield* archive.stream(start, clipped.end - start, { threads });
    },
    async beforeLine(line): Promise<{ offset: number; skip: number }> {
      const { decompressedOffset, lines } = await index.beforeLine(line);
      return { offset: decompressedOffset, skip: line - lines };
    },
  };
}

/** Decodes from the start, and no further than is wanted. */
async function onePass(source: ByteSource, { settings }: Job): Promise<Content> {
  const options = { ...await dictionaryOf(settings), threads: settings.threads };
  return {
    async *stream(start, end): AsyncGenerator<Uint8Array, void, undefined> {
      let at = 0;
      if (end > 0) {
        for await (const chunk of decompressLz4Iterable(readForward(source, 0, source.size), options)) {
          const part = chunk.subarray(Math.max(0, start - at), Math.max(0, end - at));
          at += chunk.length;
          if (part.length > 0) yield part;
          if (at >= end) return;
        }
      }
      clipRange({ start, end }, at);
    },
    beforeLine: (line) => Promise.resolve({ offset: 0, skip: line }),
  };
}
