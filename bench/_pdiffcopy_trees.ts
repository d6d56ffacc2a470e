/**
 * Trees of small files over a line with a delay, and content that has moved by a byte: ours beside rsync, in both
 * directions.
 */
import { Buffer } from "node:buffer";
import { ROOT } from "../_tools/zig.ts";
import { DelayProxy } from "./_delay_proxy.ts";
import { ratio, table } from "./_measure.ts";
import { runMeasured, treeCpuSeconds } from "./_processes.ts";
import { freePort, isInstalled, Servers } from "./_servers.ts";
import type { CompareOptions } from "./zstd_compare.ts";

const FILES = { full: 10_000, quick: 2000, smoke: 100 } as const;
const MOVED_SIZES = { full: 256 << 20, quick: 64 << 20, smoke: 2 << 20 } as const;
const ROUNDS = { full: 3, quick: 3, smoke: 1 } as const;
const DELAY_MS = 25;
const MAIN = new URL("cli/main.ts", ROOT).pathname;

interface Sides {
  readonly directory: string;
  readonly ours: { readonly port: number; readonly pid: number };
  readonly rsync: { readonly port: number; readonly pid: number };
}

/** One copy: what it is called, and the command. */
interface Copy {
  readonly tool: "ours" | "rsync";
  readonly what: string;
  readonly args: readonly string[];
}

interface Taken {
  readonly seconds: number;
  readonly cpuSeconds: number;
}

async function startSides(directory: string, servers: Servers): Promise<Sides> {
  const [oursPort, rsyncPort] = [freePort(), freePort()];
  const serve = ["-q", "-l", `127.0.0.1:${oursPort}`, "--root", directory, "--writable", "--no-fsync"];
  const config = `${directory}/rsyncd.conf`;
  await Deno.writeTextFile(
    config,
    `use chroot = no\nuid = ${Deno.uid()}\ngid = ${Deno.gid()}\n[files]\npath = ${directory}\nread only = no\n`,
  );
  const daemon = [
    "--daemon",
    "--no-detach",
    "--address=127.0.0.1",
    `--port=${rsyncPort}`,
    `--config=${config}`,
  ];
  const pid = await servers.start(Deno.execPath(), ["run", "-A", MAIN, "pdiffcopy", ...serve], oursPort);
  return {
    directory,
    ours: { port: oursPort, pid },
    rsync: { port: rsyncPort, pid: await servers.start("rsync", daemon, rsyncPort) },
  };
}

async function measure(sides: Sides, { tool, args }: Copy): Promise<Taken> {
  const { pid } = sides[tool];
  const before = await treeCpuSeconds(pid);
  const program = tool === "ours" ? Deno.execPath() : "rsync";
  const all = tool === "ours" ? ["run", "-A", MAIN, "pdiffcopy", "-q", ...args] : args;
  const run = await runMeasured(program, all);
  // A server's children are counted when it has waited for them.
  await new Promise((resolve) => setTimeout(resolve, 100));
  return { seconds: run.seconds, cpuSeconds: run.cpuSeconds + await treeCpuSeconds(pid) - before };
}

/** A random number from a seed, so that all runs have the same tree. */
function makeNumbers(): () => number {
  let state = 7;
  return () => state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
}

async function makeTree(root: string, count: number): Promise<void> {
  const next = makeNumbers();
  for (let i = 0; i < count; i++) {
    const folder = `${root}/d${i % 100}`;
    if (i < 100) await Deno.mkdir(folder, { recursive: true });
    const content = crypto.getRandomValues(new Uint8Array(1000 + next() % 19_000));
    await Deno.writeFile(`${folder}/f${i}`, content);
  }
}

/** The commands that copy a tree to `target`, each way. */
function treeCopies(directory: string, ours: number, rsync: number): Copy[] {
  const [source, target] = [`${directory}/source`, `${directory}/target`];
  const [here, there] = [`http://127.0.0.1:${ours}`, `rsync://127.0.0.1:${rsync}/files`];
  return [
    { tool: "ours", what: "download", args: ["-r", "--no-fsync", `${here}/source`, target] },
    { tool: "rsync", what: "download", args: ["-rltp", `${there}/source/`, target] },
    { tool: "ours", what: "upload", args: ["-r", source, `${here}/target`] },
    { tool: "rsync", what: "upload", args: ["-rltp", `${source}/`, `${there}/target`] },
  ];
}

async function countFiles(root: string): Promise<number> {
  let count = 0;
  for await (const { name, isDirectory } of Deno.readDir(root)) {
    count += isDirectory ? await countFiles(`${root}/${name}`) : 1;
  }
  return count;
}

type Results = Map<string, Taken[]>;

