/**
 * Output files: every command opens its outputs here. A file that the command reads, or has just written, is never
 * replaced; another one only when the user says so; and each appears under its name when it is complete.
 */
import { AtomicFile } from "./atomic_file.ts";
import type { FileAttributes } from "./atomic_file.ts";
import { describeSystemError, Failure, writeFailure } from "./exit.ts";
import type { Input } from "./inputs.ts";
import { NULL_SINK, STDOUT_SINK, writeAll } from "./io.ts";
import type { ByteSink } from "./io.ts";
import { LEVEL } from "./messages.ts";
import type { Messages } from "./messages.ts";

/** Output under way: complete it, or give it up. */
export interface Target extends ByteSink {
  /** Completes the output. */
  commit(attributes?: FileAttributes): Promise<void>;
  /** Gives the output up; does nothing after a commit. */
  discard(): Promise<void>;
}

const nothing = (): Promise<void> => Promise.resolve();

/** Stdout as a target of a command. */
export function stdoutTarget(options: Pick<TargetOptions, "command" | "writeExitCode">): Target {
  return named({ ...STDOUT_SINK, commit: nothing, discard: nothing }, options, "stdout");
}

/** A target that drops everything. */
export const NULL_TARGET: Target = { ...NULL_SINK, commit: nothing, discard: nothing };

/** What a file is that the command reads. */
const INPUT_ROLE = "an input";

type Identity = Pick<Deno.FileInfo, "dev" | "ino">;

/** Files of one call that no output of it may replace, however they are named. */
export class ProtectedFiles {
  readonly #roles = new Map<string, string>();

  /** Protects inputs that are there: paths, and files whose facts are known. */
  static async of(
    inputs: readonly (string | undefined | Pick<Input, "path" | "info">)[],
  ): Promise<ProtectedFiles> {
    const files = new ProtectedFiles();
    for (const input of inputs) {
      if (typeof input !== "object") await files.add(input, INPUT_ROLE);
      else if (input.path !== undefined && input.info?.isFile) {
        files.#protect(input.path, input.info, INPUT_ROLE);
      }
    }
    return files;
  }

  /** Protects the file at a path, links followed; a path that names none is left out. */
  async add(path: string | undefined, role: string): Promise<void> {
    if (path === undefined || path === "-") return;
    const info = await Deno.stat(path).catch(() => undefined);
    if (info?.isFile === true) this.#protect(path, info, role);
  }

  #protect(path: string, info: Identity, role: string): void {
    this.#roles.set(keyOf(info) ?? path, role);
  }

  /** What the file at a path is to this call, links followed; undefined where it is nothing. */
  async roleAt(path: string): Promise<string | undefined> {
    const info = await Deno.stat(path).catch(() => undefined);
    return info === undefined ? undefined : this.roleOf(path, info);
  }

  /** What a file is to this call; undefined where it is nothing. */
  roleOf(path: string, info: Identity): string | undefined {
    return this.#roles.get(keyOf(info) ?? path);
  }
}

function keyOf({ dev, ino }: Identity): string | undefined {
  return ino === null ? undefined : `${dev}:${ino}`;
}

/** How a target is opened. */
export interface TargetOptions {
  /** The name of the command, at the start of messages. */
  readonly command: string;
  /** Replace an existing file without asking. */
  readonly force: boolean;
  /** The flag that forces, for messages. @default {"-f"} */
  readonly forceFlag?: string;
  /** The exit code where the target may not be written. @default {EXIT.failure} */
  readonly exitCode?: number;
  /** The exit code where writing it fails, as on a full disk. @default {the command's usual one} */
  readonly writeExitCode?: number;
  /** Leave holes for zeros. @default {false} */
  readonly sparse?: boolean;
  readonly messages: Messages;
  /** What must not be replaced; the target joins it when it is complete. */
  readonly files: ProtectedFiles;
  /** Others may not read the content before the file has the mode of its source. @default {false} */
  readonly private?: boolean;
}

/** Asks a question whose answer begins with "y", or not. Where stdin is no terminal there is nobody to ask. */
export function confirm(question: string, messages: Messages): boolean {
  if (!Deno.stdin.isTerminal()) return false;
  messages.prompt(question);
  const line = new Uint8Array(1024);
  const length = Deno.stdin.readSync(line) ?? 0;
  return /^\s*y/i.test(new TextDecoder().decode(line.subarray(0, length)));
}

