/**
 * `sluice zstd` over its inputs: opens each, sends it through the codec, completes or gives up its output, and says
 * what came of it.
 */
import { EXIT, Failure } from "../shared/exit.ts";
import { STDOUT_NAME } from "../shared/inputs.ts";
import type { Input } from "../shared/inputs.ts";
import { BlockWriter, ChunkReader } from "../shared/io.ts";
import { loaderBeside } from "../shared/load.ts";
import { LEVEL } from "../shared/messages.ts";
import type { Messages } from "../shared/messages.ts";
import { lastPartIndex } from "../shared/paths.ts";
import { isProgressVisible, Progress } from "../shared/progress.ts";
import { confirm, NULL_TARGET, openTarget, ProtectedFiles, stdoutTarget } from "../shared/target.ts";
import type { Target } from "../shared/target.ts";
import { missingNameReason, outputPath } from "./names.ts";
import { checkThreadNeeds, effectiveLevel } from "./parameters.ts";
import { isReference, loadReference } from "./reference.ts";
import type { ZstdReference } from "./reference.ts";
import { report, sayResult, sayTotals } from "./results.ts";
import type { Totals } from "./results.ts";
import type { ZstdSettings } from "./settings.ts";
import type { ZstdTransfer } from "./transfer.ts";

const load = loaderBeside(import.meta.url);

const STDOUT = stdoutTarget({ command: "zstd" });

type Work = (transfer: ZstdTransfer) => Promise<void>;

/** Where outputs go: nowhere, to stdout, into one file, or each into its own. */
type Destination = "none" | "stdout" | "one" | "each";

function destinationOf(settings: ZstdSettings, inputs: readonly Input[]): Destination {
  if (settings.mode === "test") return "none";
  if (settings.output !== undefined) return "one";
  const fromStdin = inputs.length === 1 && inputs[0]!.path === undefined;
  return settings.stdout || fromStdin ? "stdout" : "each";
}

/** Works through the inputs; returns the exit code. */
export async function processFiles(
  named: readonly Input[],
  settings: ZstdSettings,
  messages: Messages,
): Promise<number> {
  const reference = await loadReference(settings, named.length);
  const inputs = named.filter((input) => !isReference(input, reference));
  const totals: Totals = { files: 0, bytesIn: 0, bytesOut: 0, exitCode: EXIT.ok };
  for (const { name } of named.filter((input) => isReference(input, reference))) {
    report(new Failure(`zstd: cannot use ${name} as an input file and dictionary `), name, messages, totals);
  }
  const destination = destinationOf(settings, inputs);
  refuseTerminals(inputs, settings, destination);
  const files = await ProtectedFiles.of(inputs);
  await files.add(settings.dictionary, "the dictionary");
  await files.add(settings.patchBase, "the base of the patch");
  await files.add(settings.chunkedPatchBase, "the base of the patch");
  const work = settings.chunkedPatchBase === undefined
    ? await chooseWork(settings, reference, destination, messages)
    : await chooseChunkedPatch(settings, settings.chunkedPatchBase, inputs.length, messages);
  if (destination === "stdout" && messages.level === LEVEL.results) messages.level = LEVEL.errors;
  if (destination === "one" && inputs.length > 1) {
    await processConcatenated(inputs, files, settings, messages, work, totals);
  } else {
    for (const input of inputs) {
      await processFile(input, inputs.length > 1, files, destination, settings, messages, work, totals);
    }
  }
  if (inputs.length > 1 && totals.files > 0) sayTotals(settings, totals, messages);
  return totals.exitCode;
}

function refuseTerminals(inputs: readonly Input[], settings: ZstdSettings, destination: Destination): void {
  if (settings.force) return;
  if (inputs.some((input) => input.path === undefined) && Deno.stdin.isTerminal()) {
    throw new Failure("stdin is a console, aborting");
  }
  const toStdout = destination === "stdout" ||
    (destination === "each" && inputs.some((input) => input.path === undefined));
  if (toStdout && settings.mode === "compress" && Deno.stdout.isTerminal()) {
    throw new Failure("stdout is a console, aborting");
  }
}

/** The codec's half of the work; only the half that is needed is loaded. */
async function chooseWork(
  settings: ZstdSettings,
  reference: ZstdReference,
  destination: Destination,
  messages: Messages,
): Promise<Work> {
  if (settings.mode === "compress") {
    checkThreadNeeds(settings);
    if (settings.seekable !== undefined) {
      const { compressSeekable } = await load<typeof import("./seekable.ts")>("./seekable.ts");
      const level = effectiveLevel(settings, (text) => messages.say(LEVEL.results, text));
      return (transfer) => compressSeekable(transfer, settings, level, reference);
    }
    const { prefix } = reference;
    if (prefix !== undefined) {
      const { compressPatch } = await load<typeof import("./patch.ts")>("./patch.ts");
      const level = effectiveLevel(settings, (text) => messages.say(LEVEL.results, text));
      return (transfer) => compressPatch(transfer, settings, level, prefix);
    }
    const { compressTransfer } = await load<typeof import("./compress.ts")>("./compress.ts");
    const level = effectiveLevel(settings, (text) => messages.say(LEVEL.results, text));
    return (transfer) => compressTransfer(transfer, settings, level, reference, messages);
  }
  const { decompressTransfer } = await load<typeof import("./decompress.ts")>("./decompress.ts");
  const passThrough = settings.passThrough ?? (settings.force && destination === "stdout");
  return (transfer) => decompressTransfer(transfer, settings, passThrough, reference);
}

