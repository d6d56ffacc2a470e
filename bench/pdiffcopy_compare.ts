/**
 * Copies of one large file whose target differs by 0 to 100 percent: ours, rsync's daemon with in-place delta, and the
 * original program, in one go on the same files, over loopback with a warm cache. Every run ends with a comparison of
 * both files. SLUICE_BENCH_DIR names the directory to work in.
 *
 * Part of `bench/compare.ts`, which runs it alone as `compare.ts pdiffcopy`.
 */
import { formatPdiffDuration, formatPdiffSize, mutatePdiffFile, PdiffClient } from "@sluice/pdiffcopy";
import { ROOT } from "../_tools/zig.ts";
import { ratio, table, targetTable } from "./_measure.ts";
import type { Target } from "./_measure.ts";
import { pythonPackage } from "./_peers.ts";
import { peakMegabytes, runMeasured, treeCpuSeconds } from "./_processes.ts";
import { comparePdiffShiftAndTrees } from "./_pdiffcopy_trees.ts";
import { freePort, isInstalled, Servers } from "./_servers.ts";
import type { CompareOptions } from "./zstd_compare.ts";

const SIZES = { full: 2 ** 30, quick: 256 << 20, smoke: 2 << 20 } as const;
const ROUNDS = { full: 3, quick: 3, smoke: 1 } as const;
const DELTAS = [0, 10, 50, 100] as const;
const MAIN = new URL("cli/main.ts", ROOT).pathname;
const WALL_RATIOS = { 0: 1.6, 10: 3, 50: 4, 100: 3 } as const;
const ORIGINAL_RATIOS = { 0: 2.5, 10: 2.5, 50: 1.7, 100: 1.4 } as const;
const MEGABYTES_MAX = 300;
const UPLOAD_RATIO = 1.15;

/** Somebody who makes the target equal to the source. */
interface Tool {
  readonly name: string;
  readonly args: readonly string[];
  readonly program: string;
  readonly env?: Record<string, string>;
  /** The server behind it. */
  readonly server?: number;
}

/** Medians of what runs of one tool at one delta took. */
interface Outcome {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly megabytes: number;
}

async function makeFile(path: string, size: number): Promise<void> {
  const key = await crypto.subtle.importKey("raw", new Uint8Array(16), "AES-CTR", false, ["encrypt"]);
  using file = await Deno.open(path, { write: true, create: true });
  const step = 1 << 20;
  for (let at = 0; at < size; at += step) {
    const counter = new Uint8Array(16);
    new DataView(counter.buffer).setUint32(8, at / step);
    const block = await crypto.subtle.encrypt(
      { name: "AES-CTR", counter, length: 32 },
      key,
      new Uint8Array(step),
    );
    const bytes = new Uint8Array(block);
    for (let done = 0; done < step;) done += await file.write(bytes.subarray(done));
  }
}

async function tools(directory: string, servers: Servers): Promise<Tool[]> {
  const deno = Deno.execPath();
  const [source, target] = [`${directory}/source`, `${directory}/target`];
  const port = freePort();
  const ours = ["run", "-A", MAIN, "pdiffcopy"];
  const serve = [...ours, "-q", "-l", `127.0.0.1:${port}`, "--root", directory, "--writable", "--no-fsync"];
  const server = await servers.start(deno, serve, port);
  const url = (name: string): string => `http://127.0.0.1:${port}/${name}`;
  const copy = (...args: string[]): string[] => [...ours, "-q", "--no-fsync", ...args];
  // The server of the target, started with --no-fsync, decides for uploads.
  const upload = (...args: string[]): string[] => [...ours, "-q", ...args];
  const list: Tool[] = [
    { name: "ours", program: deno, args: copy(url("source"), target), server },
    { name: "ours, upload", program: deno, args: upload(source, url("target")), server },
    { name: "ours, protocol 1", program: deno, args: copy("--protocol", "1", url("source"), target), server },
    { name: "ours, local", program: deno, args: copy(source, target) },
    { name: "ours, blake3", program: deno, args: copy("-m", "blake3", url("source"), target), server },
  ];
  if (await isInstalled("rsync")) {
    const rsyncPort = freePort();
    const config = `${directory}/rsyncd.conf`;
    await Deno.writeTextFile(
      config,
      `use chroot = no\nuid = ${Deno.uid()}\ngid = ${Deno.gid()}\n[files]\npath = ${directory}\nread only = true\n`,
    );
    const args = [
      "--daemon",
      "--no-detach",
      "--address=127.0.0.1",
      `--port=${rsyncPort}`,
      `--config=${config}`,
    ];
    list.push({
      name: "rsync",
      program: "rsync",
      args: ["--inplace", "--no-whole-file", "-I", `rsync://127.0.0.1:${rsyncPort}/files/source`, target],
      server: await servers.start("rsync", args, rsyncPort),
    });
  } else {
    console.log("rsync is left out: it is not installed");
  }
  const python = await pythonPackage("pdiffcopy.cli", "pdiffcopy[client,server]");
  if (python !== undefined) {
    const bin = `${python.PYTHONPATH}/bin`;
    const env = { ...python, PATH: `${bin}:${Deno.env.get("PATH")}`, http_proxy: "", HTTP_PROXY: "" };
    const originalPort = freePort();
    const pid = await servers.start(
      `${bin}/pdiffcopy`,
      ["-q", "-l", `127.0.0.1:${originalPort}`],
      originalPort,
      env,
    );
    list.push({
      name: "original",
      program: `${bin}/pdiffcopy`,
      args: ["-q", `http://127.0.0.1:${originalPort}${source}`, target],
      env,
      server: pid,
    });
  }
  return list;
}

