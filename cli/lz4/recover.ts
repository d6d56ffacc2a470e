/**
 * `sluice lz4 recover`: what can be saved of a damaged source.
 */
import { recoverLz4Iterable } from "@sluice/lz4";
import { EXIT, Failure } from "../shared/exit.ts";
import { LEVEL } from "../shared/messages.ts";
import { writeOutput } from "../shared/target.ts";
import type { Job } from "./archive_options.ts";
import { checkOutput } from "./outputs.ts";
import { dictionaryOf, withSource } from "./source.ts";

/** What `recover` found, for people or programs. */
type Finding =
  | {
    readonly kind: "damage";
    readonly in: readonly [number, number];
    readonly out: number;
    readonly reason: string;
  }
  | {
    readonly kind: "suspect";
    readonly in: readonly [number, number];
    readonly out: readonly [number, number];
  };

/** Writes what can be saved of a damaged source, and reports what can not. */
export async function recoverCommand(job: Job): Promise<number> {
  const { settings, messages, operands } = job;
  const path = operands[0]!;
  const options = await checkOutput(job);
  let found = 0;
  let out = 0;
  const report = (finding: Finding): void => {
    found++;
    if (settings.json) return print(JSON.stringify({ file: path, ...finding }));
    const bytes = `${path}: bytes ${finding.in[0]} to ${finding.in[1]}`;
    messages.say(
      LEVEL.results,
      finding.kind === "damage"
        ? `${bytes}: ${finding.reason}, at byte ${finding.out} of the content`
        : `${bytes}: content ${finding.out[0]} to ${finding.out[1]} derives from lost bytes`,
    );
  };
  // The report must not get into the content.
  const toStdout = settings.output === undefined || settings.output === "-";
  const print = (line: string): void => toStdout ? messages.say(LEVEL.errors, line) : console.log(line);
  await withSource(path, settings, async (source) => {
    async function* content(): AsyncGenerator<Uint8Array> {
      for await (const part of recoverLz4Iterable(source, await dictionaryOf(settings))) {
        if (part.kind === "content") {
          for (const [start, end] of part.suspectRanges) {
            report({ kind: "suspect", in: part.compressedRange, out: [out + start, out + end] });
          }
          out += part.bytes.length;
          yield part.bytes;
          continue;
        }
        report({ kind: "damage", in: part.compressedRange, out, reason: part.reason });
        if (!settings.zero || part.size === undefined) continue;
        out += part.size;
        yield new Uint8Array(part.size);
      }
      if (out > 0 || found === 0) return;
      throw new Failure(
        `lz4: ${path}: nothing could be recovered${toStdout ? "" : "; no output was written"}`,
      );
    }
    await writeOutput(settings.output, content(), options);
  });
  return found === 0 ? EXIT.ok : EXIT.failure;
}
