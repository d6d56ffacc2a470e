/**
 * `sluice lz4 join`: parts that were compressed apart as one file with one index.
 */
import { SluiceError } from "@sluice/internal";
import type { ByteSource } from "@sluice/internal";
import { joinLz4Parts } from "@sluice/lz4";
import { EXIT, exitCodeOf, Failure } from "../shared/exit.ts";
import { writeOutput } from "../shared/target.ts";
import type { Job } from "./archive_options.ts";
import { keyHint } from "./decryption.ts";
import { checkOutput } from "./outputs.ts";
import { openPlainSource } from "./source.ts";

/** Writes the frames of all parts in their order and the index of them. */
export async function joinCommand(job: Job): Promise<number> {
  const { settings, operands } = job;
  const options = await checkOutput(job);
  let current = operands[0]!;
  async function* parts(): AsyncGenerator<ByteSource, void, undefined> {
    for (current of operands) {
      const source = await openPlainSource(current, settings);
      try {
        if (source.size === 0) throw new Failure(`lz4: ${current}: the file is empty`);
        yield source;
      } finally {
        source[Symbol.dispose]?.();
      }
    }
  }
  try {
    await writeOutput(settings.output, joinLz4Parts(parts()), options);
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    throw new Failure(
      `lz4: ${current}: ${error.message} (${error.code})${keyHint(settings, error)}`,
      exitCodeOf(error),
    );
  }
  return EXIT.ok;
}
