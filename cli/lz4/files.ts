/**
 * `sluice lz4` on files: which output belongs to which input, and the way of the bytes between them.
 */
import { SluiceError } from "@sluice/internal";
import { describeSystemError, EXIT, exitCodeOf, Failure } from "../shared/exit.ts";
import type { Input } from "../shared/inputs.ts";
import type { ReadableFile } from "../shared/io.ts";
import { loaderBeside } from "../shared/load.ts";
import { LEVEL } from "../shared/messages.ts";
import type { Messages } from "../shared/messages.ts";
import { keyHint, readCipher } from "./decryption.ts";
import type { Lz4Settings } from "./options.ts";
import { isProgressVisible, Progress } from "../shared/progress.ts";
import { NULL_TARGET, openTarget, ProtectedFiles, stdoutTarget } from "../shared/target.ts";
import type { Target } from "../shared/target.ts";

const load = loaderBeside(import.meta.url);

const SUFFIX = ".lz4";

/** Whether a run compresses: told, or seen by the name as the lz4 tool does. */
export function compresses(settings: Lz4Settings, path: string | undefined): boolean {
  if (settings.mode === "compress") return true;
  return settings.mode === "auto" && !(path ?? "").endsWith(SUFFIX);
}

/** The name of the output where none is given. */
export function outputPath(path: string, compress: boolean): string {
  if (compress) return path + SUFFIX;
  if (path.endsWith(SUFFIX) && path.length > SUFFIX.length) return path.slice(0, -SUFFIX.length);
  throw new Failure(`lz4: ${path}: unknown suffix, the name of the output can not be told`);
}

/** The half of the codec that compresses. */
function compression(): Promise<typeof import("./compress.ts")> {
  return load("./compress.ts");
}

/** Where the content of one input goes; "-" is stdout and "null" nowhere. */
export async function processInput(
  input: Input,
  output: string | undefined,
  files: ProtectedFiles,
  settings: Lz4Settings,
  messages: Messages,
): Promise<void> {
  const compress = compresses(settings, input.path);
  const path = settings.mode === "test" ? "null" : output ?? outputPath(input.path!, compress);
  const target = await openOutput(path, input, files, settings, messages);
  let sizes = { in: 0, out: 0 };
  using open = new DisposableStack();
  try {
    const file = await openInput(input, compress, settings, open);
    if (compress && settings.contentSize && file.size === undefined) {
      messages.say(LEVEL.results, `Warning : ${input.name}: the size is not known and not stored`);
    }
    // What a wrong key makes of a frame starts none either.
    const passOthers = settings.force && path === "-" && settings.decrypt === undefined;
    sizes = await transfer(
      { input, ...file, target, passOthers },
      compress,
      settings,
      messages,
    );
    await target.commit(input.info?.isFile === true ? input.info : undefined);
  } catch (error) {
    await target.discard();
    if (error instanceof SluiceError) {
      const hint = keyHint(settings, error);
      throw new Failure(`lz4: ${input.name}: ${error.message} (${error.code})${hint}`, exitCodeOf(error));
    }
    throw error;
  }
  open.dispose();
  if (settings.remove && input.path !== undefined) {
    await Deno.remove(input.path);
  }
  // Who reads the content has no use for a line about it.
  messages.say(path === "-" ? LEVEL.notes : LEVEL.results, summary(input.name, compress, sizes));
}

/** An input that is open, and its size where that is known. */
interface OpenInput {
  readonly file: ReadableFile;
  readonly size: number | undefined;
}

/** Opens an input until `open` is disposed of; what is read of it is decrypted. */
async function openInput(
  { path, info }: Input,
  compress: boolean,
  settings: Lz4Settings,
  open: DisposableStack,
): Promise<OpenInput> {
  const reads = { ...settings, stallTimeout: undefined };
  if (!compress && settings.decrypt !== undefined) {
    const { openPlainSource, plainInput, readableOf } = await load<typeof import("./source.ts")>(
      "./source.ts",
    );
    if (path === undefined) return { file: await plainInput(reads), size: undefined };
    const source = await openPlainSource(path, reads);
    open.defer(() => source[Symbol.dispose]?.());
    return { file: readableOf(source), size: source.size };
  }
  if (!compress) await readCipher(reads); // options about a key need --decrypt
  if (path === undefined) {
    return { file: Deno.stdin, size: compress && settings.contentSize ? await sizeOfStdin() : undefined };
  }
  const size = info?.isFile === true ? info.size : undefined;
  return { file: open.use(await Deno.open(path)), size };
}

