/**
 * What runs of git and of ours cost, in CPU seconds and wall time.
 */
import process from "node:process";
import { ROOT } from "../_tools/zig.ts";

/** CPU seconds and wall seconds of one run. */
export interface Cost {
  readonly cpu: number;
  readonly wall: number;
  readonly bytes: number;
}

/** Something that runs once. */
export type Contender = () => Promise<Cost>;

/** Runs something in this process. */
export async function here(run: () => Promise<number>): Promise<Cost> {
  const cpu = process.cpuUsage();
  const start = performance.now();
  const bytes = await run();
  const wall = (performance.now() - start) / 1000;
  const used = process.cpuUsage(cpu);
  return { cpu: (used.user + used.system) / 1e6, wall, bytes };
}

/** Runs a shell command and takes the times that the shell tells. */
export async function shell(command: string, env: Record<string, string> = {}): Promise<Cost> {
  const { success, stderr } = await new Deno.Command("bash", {
    args: ["-c", `TIMEFORMAT='%R %U %S'; time { ${command}; }`],
    env,
    cwd: new URL(".zig/", ROOT),
    stdout: "null",
    stderr: "piped",
  }).output();
  const text = new TextDecoder().decode(stderr).trim();
  if (!success) throw new Error(`Cannot measure: ${text}`);
  const [wall, user, system] = text.split("\n").at(-1)!.split(" ").map(Number);
  return { cpu: user! + system!, wall: wall!, bytes: 0 };
}

/** The best of several rounds, in which contenders take turns. */
export async function measureCosts(
  contenders: Readonly<Record<string, Contender | undefined>>,
  rounds: number,
): Promise<Record<string, Cost>> {
  const best: Record<string, Cost> = {};
  for (let round = 0; round < rounds; round++) {
    for (const [name, run] of Object.entries(contenders)) {
      if (run === undefined) continue;
      const cost = await run();
      const before = best[name];
      best[name] = before === undefined ? cost : {
        cpu: Math.min(before.cpu, cost.cpu),
        wall: Math.min(before.wall, cost.wall),
        bytes: cost.bytes,
      };
    }
  }
  return best;
}