async function compareTrees(sides: Sides, count: number, rounds: number): Promise<Results> {
  const { directory } = sides;
  const results: Results = new Map();
  await makeTree(`${directory}/source`, count);
  using ours = new DelayProxy(sides.ours.port, DELAY_MS);
  using rsync = new DelayProxy(sides.rsync.port, DELAY_MS);
  for (let round = 0; round < rounds; round++) {
    for (const copy of treeCopies(directory, ours.port, rsync.port)) {
      await Deno.remove(`${directory}/target`, { recursive: true }).catch(() => {});
      for (const turn of ["first", "again"]) {
        note(results, `${count} files, ${copy.what}, ${turn}`, copy.tool, await measure(sides, copy));
      }
      const found = await countFiles(`${directory}/target`);
      if (found !== count) throw new Error(`Cannot go on: ${copy.tool} copied ${found} of ${count} files`);
    }
  }
  return results;
}

async function compareMoved(sides: Sides, size: number, rounds: number): Promise<Results> {
  const { directory } = sides;
  const results: Results = new Map();
  const content = new Uint8Array(size + 1);
  for (let at = 0; at < size; at += 1 << 16) {
    crypto.getRandomValues(content.subarray(at, Math.min(size + 1, at + (1 << 16))));
  }
  const [source, target] = [`${directory}/moved`, `${directory}/copy`];
  await Deno.writeFile(source, content);
  const [here, there] = [
    `http://127.0.0.1:${sides.ours.port}`,
    `rsync://127.0.0.1:${sides.rsync.port}/files`,
  ];
  const plain = ["-I", "--no-whole-file"];
  const copies: readonly Copy[] = [
    { tool: "ours", what: "download", args: ["--shift", "rolling", "--no-fsync", `${here}/moved`, target] },
    { tool: "rsync", what: "download", args: [...plain, `${there}/moved`, target] },
    { tool: "ours", what: "upload", args: ["--shift", "rolling", source, `${here}/copy`] },
    { tool: "rsync", what: "upload", args: [...plain, source, `${there}/copy`] },
  ];
  for (let round = 0; round < rounds; round++) {
    for (const copy of copies) {
      await Deno.writeFile(target, content.subarray(1));
      note(results, `one byte before ${size >> 20} MiB, ${copy.what}`, copy.tool, await measure(sides, copy));
      if (Buffer.compare(await Deno.readFile(target), content) !== 0) {
        throw new Error(`Cannot go on: ${copy.tool} left the target different`);
      }
    }
  }
  return results;
}

function note(results: Results, what: string, tool: string, taken: Taken): void {
  const key = `${what}\n${tool}`;
  results.set(key, [...results.get(key) ?? [], taken]);
}

function medianOf(runs: readonly Taken[], pick: (taken: Taken) => number): number {
  return runs.map(pick).toSorted((a, b) => a - b)[runs.length >> 1]!;
}

function print(results: Results): void {
  const names = new Set([...results.keys()].map((key) => key.split("\n")[0]!));
  const rows = [...names].map((what) => {
    const of = (tool: string, pick: (taken: Taken) => number): number =>
      medianOf(results.get(`${what}\n${tool}`)!, pick);
    const [time, cpu] = [(taken: Taken) => taken.seconds, (taken: Taken) => taken.cpuSeconds];
    const pair = (tool: string): string => `${of(tool, time).toFixed(2)} / ${of(tool, cpu).toFixed(2)}`;
    return [
      what,
      pair("ours"),
      pair("rsync"),
      ratio(of("ours", time), of("rsync", time)),
      ratio(of("ours", cpu), of("rsync", cpu)),
    ];
  });
  console.log(table(["Copy", "ours", "rsync", "ours / rsync, time", "processor"], rows));
}

/** Runs the comparisons. */
export async function comparePdiffShiftAndTrees(size: CompareOptions["size"]): Promise<void> {
  if (!await isInstalled("rsync")) return console.log("trees are left out: rsync is not installed");
  const base = Deno.env.get("SLUICE_BENCH_DIR");
  const directory = await Deno.makeTempDir(base === undefined ? {} : { dir: base });
  try {
    await using servers = new Servers();
    const sides = await startSides(directory, servers);
    console.log("\nSeconds of the whole program and of the processor on both sides, medians:\n");
    print(
      new Map([
        ...await compareMoved(sides, MOVED_SIZES[size], ROUNDS[size]),
        ...await compareTrees(sides, FILES[size], ROUNDS[size]),
      ]),
    );
    console.log(
      `\nFiles have 1 to 20 kB; trees are copied over a line with ${2 * DELAY_MS} ms for both ways.`,
    );
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}
