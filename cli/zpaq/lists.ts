/**
 * Files of names and patterns that options read.
 */
import { describeSystemError, EXIT, Failure, UsageFailure } from "../shared/exit.ts";
import type { ZpaqSettings } from "./options.ts";

/** The lines of a text that are not empty; "-" is standard input. */
async function readLines(path: string): Promise<string[]> {
  try {
    const bytes = path === "-"
      ? await new Response(Deno.stdin.readable).arrayBuffer()
      : await Deno.readFile(path);
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return text.split(/\r?\n/).filter((line) => line !== "");
  } catch (error) {
    const why = error instanceof TypeError ? "it is not UTF-8" : describeSystemError(error);
    throw new Failure(`zpaq: Cannot read ${path}: ${why}`, EXIT.zpaqFailed);
  }
}

/** The settings with the names and patterns of the files that they name. */
export async function withLists(settings: ZpaqSettings): Promise<ZpaqSettings> {
  const { fileList, excludeFrom } = settings;
  if ([fileList, ...excludeFrom].filter((path) => path === "-").length > 1) {
    throw new UsageFailure("Standard input is read once: two options have the value -");
  }
  const operands = [...settings.operands];
  const not = [...settings.not];
  if (fileList !== undefined) operands.push(...await readLines(fileList));
  for (const path of excludeFrom) not.push(...await readLines(path));
  return { ...settings, operands, not };
}