async function chooseChunkedPatch(
  settings: ZstdSettings,
  base: string,
  inputCount: number,
  messages: Messages,
): Promise<Work> {
  const { applyChunkedPatch, checkChunkedPatch, compressChunkedPatch } = await load<
    typeof import("./chunked_patch.ts")
  >("./chunked_patch.ts");
  checkChunkedPatch(settings, inputCount);
  if (settings.mode !== "compress") return (transfer) => applyChunkedPatch(transfer, settings, base);
  const level = effectiveLevel(settings, (text) => messages.say(LEVEL.results, text));
  return (transfer) => compressChunkedPatch(transfer, level, base);
}

async function processFile(
  input: Input,
  several: boolean,
  files: ProtectedFiles,
  destination: Destination,
  settings: ZstdSettings,
  messages: Messages,
  work: Work,
  totals: Totals,
): Promise<void> {
  let target: Target | undefined;
  try {
    const path = targetPath(input, destination, settings);
    if (path === undefined) target = destination === "none" ? NULL_TARGET : STDOUT;
    else {
      if (settings.outputDirectory !== undefined && settings.mirror) await makeDirectoryOf(path);
      target = await openTarget(path, {
        command: "zstd",
        force: settings.force,
        sparse: settings.mode === "decompress" && settings.sparse !== false,
        messages,
        files,
        private: input.info?.isFile === true,
      });
    }
    const { bytesIn, bytesOut } = await transferFile(input, target, settings, messages, work);
    await target.commit(input.info?.isFile === true ? input.info : undefined);
    if (settings.remove && path !== undefined && input.path !== undefined) {
      if (input.info?.isFile === true) await Deno.remove(input.path);
      else messages.say(LEVEL.errors, `zstd: Refusing to remove non-regular file ${input.path}`);
    }
    totals.files++;
    totals.bytesIn += bytesIn;
    totals.bytesOut += bytesOut;
    sayResult(input.name, path ?? STDOUT_NAME, bytesIn, bytesOut, settings, messages, several);
  } catch (error) {
    await target?.discard();
    report(error, input.name, messages, totals);
  }
}

/** Where the output of one input goes; undefined for stdout and nowhere. What comes from stdin has no name to go by. */
function targetPath(input: Input, destination: Destination, settings: ZstdSettings): string | undefined {
  if (destination === "one") return settings.output;
  if (destination !== "each" || input.path === undefined) return undefined;
  const path = outputPath(input.name, settings);
  if (path === undefined) throw new Failure(missingNameReason(input.name));
  return path;
}

async function processConcatenated(
  inputs: readonly Input[],
  files: ProtectedFiles,
  settings: ZstdSettings,
  messages: Messages,
  work: Work,
  totals: Totals,
): Promise<void> {
  const path = settings.output!;
  messages.say(
    LEVEL.errors,
    `zstd: WARNING: all input files will be processed and concatenated into a single output file: ${path} \n` +
      `The concatenated output CANNOT regenerate original file names nor directory structure. `,
  );
  if (!settings.force && !confirm("Proceed? (y/n): ", messages)) throw new Failure("Aborting... ");
  const target = await openTarget(path, {
    command: "zstd",
    force: settings.force,
    sparse: settings.mode === "decompress" && settings.sparse !== false,
    messages,
    files,
  });
  for (const input of inputs) {
    try {
      const { bytesIn, bytesOut } = await transferFile(input, target, settings, messages, work);
      totals.files++;
      totals.bytesIn += bytesIn;
      totals.bytesOut += bytesOut;
    } catch (error) {
      // Part of this input may be in the output already: there is no complete output any more.
      await target.discard();
      totals.files = 0;
      return report(error, input.name, messages, totals);
    }
  }
  await target.commit();
}

async function transferFile(
  input: Input,
  target: Target,
  settings: ZstdSettings,
  messages: Messages,
  work: Work,
): Promise<{ bytesIn: number; bytesOut: number }> {
  const file = input.path === undefined ? Deno.stdin : await Deno.open(input.path);
  const fileSize = input.info?.isFile === true ? input.info.size : undefined;
  // Files that the system makes up as they are read have size 0.
  const size = input.info === undefined ? settings.streamSize : fileSize === 0 ? undefined : fileSize;
  const shown = settings.progress !== false && messages.level >= LEVEL.results && isProgressVisible();
  const label = settings.mode === "compress" ? `${input.name} : Read` : input.name;
  try {
    const reader = new ChunkReader(file, fileSize);
    const writer = new BlockWriter(target, settings.mode === "compress" ? fileSize : undefined);
    await work({
      name: input.name,
      reader,
      writer,
      size,
      fromStdin: input.path === undefined,
      progress: new Progress(messages, shown, label, fileSize),
    });
    return { bytesIn: reader.bytesIn, bytesOut: writer.bytesWritten };
  } finally {
    messages.clearStatus();
    if (input.path !== undefined) file.close();
  }
}

async function makeDirectoryOf(path: string): Promise<void> {
  await Deno.mkdir(path.slice(0, lastPartIndex(path)), { recursive: true });
}
