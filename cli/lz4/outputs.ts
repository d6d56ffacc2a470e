/**
 * The outputs of sub-commands: neither the source nor what belongs to it is replaced.
 */
import { checkTarget, ProtectedFiles } from "../shared/target.ts";
import type { TargetOptions } from "../shared/target.ts";
import type { Job } from "./archive_options.ts";
import { sidecarOf } from "./source.ts";

/** How the output of a sub-command is written: neither its file nor what belongs to it is replaced. */
export async function outputOptions(
  { settings, messages, operands }: Job,
  makesSidecar = false,
): Promise<TargetOptions> {
  const files = await ProtectedFiles.of([...operands, settings.dictionary, settings.keyFile]);
  await files.add(settings.index, "the index of the input");
  if (!makesSidecar) {
    for (const path of operands) await files.add(sidecarOf(path), "the index of the input");
  }
  return { command: "lz4", force: settings.force, messages, files };
}

/** Checks the output before any work. */
export async function checkOutput(job: Job): Promise<TargetOptions> {
  const options = await outputOptions(job);
  const { output } = job.settings;
  if (output !== undefined && output !== "-") await checkTarget(output, options);
  return options;
}
