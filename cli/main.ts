/**
 * The command line of sluice: `sluice <command> …`. Each command is loaded when it is called.
 *
 * @example Which backend runs
 * ```ts
 * import { main } from "@sluice/cli";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(await main(["native", "status"]), 0);
 * ```
 *
 * @module
 */
import { configureBackend } from "@sluice/ffi";
import type { BackendChoice } from "@sluice/ffi";
import { COMMANDS } from "./_commands.ts";
import { EXIT, exitCodeOf, runToExitCode, UsageFailure } from "./shared/exit.ts";
import { nearest } from "./shared/suggest.ts";
import { printVersion, SLUICE_VERSION } from "./shared/version.ts";

export { exitCodeOf };

const BACKEND_OPTION = "--backend";
const BACKENDS: readonly string[] = ["auto", "native", "wasm"];
const HELP_FLAGS: readonly string[] = ["--help", "-h"];
const VERSION_FLAGS: readonly string[] = ["--version", "-V"];

/** Runs a command line without the program's own name; returns the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  return await runToExitCode("sluice", async () => await dispatch(takeBackend(args)));
}

async function dispatch([name, ...rest]: readonly string[]): Promise<number> {
  if (name === undefined || HELP_FLAGS.includes(name)) {
    console.log(helpText());
    return name === undefined ? EXIT.failure : EXIT.ok;
  }
  // `help zstd cat` is `zstd cat --help`.
  if (name === "help") return await dispatch(rest.length === 0 ? ["--help"] : [...rest, "--help"]);
  if (name === "version" || VERSION_FLAGS.includes(name)) {
    if (rest.length > 0) throw new UsageFailure(`Unexpected "${rest[0]}": version takes nothing`);
    console.log(`sluice ${SLUICE_VERSION}`);
    return EXIT.ok;
  }
  const command = COMMANDS.find((candidate) => candidate.name === name);
  if (command === undefined) {
    throw new UsageFailure(
      `Command "${name}" is not known${nearest(name, COMMANDS.map((each) => each.name))}`,
    );
  }
  if (command.banner !== true && rest.length === 1 && VERSION_FLAGS.includes(rest[0]!)) {
    return printVersion(name);
  }
  const { run } = await command.load();
  return await run([...command.leading ?? [], ...rest], COMMANDS);
}

/** Takes `--backend=…` and `--backend …` out of the arguments before `--` and applies it. */
function takeBackend(args: readonly string[]): string[] {
  const rest: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const arg = args[at]!;
    if (arg === "--") return [...rest, ...args.slice(at)];
    if (arg === BACKEND_OPTION) applyBackend(args[++at]);
    else if (arg.startsWith(`${BACKEND_OPTION}=`)) applyBackend(arg.slice(BACKEND_OPTION.length + 1));
    else rest.push(arg);
  }
  return rest;
}

function applyBackend(choice: string | undefined): void {
  if (choice === undefined || !BACKENDS.includes(choice)) {
    const state = choice === undefined ? "misses its value" : `has the value "${choice}"`;
    throw new UsageFailure(`Option ${BACKEND_OPTION} ${state}, expected ${BACKENDS.join(", ")}`);
  }
  configureBackend(choice as BackendChoice);
}

function helpText(): string {
  const width = Math.max(...COMMANDS.map(({ name }) => name.length)) + 2;
  return [
    "Usage: sluice COMMAND [OPTIONS...] [ARGUMENTS...]",
    "",
    "Commands:",
    ...COMMANDS.map(({ name, summary }) => `  ${name.padEnd(width)}${summary}`),
    "",
    "Every command takes --help, --version and --backend=auto|native|wasm.",
    '"sluice help COMMAND" is "sluice COMMAND --help", and "sluice version" prints the version.',
  ].join("\n");
}

if (import.meta.main) Deno.exit(await main(Deno.args));
