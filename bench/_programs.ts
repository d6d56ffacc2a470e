/**
 * Programs that measure operations themselves, one process a call.
 */
import { ROOT } from "../_tools/zig.ts";
import { OwnTime } from "./_measure.ts";

/** Runs a program that prints a line per operation: its name, its time and its processor time in nanoseconds. */
export async function runProgram(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Record<string, OwnTime>> {
  const { success, stdout } = await new Deno.Command(program, { args: [...args], env, stderr: "inherit" })
    .output();
  if (!success) throw new Error(`Cannot measure: ${program} failed`);
  const lines = new TextDecoder().decode(stdout).trim().split("\n").map((line) => line.split(" "));
  return Object.fromEntries(
    lines.map(([name, wall, cpu]) => [name!, new OwnTime(Number(wall) / 1e6, Number(cpu) / 1e6)]),
  );
}

/** Runs a script of bench/baselines with a package of Python; undefined where the package can't be had. */
export async function runPython(
  script: string,
  env: Readonly<Record<string, string>> | undefined,
  args: readonly string[],
): Promise<Record<string, OwnTime> | undefined> {
  if (env === undefined) return undefined;
  return await runProgram("python3", [new URL(`bench/baselines/${script}`, ROOT).pathname, ...args], env);
}
