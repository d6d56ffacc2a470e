/**
 * `sluice zstd cat` and `sluice zstd index`: parts of files and where they are, on disks and behind HTTP servers.
 */
import { SluiceError } from "@sluice/internal";
import type { ByteSource } from "@sluice/internal";
import type { ZstdDictionary } from "@sluice/zstd/decode";
import { buildZstdIndex, ZstdSeekableReader, ZstdSeekIndex } from "@sluice/zstd/seekable";
import { describeSystemError, EXIT, Failure, UsageFailure } from "../shared/exit.ts";
import { BlockWriter, STDOUT_SINK } from "../shared/io.ts";
import type { ByteSink } from "../shared/io.ts";
import { LEVEL } from "../shared/messages.ts";
import type { Messages } from "../shared/messages.ts";
import { clipRange } from "../shared/range.ts";
import { openSource } from "../shared/source.ts";
import type { OpenSource } from "../shared/source.ts";
import { openTarget, ProtectedFiles } from "../shared/target.ts";
import { loadReference } from "./reference.ts";
import { drain } from "./seekable.ts";
import type { ZstdSettings } from "./settings.ts";

/** The end of a file, where its table is, comes with the first request. */
const TAIL_SIZE = 64 << 10;

/** Gives the content of one file, or the part that `--range` says; returns the exit code. */
export async function catFile(
  operands: readonly string[],
  settings: ZstdSettings,
  messages: Messages,
): Promise<number> {
  const name = onlyOperand(operands, "cat");
  return await withSource(name, async (source) => {
    const { dictionary } = await loadReference(settings, 1);
    const reader = await openReader(source, settings, dictionary);
    const { start, end } = clipRange(settings.range ?? { start: 0, end: Infinity }, reader.size);
    await writeOutput(name, settings, messages, async (sink) => {
      const writer = new BlockWriter(sink);
      try {
        await drain(reader.stream(start, end - start), writer, () => {});
        await writer.flush();
      } finally {
        await writer.settle();
      }
    });
  });
}

/** Prints where the frames of one file are, as JSON; returns the exit code. */
export async function indexFile(
  operands: readonly string[],
  settings: ZstdSettings,
  messages: Messages,
): Promise<number> {
  const name = onlyOperand(operands, "index");
  return await withSource(name, async (source) => {
    const { dictionary } = await loadReference(settings, 1);
    const { index } = await openReader(source, settings, dictionary);
    const bytes = new TextEncoder().encode(`${JSON.stringify(index)}\n`);
    await writeOutput(name, settings, messages, (sink) => sink.write(bytes));
  });
}

/** The one operand of a command. */
export function onlyOperand(operands: readonly string[], command: string): string {
  if (operands.length === 1 && operands[0] !== "-") return operands[0]!;
  throw new UsageFailure(`Command ${command} takes one file or URL`);
}

/** Runs `use` with a file or URL; an error names it. */
export async function withSource(name: string, use: (source: ByteSource) => Promise<void>): Promise<number> {
  let source: OpenSource | undefined;
  try {
    source = await openSource(name, { tailSize: TAIL_SIZE });
    if (source.size === 0) throw new Failure(`zstd: ${name}: unexpected end of file `);
    await use(source);
    return EXIT.ok;
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe || error instanceof Failure) throw error;
    throw new Failure(
      `zstd: ${name}: ${error instanceof SluiceError ? error.message : describeSystemError(error)} `,
    );
  } finally {
    source?.[Symbol.dispose]?.();
  }
}

/** A reader by the given index, by the file's own table, or by a walk over its frames. */
export async function openReader(
  source: ByteSource,
  settings: ZstdSettings,
  dictionary: ZstdDictionary | undefined,
): Promise<ZstdSeekableReader> {
  if (settings.index !== undefined) {
    const index = ZstdSeekIndex.fromJSON(JSON.parse(await Deno.readTextFile(settings.index)));
    return await ZstdSeekableReader.open(source, { index, dictionary });
  }
  try {
    return await ZstdSeekableReader.open(source, { dictionary });
  } catch (error) {
    if (!(error instanceof SluiceError && error.code === "NOT_SEEKABLE")) throw error;
    const index = await buildZstdIndex(source, { dictionary, maxOutputSize: Infinity });
    return await ZstdSeekableReader.open(source, { index, dictionary });
  }
}

async function writeOutput(
  input: string,
  settings: ZstdSettings,
  messages: Messages,
  write: (sink: ByteSink) => Promise<void>,
): Promise<void> {
  if (settings.output === undefined) return await write(STDOUT_SINK);
  const target = await openTarget(settings.output, {
    command: "zstd",
    force: settings.force,
    sparse: false,
    messages,
    files: await ProtectedFiles.of([input, settings.index, settings.dictionary]),
  });
  try {
    await write(target);
    await target.commit();
  } catch (error) {
    await target.discard();
    throw error;
  }
  messages.say(LEVEL.notes, `${settings.output} is written`);
}