/**
 * Checks that a target may be written, without touching it.
 *
 * @throws {Failure} If it is an input, an output of the same call or a directory, or may not be replaced.
 */
export async function checkTarget(path: string, options: TargetOptions): Promise<void> {
  await existingTarget(path, options);
}

/**
 * Opens the target.
 *
 * @throws {Failure} If it is an input, an output of the same call or a directory, may not be replaced, or can't be made.
 */
export async function openTarget(path: string, options: TargetOptions): Promise<Target> {
  const { command, files } = options;
  const existing = await existingTarget(path, options);
  if (existing !== undefined && !existing.isFile) return named(await openDevice(path), options, path);
  try {
    const file = AtomicFile.create(path, {
      sparse: options.sparse,
      mode: options.private === true ? 0o600 : undefined,
    });
    return named(
      {
        eager: false,
        write: (bytes) => file.write(bytes),
        discard: () => file.discard(),
        async commit(attributes): Promise<void> {
          await file.commit(attributes);
          await files.add(path, "another output of this command");
        },
      },
      options,
      path,
    );
  } catch (error) {
    throw new Failure(`${command}: ${path}: ${describeSystemError(error)}`, options.exitCode);
  }
}

/** A target whose failures name it, and end the command with its code for output that can't be written. */
function named(
  target: Target,
  { command, writeExitCode }: Pick<TargetOptions, "command" | "writeExitCode">,
  path: string,
): Target {
  const fail = (error: unknown): never => {
    throw writeFailure(command, path, error, writeExitCode);
  };
  return {
    eager: target.eager,
    write: async (bytes) => await target.write(bytes).catch(fail),
    commit: async (attributes) => await target.commit(attributes).catch(fail),
    discard: () => target.discard(),
  };
}

/** What is at the path; undefined where there is nothing, or a link to nothing. */
async function existingTarget(path: string, options: TargetOptions): Promise<Deno.FileInfo | undefined> {
  const { command, messages, files, exitCode } = options;
  const existing = await statIfThere(path, command, exitCode);
  if (existing === undefined) return undefined;
  if (existing.isDirectory) throw new Failure(`${command}: ${path}: Is a directory`, exitCode);
  const role = existing.isFile ? files.roleOf(path, existing) : undefined;
  if (role !== undefined) {
    const why = role === INPUT_ROLE ? "the input file " : `${path}, which is ${role} `;
    throw new Failure(`${command}: Refusing to open an output file which will overwrite ${why}`, exitCode);
  }
  // Pipes and character devices are written to as they are; a disk is not.
  const asks = existing.isFile || existing.isBlockDevice === true;
  if (asks && !options.force) refuseUnlessConfirmed(path, command, messages, options);
  return existing;
}

async function statIfThere(
  path: string,
  command: string,
  exitCode: number | undefined,
): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.stat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw new Failure(`${command}: ${path}: ${describeSystemError(error)}`, exitCode);
  }
}

function refuseUnlessConfirmed(
  path: string,
  command: string,
  messages: Messages,
  { forceFlag = "-f", exitCode }: TargetOptions,
): void {
  const fact = `${command}: ${path} already exists`;
  if (messages.level <= LEVEL.errors || !Deno.stdin.isTerminal()) {
    throw new Failure(`${fact}; not overwritten (${forceFlag} overwrites it)  `, exitCode);
  }
  if (!confirm(`${fact}; overwrite (y/n) ? `, messages)) throw new Failure("Not overwritten  ", exitCode);
}

/** Devices and pipes are written to as they are. */
async function openDevice(path: string): Promise<Target> {
  const file = await Deno.open(path, { write: true });
  let open = true;
  function close(): Promise<void> {
    if (open) file.close();
    open = false;
    return Promise.resolve();
  }
  return { eager: true, write: (bytes) => writeAll(file, bytes), commit: close, discard: close };
}

/** Writes chunks to a path, or to stdout where there is none or it is "-". */
export async function writeOutput(
  path: string | undefined,
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options: TargetOptions,
): Promise<void> {
  const target = path === undefined || path === "-" ? stdoutTarget(options) : await openTarget(path, options);
  try {
    for await (const chunk of chunks) await target.write(chunk);
    await target.commit();
  } catch (error) {
    await target.discard();
    throw error;
  }
}
