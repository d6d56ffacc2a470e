/**
 * CPU time of this process and of Debian's zpaq.
 */
import process from "node:process";

/** Measurements are repeated until they took this long, and the best counts. */
const REPEAT_MS = 10_000;
const REPEATS_MAX = 5;

/** The least of several measurements; undefined where it can't be measured. */
export async function best<T extends number | undefined>(measure: () => Promise<T>): Promise<T> {
  let least = await measure();
  for (let i = 1, sum = least ?? REPEAT_MS; i < REPEATS_MAX && sum < REPEAT_MS; i++) {
    const next = await measure();
    if (next === undefined) break;
    sum += next;
    if (next < least!) least = next;
  }
  return least;
}

/** CPU milliseconds of this process that work takes. */
export async function cpuOf(work: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** CPU milliseconds of zpaq; undefined where it is not installed. */
export async function zpaqCpu(cwd: string, ...args: string[]): Promise<number | undefined> {
  const script =
    'import resource,subprocess,sys;r=subprocess.run(["zpaq"]+sys.argv[1:],capture_output=True);' +
    "u=resource.getrusage(resource.RUSAGE_CHILDREN);print((u.ru_utime+u.ru_stime)*1000 if r.returncode==0 else '')";
  try {
    const { stdout } = await new Deno.Command("python3", {
      args: ["-c", script, ...args],
      cwd,
      env: { TZ: "UTC" },
    })
      .output();
    const text = new TextDecoder().decode(stdout).trim();
    return text === "" ? undefined : Number(text);
  } catch {
    return undefined;
  }
}
