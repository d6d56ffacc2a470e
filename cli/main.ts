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
import { EXIT, runToExitCode, UsageFailure } from "./shared/exit.ts";
import { nearest } from "./shared/suggest.ts";
import { SLUICE_VERSION } from "./shared/version.ts";

const BACKEND_OPTION = "--backend=";
const BACKENDS: readonly string[] = ["auto", "native", "wasm"];

/** Runs a command line without the program's own name; returns the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  return await runToExitCode("sluice", async () => {
    const [name, ...rest] = takeBackend(args);
    if (name === undefined || name === "--help" || name === "-h") {
      console.log(helpText());
      return name === undefined ? EXIT.failure : EXIT.ok;
    }
    if (name === "--version" || name === "-V") {
      console.log(`sluice ${SLUICE_VERSION}`);
      return EXIT.ok;
    }
    const command = COMMANDS.find((candidate) => candidate.name === name);
    if (command === undefined) {
      throw new UsageFailure(
        `Command "${name}" is not known${nearest(name, COMMANDS.map((each) => each.name))}`,
      );
    }
    const { run } = await command.load();
    return await run([...command.leading ?? [], ...rest], COMMANDS);
  });
}

/** Takes `--backend=…` out of the arguments in front of `--` and applies it. */
function takeBackend(args: readonly string[]): string[] {
  const end = args.indexOf("--");
  const rest: string[] = [];
  for (const [index, arg] of args.entries()) {
    if (!arg.startsWith(BACKEND_OPTION) || (end >= 0 && index > end)) {
      rest.push(arg);
      continue;
    }
    const choice = arg.slice(BACKEND_OPTION.length);
    if (!BACKENDS.includes(choice)) {
      throw new UsageFailure(`Option --backend has the value "${choice}", expected ${BACKENDS.join(", ")}`);
    }
    configureBackend(choice as BackendChoice);
  }
  return rest;
}

function helpText(): string {
  const width = Math.max(...COMMANDS.map(({ name }) => name.length)) + 2;
  return [
    "Usage: sluice COMMAND [OPTIONS...] [ARGUMENTS...]",
    "",
    "Commands:",
    ...COMMANDS.map(({ name, summary }) => `  ${name.padEnd(width)}${summary}`),
    "",
    "Every command takes --help and --backend=auto|native|wasm.",
  ].join("\n");
}

if (import.meta.main) Deno.exit(await main(Deno.args));
