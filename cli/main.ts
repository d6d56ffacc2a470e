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
    if (command === undefined) throw new UsageFailure(unknownCommand(name));
    const { run } = await command.load();
    return await run([...command.leading ?? [], ...rest]);
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

/** Names the nearest command where one is near. */
function unknownCommand(name: string): string {
  const near = COMMANDS.map((command) => ({ name: command.name, distance: editDistance(name, command.name) }))
    .sort((a, b) => a.distance - b.distance)[0]!;
  const hint = near.distance <= 2 ? `, did you mean "${near.name}"` : "";
  return `Command "${name}" is not known${hint}`;
}

/** How many letters must be added, removed or replaced to make one word the other. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = row[j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row.at(-1)!;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
