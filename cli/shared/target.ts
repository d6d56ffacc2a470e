/**
 * Opening the file that output goes to: what is there already is asked about, refused or replaced.
 */
import { AtomicFile } from "./atomic_file.ts";
import type { FileAttributes } from "./atomic_file.ts";
import { describeSystemError, Failure } from "./exit.ts";
import type { Input } from "./inputs.ts";
import { writeAll } from "./io.ts";
import type { ByteSink } from "./io.ts";
import { LEVEL } from "./messages.ts";
import type { Messages } from "./messages.ts";

/** Output under way: complete it, or give it up. */
export interface Target extends ByteSink {
  /** Completes the output. */
  commit(attributes?: FileAttributes): Promise<void>;
  /** Gives the output up; does nothing behind a commit. */
  discard(): Promise<void>;
}

/** How a target is opened. */
export interface TargetOptions {
  /** The name of the command, in front of messages. */
  readonly command: string;
  /** Replace an existing file without asking. */
  readonly force: boolean;
  readonly sparse: boolean;
  readonly messages: Messages;
  /** What must not be overwritten. */
  readonly inputs: readonly Input[];
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
 * Opens the target.
 *
 * @throws {Failure} If it is an input or a directory, may not be replaced, or can't be made.
 */
export async function openTarget(path: string, options: TargetOptions): Promise<Target> {
  const { command, messages, inputs } = options;
  const existing = await statIfThere(path, command);
  if (existing !== undefined) {
    const overwrites = existing.ino !== null &&
      inputs.some(({ info }) => info?.ino === existing.ino && info.dev === existing.dev);
    if (overwrites && existing.isFile) {
      throw new Failure(`${command}: Refusing to open an output file which will overwrite the input file `);
    }
    if (existing.isDirectory) throw new Failure(`${command}: ${path}: Is a directory`);
    if (!existing.isFile) return await openDevice(path);
    if (!options.force) refuseUnlessConfirmed(path, command, messages);
  }
  const source = inputs.length === 1 ? inputs[0]!.info : undefined;
  try {
    return AtomicFile.create(path, {
      sparse: options.sparse,
      // Others may not read the content before the file has the mode of its source.
      mode: source?.isFile === true ? 0o600 : undefined,
    });
  } catch (error) {
    throw new Failure(`${command}: ${path}: ${describeSystemError(error)}`);
  }
}

async function statIfThere(path: string, command: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.stat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw new Failure(`${command}: ${path}: ${describeSystemError(error)}`);
  }
}

function refuseUnlessConfirmed(path: string, command: string, messages: Messages): void {
  const fact = `${command}: ${path} already exists`;
  if (messages.level <= LEVEL.errors || !Deno.stdin.isTerminal()) {
    throw new Failure(`${fact}; not overwritten  `);
  }
  if (!confirm(`${fact}; overwrite (y/n) ? `, messages)) throw new Failure("Not overwritten  ");
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
