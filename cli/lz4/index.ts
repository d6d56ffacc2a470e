/**
 * `sluice lz4 index`: indexes beside files and inside them.
 */
import type { ByteSource } from "@sluice/internal";
import { openFileSource } from "@sluice/internal/file-source";
import { Lz4Index } from "@sluice/lz4";
import { describeSystemError, EXIT, Failure, UsageFailure } from "../shared/exit.ts";
import { writeAll } from "../shared/io.ts";
import { LEVEL } from "../shared/messages.ts";
import { isUrl } from "../shared/source.ts";
import { checkTarget, writeOutput } from "../shared/target.ts";
import type { Job } from "./archive_options.ts";
import { outputOptions } from "./outputs.ts";
import { buildIndex, sidecarOf, withSource } from "./source.ts";

/** Makes the index of a file, beside it, in it or where it is wanted; or takes it out. */
export async function indexCommand(job: Job): Promise<number> {
  const { settings, messages, operands } = job;
  const path = operands[0]!;
  const { embed, strip, output } = settings;
  if (embed && strip) throw new UsageFailure("Options --embed and --strip exclude each other");
  if ((embed || strip) && output !== undefined) {
    throw new UsageFailure(`Option -o has no effect with ${embed ? "--embed" : "--strip"}`);
  }
  if (embed || strip) refuseForeign(job, embed ? "--embed" : "--strip");
  if (!embed && !strip && output === undefined && isUrl(path)) {
    throw new UsageFailure("The index of a URL needs an output: name it with -o");
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
    const end = await withSource(path, settings, embeddedAt);
    if (end === undefined) throw new Failure(`lz4: ${path} has no index in it`);
    await Deno.truncate(path, end);
    return EXIT.ok;
  }
  const { index, end } = await withSource(path, settings, async (source) => {
    const end = await embeddedAt(source) ?? source.size;
    return { end, index: await buildIndex(upTo(source, end), settings) };
  });
  if (embed) await appendIndex(path, index.toSkippableFrame(), end);
  else {
    const force = options.force || output === undefined && await isIndex(target);
    await writeOutput(target, [index.toBytes()], { ...options, force });
  }
  messages.say(
    LEVEL.results,
    `${path}: ${index.pointCount} points over ${index.outputSize} bytes, ${index.toBytes().length} bytes of index in ` +
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
  return (await Lz4Index.embedded(source))?.embeddedOffset;
}

/** A source without the index at its end. */
function upTo(source: ByteSource, size: number): ByteSource {
  return { size, read: (offset, length, options) => source.read(offset, length, options) };
}

/** Refuses to change a source that is no plain file. */
function refuseForeign({ settings, operands }: Job, option: string): void {
  const what = isUrl(operands[0]!)
    ? "a URL"
    : settings.decrypt === undefined
    ? undefined
    : "an encrypted file";
  if (what !== undefined) throw new UsageFailure(`Option ${option} has no effect on ${what}`);
}
