/**
 * Programs under measurement: their time, their processors' time, their memory. Linux's /proc says it.
 */
const TICKS = 100;

/** Fields of /proc/PID/stat after the program's name. */
async function statFields(pid: number): Promise<string[] | undefined> {
  try {
    return (await Deno.readTextFile(`/proc/${pid}/stat`)).replace(/^.*\) /s, "").split(" ");
  } catch {
    return undefined;
  }
}

/** Processor seconds of a process, of those it waited for, and of all that live below it. */
export async function treeCpuSeconds(root: number): Promise<number> {
  const parents = new Map<number, { readonly parent: number; readonly ticks: number }>();
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const fields = await statFields(Number(name));
    if (fields === undefined) continue;
    const ticks = [11, 12, 13, 14].reduce((sum, index) => sum + Number(fields[index]), 0);
    parents.set(Number(name), { parent: Number(fields[1]), ticks });
  }
  let ticks = 0;
  for (const [pid, entry] of parents) {
    let at: number | undefined = pid;
    while (at !== undefined && at !== root) at = parents.get(at)?.parent;
    if (at === root) ticks += entry.ticks;
  }
  return ticks / TICKS;
}

/** The most memory that a process had, in MB; 0 when it is gone. */
export async function peakMegabytes(pid: number): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`).catch(() => "");
  return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1000;
}

/** What a run of a program took. */
export interface ProgramRun {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly megabytes: number;
}

/** Runs a program to its end; its own processor time is that of all children of this process that ended meanwhile. */
export async function runMeasured(
  program: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<ProgramRun> {
  const children = async (): Promise<number> => {
    const fields = (await statFields(Deno.pid))!;
    return (Number(fields[13]) + Number(fields[14])) / TICKS;
  };
  const before = await children();
  const started = performance.now();
  const child = new Deno.Command(program, {
    args: [...args],
    env,
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const output = child.output();
  let running = true;
  const watched = (async (): Promise<number> => {
    let peak = 0;
    while (running) {
      peak = Math.max(peak, await peakMegabytes(child.pid));
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    return peak;
  })();
  const { success, stderr } = await output;
  const seconds = (performance.now() - started) / 1000;
  running = false;
  const megabytes = await watched;
  if (!success) {
    throw new Error(
      `Cannot measure ${program} ${args.join(" ")}: ${new TextDecoder().decode(stderr).trim()}`,
    );
  }
  return { seconds, cpuSeconds: await children() - before, megabytes };
}
