/**
 * Measuring contenders side by side: every round runs each of them once, and the best round counts, so that whatever
 * else the machine does hits all of them alike.
 */
import process from "node:process";

/** Something that does one operation once; returns its time in milliseconds where it measures that itself. */
export type Contender = () => unknown | Promise<unknown>;

/** Times that a contender measured itself, in milliseconds: another process, for example. */
export class OwnTime {
  constructor(readonly ms: number, readonly cpuMs?: number) {}
}

/** Best times in milliseconds by contender: on the clock, and of all processors together. */
export interface Times {
  readonly wall: Record<string, number>;
  readonly cpu: Record<string, number>;
}

/** Best times on the clock in milliseconds by contender. */
export async function measure(
  contenders: Readonly<Record<string, Contender | undefined>>,
  rounds: number,
): Promise<Record<string, number>> {
  return (await measureTimes(contenders, rounds)).wall;
}

/** Best times by contender; each of the two may come from another round. */
export async function measureTimes(
  contenders: Readonly<Record<string, Contender | undefined>>,
  rounds: number,
): Promise<Times> {
  const times: Times = { wall: {}, cpu: {} };
  for (let round = 0; round < rounds; round++) {
    for (const [name, run] of Object.entries(contenders)) {
      if (run === undefined) continue;
      const cpuStart = process.cpuUsage();
      const start = performance.now();
      const result = await run();
      const ms = performance.now() - start;
      const { user, system } = process.cpuUsage(cpuStart);
      const own = result instanceof OwnTime ? result : new OwnTime(ms, (user + system) / 1000);
      times.wall[name] = Math.min(times.wall[name] ?? Infinity, own.ms);
      if (own.cpuMs !== undefined) times.cpu[name] = Math.min(times.cpu[name] ?? Infinity, own.cpuMs);
    }
  }
  return times;
}

/** A Markdown table with aligned columns. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((cell, column) =>
    Math.max(cell.length, ...rows.map((row) => (row[column] ?? "").length), 3)
  );
  const line = (cells: readonly string[]): string =>
    `| ${
      cells.map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)
      ).join(" | ")
    } |`;
  const rule = widths.map((width, column) => column === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`);
  return [line(header), line(rule), ...rows.map(line)].join("\n");
}

/** Megabytes (10^6 bytes) a second. */
export function speed(bytes: number, ms: number | undefined): string {
  return ms === undefined ? "-" : (bytes / 1000 / ms).toFixed(0);
}

/** How many times faster `ours` is than `peer`. */
export function ratio(peer: number | undefined, ours: number | undefined): string {
  return peer === undefined || ours === undefined ? "-" : `${(peer / ours).toFixed(2)}x`;
}

/** Ratios of contenders, each written as a peer and ours: "C native". */
export function ratios(times: Readonly<Record<string, number>>, pairs: readonly string[]): string[] {
  return pairs.map((pair) => {
    const [peer, ours] = pair.split(" ");
    return ratio(times[peer!], times[ours!]);
  });
}

/** A figure that the project wants to reach, with what this run measured. */
export interface Target {
  readonly name: string;
  readonly actual: number | undefined;
  readonly wanted: number;
  /** Whether less is better. */
  readonly atMost?: boolean;
  readonly unit?: string;
}

/** The targets with their outcome; what could not be measured says so. */
export function targetTable(targets: readonly Target[]): string {
  return table(
    ["target", "wanted", "measured", "outcome"],
    targets.map(({ name, actual, wanted, atMost = false, unit = "x" }) => [
      name,
      `${atMost ? "<=" : ">="} ${Math.round(wanted * 100) / 100}${unit}`,
      actual === undefined ? "-" : `${actual.toFixed(actual < 10 ? 2 : 0)}${unit}`,
      actual === undefined
        ? "not measured"
        : (atMost ? actual <= wanted : actual >= wanted)
        ? "met"
        : "missed",
    ]),
  );
}

/** The machine and the versions that figures belong to. */
export function machineLine(): string {
  const memory = Math.round(Deno.systemMemoryInfo().total / 2 ** 30);
  return `Deno ${Deno.version.deno} (V8 ${Deno.version.v8}), ${Deno.build.target}, ` +
    `${navigator.hardwareConcurrency} cores, ${memory} GiB`;
}
