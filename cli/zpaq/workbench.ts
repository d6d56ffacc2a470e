/**
 * `sluice zpaq py report|tune`: what a model does with files, and looking for a better one.
 */
import { drawZpaqlPyReport, formatZpaqlPyReport, reportZpaqlPy, tuneZpaqlPy } from "@sluice/zpaq/compiler";
import { describeSystemError, EXIT, Failure, UsageFailure } from "../shared/exit.ts";
import { LEVEL, Messages } from "../shared/messages.ts";
import { checkTarget, ProtectedFiles, writeOutput } from "../shared/target.ts";

/** A file that a model is looked at with. */
export interface CorpusFile {
  readonly path: string;
  readonly content: Uint8Array<ArrayBuffer>;
}

/** What of the options these commands use. */
interface WorkbenchSettings {
  readonly output: string | undefined;
  readonly force: boolean;
  readonly json: boolean;
  readonly svg: string | undefined;
  readonly seconds: number;
  readonly sample: number;
  readonly threads: number | undefined;
  readonly resume: boolean;
}

async function write(
  output: string | undefined,
  inputs: readonly string[],
  text: string,
  force: boolean,
): Promise<void> {
  const files = await ProtectedFiles.of(inputs);
  const messages = new Messages(LEVEL.results);
  await writeOutput(output, [new TextEncoder().encode(text)], { command: "zpaq py", force, messages, files });
}

/** `report SOURCE.py FILE...` */
export async function reportCommand(
  source: string,
  path: string,
  corpus: readonly CorpusFile[],
  { output, force, json, svg }: WorkbenchSettings,
): Promise<number> {
  const report = reportZpaqlPy(source, corpus.map(({ content }) => content), { name: path });
  const inputs = [path, ...corpus.map((file) => file.path)];
  const text = json ? `${JSON.stringify(report, null, 1)}\n` : formatZpaqlPyReport(report, source);
  await write(output, inputs, text, force);
  if (svg !== undefined) await write(svg, inputs, drawZpaqlPyReport(report), force);
  return EXIT.ok;
}

/** `tune SOURCE.py FILE... -o TUNED.py` */
export async function tuneCommand(
  source: string,
  path: string,
  corpus: readonly CorpusFile[],
  settings: WorkbenchSettings,
): Promise<number> {
  const { output, seconds, sample, threads, resume } = settings;
  if (output === undefined || output === "-") throw new UsageFailure("tune needs -o TUNED.py");
  const inputs = [path, ...corpus.map((file) => file.path)];
  const files = await ProtectedFiles.of(inputs);
  const messages = new Messages(LEVEL.results);
  const force = settings.force || resume;
  await checkTarget(output, { command: "zpaq py", force, messages, files });
  const stop = new AbortController();
  const onInterrupt = (): void => stop.abort();
  Deno.addSignalListener("SIGINT", onInterrupt);
  // Each better model is kept at once: whoever ends this early, or has it ended, goes on with --resume.
  let saved = Promise.resolve();
  let replaces = force;
  const save = (text: string): void => {
    saved = saved.then(async () => {
      await write(output, inputs, text, replaces);
      replaces = true;
    });
  };
  try {
    const tuned = await tuneZpaqlPy(source, corpus.map(({ content }) => content), {
      name: path,
      seconds,
      sampleSize: sample,
      threads,
      resume: resume ? await tunedBefore(output) : undefined,
      signal: stop.signal,
      onProgress: (tuning) => {
        console.error(`${tuning.size} bytes of ${tuning.sampleSize}, ${tuning.tried} models tried`);
        save(tuning.source);
      },
    });
    save(tuned.source);
    await saved;
    const { size, startSize, sampleSize, tried } = tuned;
    console.error(
      `${path}: ${startSize} bytes of ${sampleSize} before, ${size} with ${output}; ${tried} models tried`,
    );
    return EXIT.ok;
  } finally {
    Deno.removeSignalListener("SIGINT", onInterrupt);
  }
}

async function tunedBefore(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    throw new Failure(`zpaq py: ${path}: ${describeSystemError(error)}`, 2);
  }
}
