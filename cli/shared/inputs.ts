/**
 * Which files a command works on.
 */
import { describeSystemError } from "./exit.ts";
import { LEVEL } from "./messages.ts";
import type { Messages } from "./messages.ts";

/** Names of files that the shell has opened. */
const OPEN_FILE = /^\/(?:dev\/(?:stdin|fd\/\d+)|proc\/(?:self|\d+)\/fd\/\d+)$/;

/** How stdin is called in messages. */
export const STDIN_NAME = "/*stdin*\\";
/** How stdout is called in messages. */
export const STDOUT_NAME = "/*stdout*\\";

/** One input; stdin has no path. */
export interface Input {
  readonly name: string;
  readonly path: string | undefined;
  readonly info: Deno.FileInfo | undefined;
}

/** How operands become inputs. */
export interface InputOptions {
  /** The name of the command, which messages start with. */
  readonly command: string;
  /** Go into directories. */
  readonly recursive: boolean;
  /** Follow links, and take block devices. */
  readonly force: boolean;
  /** Follow links in any case. @default {false} */
  readonly followLinks?: boolean;
  /** Take no character devices but those that the shell has opened. @default {false} */
  readonly refuseDevices?: boolean;
  /** Files that hold more names, one a line. */
  readonly fileLists: readonly string[];
  readonly messages: Messages;
}

/** The inputs, and how many that were named can not be one. */
export interface Inputs {
  readonly inputs: Input[];
  failed: number;
}

/** Finds the inputs; what can't be one is named on stderr and left out. No operand at all means stdin. */
export async function collectInputs(operands: readonly string[], options: InputOptions): Promise<Inputs> {
  const found: Inputs = { inputs: [], failed: 0 };
  const names = [...operands];
  for (const list of options.fileLists) {
    try {
      names.push(...(await Deno.readTextFile(list)).split("\n").filter((line) => line !== ""));
    } catch {
      options.messages.say(LEVEL.errors, `${options.command}: error reading ${list} `);
      return { inputs: [], failed: 1 };
    }
  }
  if (operands.length === 0 && options.fileLists.length === 0) names.push("-");
  for (const name of names) await collect(name, options, found);
  if (found.inputs.length === 0) found.failed ||= 1;
  return found;
}

async function collect(name: string, options: InputOptions, found: Inputs): Promise<void> {
  if (name === "-") {
    found.inputs.push({ name: STDIN_NAME, path: undefined, info: undefined });
    return;
  }
  const { command, messages } = options;
  function ignore(reason: string): void {
    messages.say(LEVEL.errors, `${command}: ${reason} -- ignored `);
    found.failed++;
  }
  let info: Deno.FileInfo;
  try {
    const link = !options.force && options.followLinks !== true && (await Deno.lstat(name)).isSymlink;
    info = await Deno.stat(name);
    // A pipe or a file that the shell has opened comes as a link to it: `<(command)`, `/dev/stdin`.
    if (link && (info.isFile || info.isDirectory) && !OPEN_FILE.test(name)) {
      messages.say(LEVEL.results, `Warning : ${name} is a symbolic link, ignoring`);
      return;
    }
  } catch (error) {
    // What Deno makes of arguments and folders whose bytes are no UTF-8 can't be opened.
    const why = name.includes("\ufffd")
      ? "the name is not UTF-8, which is not supported"
      : describeSystemError(error);
    ignore(`can't stat ${name} : ${why}`);
    return;
  }
  if (info.isDirectory) {
    if (!options.recursive) return ignore(`${name} is a directory`);
    const entries: string[] = [];
    for await (const entry of Deno.readDir(name)) entries.push(entry.name);
    for (const entry of entries.sort()) await collect(`${name.replace(/\/+$/, "")}/${entry}`, options, found);
    return;
  }
  if (options.refuseDevices === true && info.isCharDevice === true && !OPEN_FILE.test(name)) {
    return ignore(`${name} is not a regular file`);
  }
  if (info.isBlockDevice === true && !options.force) return ignore(`${name} is a block device`);
  found.inputs.push({ name, path: name, info });
}
