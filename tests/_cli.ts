/**
 * Runs `sluice` as a program, and the real zstd tool beside it.
 */
import { inDirectory } from "./_directory.ts";
const MAIN = new URL("../cli/main.ts", import.meta.url).pathname;

/** What a program left behind. */
export interface Outcome {
  readonly code: number;
  readonly stdout: Uint8Array;
  readonly stderr: string;
}

/** How a program runs. */
export interface RunOptions {
  readonly cwd?: string;
  readonly stdin?: Uint8Array;
  readonly env?: Record<string, string>;
}

/** Runs a program to its end. */
export async function run(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Outcome> {
  const child = new Deno.Command(program, {
    args: [...args],
    stdin: options.stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.env === undefined ? {} : { env: options.env }),
  }).spawn();
  const fed = options.stdin === undefined ? Promise.resolve() : feed(child.stdin, options.stdin);
  const { code, stdout, stderr } = await child.output();
  await fed;
  return { code, stdout, stderr: new TextDecoder().decode(stderr) };
}

/** Writes everything; a program may stop reading before the end. */
async function feed(stdin: WritableStream<Uint8Array>, bytes: Uint8Array): Promise<void> {
  const writer = stdin.getWriter();
  try {
    await writer.write(bytes);
    await writer.close();
  } catch {
    await writer.abort().catch(() => {});
  }
}

/** Arguments of `deno` that run `sluice` with these arguments. */
export function sluiceArguments(args: readonly string[]): string[] {
  return ["run", "-A", MAIN, ...args];
}

/** Runs `sluice …`. */
export function sluice(args: readonly string[], options?: RunOptions): Promise<Outcome> {
  return run(Deno.execPath(), sluiceArguments(args), options);
}

/** Runs `sluice zstd …`. */
export function ours(args: readonly string[], options?: RunOptions): Promise<Outcome> {
  return sluice(["zstd", ...args], options);
}

/** Runs the real tool. */
export function real(args: readonly string[], options?: RunOptions): Promise<Outcome> {
  return run("zstd", args, options);
}

const TOOL_IS_HERE = await real(["-qV"]).then(({ code }) => code === 0, () => false);
if (!TOOL_IS_HERE) console.log("skipped: interop of sluice zstd, the zstd tool is not installed");

/** A test in a directory of its own. */
export function testCli(name: string, test: (directory: string) => Promise<void>, ignore = false): void {
  Deno.test({ name: `sluice zstd ${name}`, ignore, fn: () => inDirectory(test) });
}

/** A test that needs the real tool. */
export function testInterop(name: string, test: (directory: string) => Promise<void>): void {
  testCli(name, test, !TOOL_IS_HERE);
}

/** The names in a directory, in order. */
export function names(directory: string): string[] {
  return [...Deno.readDirSync(directory)].map((entry) => entry.name).sort();
}

/** Runs `sluice zstd …` to its end and watches how many megabytes it held at most. */
export async function peakMegabytes(args: readonly string[], cwd: string): Promise<number> {
  const child = new Deno.Command(Deno.execPath(), { args: sluiceArguments(["zstd", ...args]), cwd }).spawn();
  let peak = 0;
  let running = true;
  const ended = child.status.then((status) => {
    running = false;
    if (!status.success) throw new Error(`sluice zstd ${args.join(" ")} ended with ${status.code}`);
  });
  while (running) {
    const status = await Deno.readTextFile(`/proc/${child.pid}/status`).catch(() => "");
    peak = Math.max(peak, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1000);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await ended;
  return peak;
}