async function runOnce(tool: Tool, percent: number, directory: string): Promise<Outcome> {
  const [source, target] = [`${directory}/source`, `${directory}/target`];
  await mutatePdiffFile(target, { percent });
  const before = tool.server === undefined ? 0 : await treeCpuSeconds(tool.server);
  const run = await runMeasured(tool.program, tool.args, tool.env);
  // A server's children are counted when it has waited for them.
  await new Promise((resolve) => setTimeout(resolve, 50));
  const served = tool.server === undefined ? 0 : await treeCpuSeconds(tool.server) - before;
  const { ranges } = await new PdiffClient({ source, target, blockSize: 1 << 20, hash: "blake3" })
    .findChanges();
  if (ranges.length > 0) {
    throw new Error(`Cannot go on: ${tool.name} left the target different at byte ${ranges[0]!.offset}`);
  }
  const megabytes = Math.max(run.megabytes, tool.server === undefined ? 0 : await peakMegabytes(tool.server));
  return { seconds: run.seconds, cpuSeconds: run.cpuSeconds + served, megabytes };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

function medians(runs: readonly Outcome[]): Outcome {
  return {
    seconds: median(runs.map((run) => run.seconds)),
    cpuSeconds: median(runs.map((run) => run.cpuSeconds)),
    megabytes: Math.max(...runs.map((run) => run.megabytes)),
  };
}

/** The seed's table: one row a delta, the time of every tool; then ratios and targets. */
function print(list: readonly Tool[], size: number, results: ReadonlyMap<string, Outcome>): void {
  const of = (name: string, delta: number): Outcome | undefined => results.get(`${name} ${delta}`);
  const rows = (pick: (outcome: Outcome) => string): string[][] =>
    DELTAS.map((delta) => [
      `${delta}%`,
      formatPdiffSize(Math.floor(size * delta / 100)),
      ...list.map(({ name }) => pick(of(name, delta)!)),
    ]);
  const head = ["Delta", "Data size", ...list.map(({ name }) => name)];
  console.log(`\nTime of the whole program, ${formatPdiffSize(size)}, medians:\n`);
  console.log(table(head, rows(({ seconds }) => formatPdiffDuration(Math.round(seconds * 100) / 100))));
  console.log("\nSeconds of the processor, both sides together:\n");
  console.log(table(head, rows(({ cpuSeconds }) => cpuSeconds.toFixed(2))));
  const peers = list.filter(({ name }) => !name.startsWith("ours")).map(({ name }) => name);
  console.log("\nPeer over ours, time and processor:\n");
  console.log(table(
    ["Delta", ...peers.flatMap((peer) => [`${peer} time`, `${peer} processor`])],
    DELTAS.map((delta) => [
      `${delta}%`,
      ...peers.flatMap((peer) => [
        ratio(of(peer, delta)?.seconds, of("ours", delta)?.seconds),
        ratio(of(peer, delta)?.cpuSeconds, of("ours", delta)?.cpuSeconds),
      ]),
    ]),
  ));
  const targets: Target[] = [];
  for (const [peer, wanted] of [["rsync", WALL_RATIOS], ["original", ORIGINAL_RATIOS]] as const) {
    for (const delta of DELTAS) {
      const [theirs, ours] = [of(peer, delta), of("ours", delta)!];
      targets.push(
        {
          name: `${peer} / ours, ${delta} %, time`,
          actual: theirs && theirs.seconds / ours.seconds,
          wanted: wanted[delta],
        },
        {
          name: `${peer} / ours, ${delta} %, processor`,
          actual: theirs && theirs.cpuSeconds / ours.cpuSeconds,
          wanted: wanted[delta],
        },
      );
    }
  }
  for (const delta of DELTAS) {
    const [upload, download] = [of("ours, upload", delta)!, of("ours", delta)!];
    targets.push({
      name: `upload / download, ${delta} %, processor`,
      actual: upload.cpuSeconds / download.cpuSeconds,
      wanted: UPLOAD_RATIO,
      atMost: true,
    });
  }
  const peak = Math.max(
    ...[...results].filter(([name]) => name.startsWith("ours")).map(([, { megabytes }]) => megabytes),
  );
  targets.push({
    name: "memory of each side",
    actual: peak,
    wanted: MEGABYTES_MAX,
    atMost: true,
    unit: " MB",
  });
  // The targets are for files of 1 GiB: below that the start of the programs counts most.
  if (size === SIZES.full) console.log(`\n${targetTable(targets)}`);
}

/** Runs the comparison. */
export async function comparePdiffcopy({ size }: CompareOptions): Promise<void> {
  console.log("\n## pdiffcopy");
  if (Deno.build.os !== "linux") return console.log("left out: it reads /proc");
  const base = Deno.env.get("SLUICE_BENCH_DIR");
  const directory = await Deno.makeTempDir(base === undefined ? {} : { dir: base });
  try {
    await using servers = new Servers();
    await makeFile(`${directory}/source`, SIZES[size]);
    await Deno.copyFile(`${directory}/source`, `${directory}/target`);
    const list = await tools(directory, servers);
    const results = new Map<string, Outcome>();
    for (const delta of DELTAS) {
      const runs = new Map<string, Outcome[]>();
      for (let round = 0; round < ROUNDS[size]; round++) {
        for (const tool of list) {
          const outcome = await runOnce(tool, delta, directory);
          runs.set(tool.name, [...runs.get(tool.name) ?? [], outcome]);
        }
      }
      for (const [name, outcomes] of runs) results.set(`${name} ${delta}`, medians(outcomes));
    }
    print(list, SIZES[size], results);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
  await comparePdiffShiftAndTrees(size);
}
