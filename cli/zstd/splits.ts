/**
 * `sluice zstd splits` and `sluice zstd join`: work for many machines, and one file of what they made.
 */
import { SluiceError } from "@sluice/internal";
import type { ByteSource } from "@sluice/internal";
import { joinZstdFrames, planZstdSplits } from "@sluice/zstd/seekable";
import { EXIT, Failure, UsageFailure } from "../shared/exit.ts";
import { LEVEL } from "../shared/messages.ts";
import type { Messages } from "../shared/messages.ts";
import { openSource } from "../shared/source.ts";
import { ProtectedFiles, writeOutput } from "../shared/target.ts";
import { onlyOperand, openReader, withSource } from "./parts.ts";
import { loadReference } from "./reference.ts";
import type { ZstdSettings } from "./settings.ts";

const COUNT_DEFAULT = 16;

/** Prints the splits of one file, one a line, as readZstdSplit takes them, and names damage; returns the exit code. */
export async function splitsCommand(
  operands: readonly string[],
  settings: ZstdSettings,
  messages: Messages,
): Promise<number> {
  const { splits: { count, splitSize, atLine, atDelimiter } } = settings;
  if (count !== undefined && splitSize !== undefined) {
    throw new UsageFailure("Options --count and --split exclude each other");
  }
  if (atLine && atDelimiter !== undefined) {
    throw new UsageFailure("Options --at-line and --at-delimiter exclude each other");
  }
  const name = onlyOperand(operands, "splits");
  let code: number = EXIT.ok;
  await withSource(name, async (source) => {
    const { dictionary } = await loadReference(settings, 1);
    const { index } = await openReader(source, settings, dictionary);
    const size = count === undefined && splitSize === undefined
      ? { count: COUNT_DEFAULT }
      : { count, splitSize };
    const plan = planZstdSplits(source, index, { ...size, atLine, atDelimiter, dictionary });
    for await (const split of plan) {
      console.log(JSON.stringify(split));
      if (split.fault === undefined) continue;
      messages.say(LEVEL.errors, `zstd: ${name}: split ${split.id} is damaged: ${split.fault.message}`);
      code = EXIT.failure;
    }
  });
  return code;
}

/** Writes the frames of all parts in their order and a seek table of them; returns the exit code. */
export async function joinCommand(
  operands: readonly string[],
  settings: ZstdSettings,
  messages: Messages,
): Promise<number> {
  if (operands.length === 0) throw new UsageFailure("Command join takes files or URLs");
  let current = operands[0]!;
  async function* parts(): AsyncGenerator<ByteSource, void, undefined> {
    for (current of operands) {
      const source = await openSource(current);
      try {
        if (source.size === 0) throw new Failure(`zstd: ${current}: unexpected end of file `);
        yield source;
      } finally {
        source[Symbol.dispose]?.();
      }
    }
  }
  const options = {
    command: "zstd",
    force: settings.force,
    messages,
    files: await ProtectedFiles.of(operands),
  };
  try {
    await writeOutput(settings.output, joinZstdFrames(parts()), options);
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    throw new Failure(`zstd: ${current}: ${error.message} `);
  }
  return EXIT.ok;
}
