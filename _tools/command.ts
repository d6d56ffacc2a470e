/**
 * Runs the commands that the checks and tests consist of, at the root of the checkout. Not a script of its own.
 */
import { ROOT } from "./zig.ts";

/** How a command ended. */
export interface CommandResult {
  readonly success: boolean;
  /** Everything that it wrote to standard output, without colors. */
  readonly stdout: string;
  /** As `stdout`, for standard error; empty where that was passed through. */
  readonly stderr: string;
}

/** How a command runs. */
export interface CommandOptions {
  /** Variables beside those of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Write what the command writes while it runs; else only `CommandResult` has it. @default {false} */
  readonly show?: boolean;
  /** The folder to run in. @default {the root of the checkout} */
  readonly cwd?: string;
}

// deno-lint-ignore no-control-regex
const COLOR = /\x1b\[[0-9;]*m/g;

/** Collects a stream of text; passes it on to `sink` as it comes where there is one. */
async function collect(
  stream: ReadableStream<Uint8Array>,
  sink: { writeSync(data: Uint8Array): number } | undefined,
): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of stream) {
    for (let offset = 0; sink !== undefined && offset < chunk.length;) {
      offset += sink.writeSync(chunk.subarray(offset));
    }
    text += decoder.decode(chunk, { stream: true });
  }
  return (text + decoder.decode()).replace(COLOR, "");
}

/** Runs a program with nothing on standard input. */
export async function runCommand(
  program: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const { env = {}, show = false, cwd = ROOT.pathname } = options;
  const child = new Deno.Command(program, {
    args: [...args],
    cwd,
    env,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const [stdout, stderr, { success }] = await Promise.all([
    collect(child.stdout, show ? Deno.stdout : undefined),
    collect(child.stderr, show ? Deno.stderr : undefined),
    child.status,
  ]);
  return { success, stdout, stderr };
}

/** Runs this very Deno. */
export async function runDeno(args: readonly string[], options?: CommandOptions): Promise<CommandResult> {
  return await runCommand(Deno.execPath(), args, options);
}

/** The tracked files of the checkout, and new ones that git does not ignore. */
export async function listFiles(...patterns: string[]): Promise<string[]> {
  const { success, stdout, stderr } = await runCommand("git", [
    "ls-files",
    "-z",
    "--cached",
    "--others",
    "--exclude-standard",
    "--deduplicate",
    "--",
    ...patterns,
  ]);
  if (!success) throw new Error(`git ls-files failed: ${stderr.trim()}`);
  const files = stdout.split("\0").filter((path) => path !== "");
  const present = await Promise.all(
    files.map((path) => Deno.lstat(new URL(path, ROOT)).then(() => true, () => false)),
  );
  return files.filter((_, index) => present[index]);
}

/** A package of the workspace. */
export interface Member {
  /** Its folder from the root: "zstd"; "." for the root itself. */
  readonly folder: string;
  readonly name: string;
  /** Entry points: name to path from the package's folder. */
  readonly exports: Readonly<Record<string, string>>;
}

/** The packages that are published, the root last. */
export async function listMembers(): Promise<Member[]> {
  async function read(folder: string): Promise<Member & { readonly workspace?: readonly string[] }> {
    const { name, exports, workspace } = JSON.parse(
      await Deno.readTextFile(new URL(`${folder}/deno.json`, ROOT)),
    );
    return { folder, name, exports: typeof exports === "string" ? { ".": exports } : exports, workspace };
  }
  const root = await read(".");
  const folders = (root.workspace ?? []).map((path) => path.replace(/^\.\//, ""));
  return [...await Promise.all(folders.map(read)), root];
}