/** What is left of a file that the shell has opened as stdin; undefined for pipes, and where no system tells. */
async function sizeOfStdin(): Promise<number | undefined> {
  try {
    const { isFile, size } = await Deno.stat("/proc/self/fd/0");
    const position = /^pos:\s*(\d+)$/m.exec(await Deno.readTextFile("/proc/self/fdinfo/0"))?.[1];
    return isFile && position !== undefined ? Math.max(0, size - Number(position)) : undefined;
  } catch {
    return undefined;
  }
}

function summary(name: string, compress: boolean, sizes: { in: number; out: number }): string {
  const percent = 100 * sizes.out / Math.max(sizes.in, 1);
  return compress
    ? `Compressed ${sizes.in} bytes into ${sizes.out} bytes ==> ${percent.toFixed(2)}%`
    : `${name} : decoded ${sizes.out} bytes `;
}

async function openOutput(
  path: string,
  input: Input,
  files: ProtectedFiles,
  settings: Lz4Settings,
  messages: Messages,
): Promise<Target> {
  if (path === "null") return NULL_TARGET;
  const { force } = settings;
  const writeExitCode = await writeFailureCode(path, input, settings);
  if (path === "-") return stdoutTarget({ command: "lz4", writeExitCode });
  const isPrivate = input.info?.isFile === true;
  const sparse = settings.sparse && !compresses(settings, input.path);
  return await openTarget(path, {
    command: "lz4",
    force,
    sparse,
    messages,
    files,
    private: isPrivate,
    writeExitCode,
  });
}

/** The lz4 tool's exit code where the output can't be written: it tells by what it was writing. */
async function writeFailureCode(path: string, input: Input, settings: Lz4Settings): Promise<number> {
  if (!compresses(settings, input.path)) {
    return path !== "-" && settings.sparse ? EXIT.lz4WriteSparse : EXIT.lz4WriteContent;
  }
  if (settings.legacy) return EXIT.lz4WriteLegacy;
  const { blockBytesOf } = await compression();
  const single = input.info?.isFile === true && input.info.size <= blockBytesOf(settings);
  return single ? EXIT.lz4WriteFrame : EXIT.lz4WriteBlock;
}

async function readDictionary(path: string | undefined): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (path === undefined) return undefined;
  try {
    return await Deno.readFile(path);
  } catch (error) {
    throw new Failure(`lz4: dictionary ${path}: ${describeSystemError(error)}`, EXIT.lz4Dictionary);
  }
}

/** One input on its way to its output. */
interface Transfer extends OpenInput {
  readonly input: Input;
  readonly target: Target;
  /** Whether what starts no frame passes as it is. */
  readonly passOthers: boolean;
}

/** Moves the bytes of one input. */
async function transfer(
  { input, file, size, target, passOthers }: Transfer,
  compress: boolean,
  settings: Lz4Settings,
  messages: Messages,
): Promise<{ in: number; out: number }> {
  const progress = new Progress(messages, isProgressVisible(), input.name, input.info?.size);
  const dictionary = await readDictionary(settings.dictionary);
  const onStep = (bytesIn: number, bytesOut: number): void => progress.update(bytesIn, bytesOut);
  const job = { file, size, sink: target, dictionary, onStep };
  if (compress) return await (await compression()).compressInput({ ...job, settings });
  const { decompressInput } = await load<typeof import("./decompress.ts")>("./decompress.ts");
  const { contentChecksum: verifyChecksums, threads } = settings;
  return await decompressInput({ ...job, verifyChecksums, threads, passOthers });
}

/** The most files that could not be done that an exit code counts: those above have other meanings. */
export const MISSED_MAX = 39;

/** Works through several inputs, of which some were not there already; one that fails does not stop the others. */
export async function processInputs(
  inputs: readonly Input[],
  output: string | undefined,
  settings: Lz4Settings,
  messages: Messages,
  missing: number,
): Promise<number> {
  let exitCode: number = EXIT.ok;
  let missed = missing;
  const files = await ProtectedFiles.of([...inputs, settings.dictionary, settings.keyFile]);
  for (const input of inputs) {
    try {
      const toStdout = settings.stdout || input.path === undefined;
      await processInput(input, output ?? (toStdout ? "-" : undefined), files, settings, messages);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      messages.say(LEVEL.errors, error.message);
      missed++;
      if (error.exitCode !== EXIT.failure) exitCode = error.exitCode;
    }
  }
  // The lz4 tool counts the files that it could not do, where no worse happened.
  return exitCode === EXIT.ok ? Math.min(missed, MISSED_MAX) : exitCode;
}
