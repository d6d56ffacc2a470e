/**
 * `sluice zpaq join`: blocks that were compressed apart as one streaming archive.
 */
import { SluiceError } from "@sluice/internal";
import type { ByteSource } from "@sluice/internal";
import { joinZpaqBlocks } from "@sluice/zpaq";
import { EXIT, exitCodeOf, Failure, UsageFailure } from "../shared/exit.ts";
import type { Messages } from "../shared/messages.ts";
import { openSource } from "../shared/source.ts";
import { ProtectedFiles, writeOutput } from "../shared/target.ts";
import type { ZpaqSettings } from "./options.ts";

/** `join ARCHIVE PART...`: the blocks of all parts in their order. */
export async function joinCommand({ operands, force }: ZpaqSettings, messages: Messages): Promise<number> {
  const [output, ...inputs] = operands;
  if (inputs.length === 0) throw new UsageFailure("zpaq join needs an archive to write and its parts");
  let current = inputs[0]!;
  async function* parts(): AsyncGenerator<ByteSource, void, undefined> {
    for (current of inputs) {
      const source = await openSource(current);
      try {
        if (source.size === 0) throw new Failure(`zpaq: ${current}: the file is empty`, 2);
        yield source;
      } finally {
        source[Symbol.dispose]?.();
      }
    }
  }
  try {
    await writeOutput(output, joinZpaqBlocks(parts()), {
      command: "zpaq",
      force,
      forceFlag: "-force",
      exitCode: 2,
      messages,
      files: await ProtectedFiles.of(inputs),
    });
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    throw new Failure(`zpaq: ${current}: ${error.message} (${error.code})`, exitCodeOf(error));
  }
  return EXIT.ok;
}
