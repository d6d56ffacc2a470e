/**
 * How long big jobs take on the cluster of the examples: measures what one part costs on this machine, holds a simulation
 * against runs with 1, 2 and 4 workers, and goes through 800 GB to 1 PB on 10 to 10,000 workers.
 *
 * Run `deno run -A bench/cluster_model.ts`; it needs redis-server and a quiet machine. `--size=512` is the size of the
 * measured runs in MiB.
 */
import { parseArgs } from "node:util";
import { Redis } from "ioredis";
import { compressLz4Async, joinLz4Parts, repackLz4 } from "@sluice/lz4";
import { Producer } from "../examples/cluster/producer.ts";
import { isInstalled, RedisService, WorkerService } from "../examples/cluster/services.ts";
import type { RunResult, Source, Task } from "../examples/cluster/tasks.ts";
import { table } from "../_tools/markdown_table.ts";
import { simulateCluster } from "./_cluster_simulation.ts";
import type { ClusterModel } from "./_cluster_simulation.ts";

const MIB = 2 ** 20;
const ROWS = 50_000;
const SPLIT_SIZE = 16 * MIB;
const FRAME_SIZE = 1 * MIB;
/** Parts of so few bytes that a run of them is nothing but the queue. */
const SMALL_SPLITS = 2000;
/** Borders that a planner looks for at the same time, unless told otherwise. */
const PLAN_CONCURRENCY = 16;
/** The first of them warms up. */
const RUNS = 3;
const CORES = navigator.hardwareConcurrency;

/** What was not measured here: an object store as clouds have them, and machines that fail. */
const ASSUMED = {
  rangeLatency: 0.03,
  rangeRate: 90e6,
  storeRate: 12.5e9, // 100 Gbit/s
  stragglerPercent: 1,
  stragglerFactor: 4,
  failuresPerHour: 0.01,
  lockSeconds: 45,
  restartSeconds: 120,
} as const;

/** Nothing fails while the measured runs go on, and ranges come from the disk. */
const HERE = {
  rangeLatency: 0,
  rangeRate: Infinity,
  storeRate: Infinity,
  stragglerPercent: 0,
  stragglerFactor: 1,
  failuresPerHour: 0,
  lockSeconds: 0,
  restartSeconds: 0,
} as const;

/** What each part costs beside its work. */
interface QueueCosts {
  readonly jobSeconds: number;
  readonly redisSeconds: number;
  readonly reduceSeconds: number;
  readonly redisBytes: number;
}

/** What each part costs. */
interface Costs extends QueueCosts {
  /** Finding the border of a split in an .lz4, and putting the split into the queue. */
  readonly planSeconds: number;
  readonly workRate: number;
  readonly ratio: number;
}

/** Writes about so many bytes of NDJSON as .lz4; returns how many. */
async function makeFile(path: string, size: number): Promise<number> {
  const lines = Array.from(
    { length: ROWS },
    (_, i) =>
      `{"time":${1_700_000_000 + i},"user":${i * 2_654_435_761 % 9973},"path":"/items/${i}","status":200}\n`,
  );
  const bytes = new TextEncoder().encode(lines.join(""));
  const frames = repackLz4([await compressLz4Async(bytes)], { frameSize: FRAME_SIZE, separator: 10 });
  const block = await new Blob(await Array.fromAsync(frames)).bytes();
  const count = Math.ceil(size / bytes.length);
  const file = await Deno.open(path, { write: true, create: true, truncate: true });
  await ReadableStream.from(joinLz4Parts(Array(count).fill(block))).pipeTo(file.writable);
  return count * bytes.length;
}

function sourceOf(path: string): Source {
  return { url: path, label: path, encrypted: false };
}

/** A run, and how long its start took: the plan, and putting it into the queue. */
async function run(
  producer: Producer,
  path: string,
  task: Task,
  splitSize: number,
): Promise<{ readonly result: RunResult; readonly start: number }> {
  const began = performance.now();
  const name = await producer.start({ task, source: sourceOf(path), splitSize });
  const start = (performance.now() - began) / 1000;
  return { result: await producer.wait(name), start };
}

async function redisFacts(redis: Redis): Promise<{ readonly cpu: number; readonly memory: number }> {
  const text = await redis.info();
  const number = (name: string): number => Number(new RegExp(`^${name}:(\\S+)`, "m").exec(text)?.[1] ?? NaN);
  return {
    cpu: number("used_cpu_user") + number("used_cpu_sys"),
    memory: number("used_memory"),
  };
}

/** Measures what parts cost the queue, with one worker and parts of a few hundred bytes: there is nothing else in them. */
async function measureQueue(service: RedisService, producer: Producer, folder: string): Promise<QueueCosts> {
  await using _worker = await WorkerService.start(service.url);
  const small = `${folder}/small.txt`;
  await Deno.writeTextFile(small, "a line\n".repeat(40 * SMALL_SPLITS));
  const splitSize = Math.ceil((await Deno.stat(small)).size / SMALL_SPLITS);
  await run(producer, small, { kind: "count", sum: "warm" }, splitSize * 100).catch(() => {}); // no JSON: code is warm
  const redis = new Redis(service.url);
  try {
    const first = await redisFacts(redis);
    const { result, start } = await run(producer, small, { kind: "count" }, splitSize);
    const last = await redisFacts(redis);
    const { parts, seconds } = result;
    return {
      jobSeconds: Math.max(0, seconds - start) / parts,
      redisSeconds: (last.cpu - first.cpu) / parts,
      reduceSeconds: await measureReduce(redis, parts),
      redisBytes: (last.memory - first.memory) / parts,
    };
  } finally {
    redis.disconnect();
  }
}

/** How long it takes to read so many results, for each. */
async function measureReduce(redis: Redis, count: number): Promise<number> {
  const keys = await redis.keys("sluice:result:*");
  const start = performance.now();
  for (let at = 0; at < keys.length; at += 500) {
    for (const text of await redis.mget(keys.slice(at, at + 500))) JSON.parse(text ?? "null");
  }
  return (performance.now() - start) / 1000 / Math.max(count, keys.length);
}

/** The best of a few runs with so many workers, and the work rate of one of them. */
async function measureRuns(
  service: RedisService,
  producer: Producer,
  path: string,
  workers: number,
): Promise<{ readonly seconds: number; readonly workRate: number; readonly planSeconds: number }> {
  await using stack = new AsyncDisposableStack();
  const all = await Promise.all(Array.from({ length: workers }, () => WorkerService.start(service.url)));
  for (const worker of all) stack.use(worker);
  let best = { seconds: Infinity, workRate: 0, planSeconds: 0 };
  for (let i = 0; i < RUNS; i++) {
    const busyBefore = await busySeconds(all);
    // Each run is of a field that none was of, so that no result is found; the first one warms up.
    const { result, start } = await run(
      producer,
      path,
      { kind: "count", sum: `${workers}-${i}` },
      SPLIT_SIZE,
    );
    const busy = await busySeconds(all) - busyBefore;
    const { seconds, bytesIn, parts } = result;
    if (i > 0 && seconds < best.seconds) {
      best = { seconds, workRate: bytesIn / busy, planSeconds: start / parts };
    }
  }
  return best;
}

async function busySeconds(workers: readonly WorkerService[]): Promise<number> {
  const all = await Promise.all(workers.map((worker) => worker.metrics()));
  return all.reduce((sum, { busy_seconds = 0 }) => sum + busy_seconds, 0);
}

/** Runs with 1, 2 and 4 workers beside the simulation, whose work rate is that of the one worker. */
async function compareRuns(
  service: RedisService,
  producer: Producer,
  path: string,
  size: number,
  queue: QueueCosts,
): Promise<Costs> {
  const ratio = (await Deno.stat(path)).size / size;
  const rows: string[][] = [["workers", "measured s", "MiB/s", "against 1", "simulated s", "difference"]];
  const one = await measureRuns(service, producer, path, 1);
  const costs: Costs = { ...queue, ratio, workRate: one.workRate, planSeconds: one.planSeconds };
  for (const workers of [1, 2, 4]) {
    const { seconds } = workers === 1 ? one : await measureRuns(service, producer, path, workers);
    const shared = costs.workRate * Math.min(1, CORES / workers); // workers share the cores of this machine
    const model: ClusterModel = { ...costs, ...HERE, size, splitSize: SPLIT_SIZE, workers, workRate: shared };
    const simulated = simulateCluster(model).workSeconds; // planning is over when the clock of a run starts
    rows.push([
      `${workers}`,
      seconds.toFixed(2),
      (size / MIB / seconds).toFixed(0),
      (one.seconds / seconds).toFixed(2),
      simulated.toFixed(2),
      `${((simulated / seconds - 1) * 100).toFixed(0)} %`,
    ]);
  }
  console.log(table(rows));
  return costs;
}

function duration(seconds: number): string {
  if (seconds < 120) return `${seconds.toFixed(0)} s`;
  if (seconds < 7200) return `${(seconds / 60).toFixed(0)} min`;
  return seconds < 172_800 ? `${(seconds / 3600).toFixed(1)} h` : `${(seconds / 86_400).toFixed(1)} d`;
}

function formatSize(bytes: number): string {
  return bytes >= 1e15 ? `${bytes / 1e15} PB` : bytes >= 1e12 ? `${bytes / 1e12} TB` : `${bytes / 1e9} GB`;
}

function simulateBig(costs: Costs): void {
  const rows: string[][] = [[
    "content",
    "workers",
    "split",
    "splits",
    "plan",
    "work",
    "reduce",
    "total",
    "limit",
    "Redis memory",
  ]];
  // Each border is a range, and so many of them are asked for at the same time.
  const planSeconds = costs.planSeconds + ASSUMED.rangeLatency / PLAN_CONCURRENCY;
  for (const size of [800e9, 10e12, 100e12, 1e15]) {
    for (const workers of [10, 100, 1000, 10_000]) {
      if (size >= 1e14 && workers < 100) continue;
      for (const splitSize of [64 * MIB, 512 * MIB]) {
        const outcome = simulateCluster({ ...costs, ...ASSUMED, planSeconds, size, splitSize, workers });
        rows.push([
          formatSize(size),
          `${workers}`,
          `${splitSize / MIB} MiB`,
          `${outcome.splits}`,
          duration(outcome.planSeconds),
          duration(outcome.workSeconds),
          duration(outcome.reduceSeconds),
          duration(outcome.seconds),
          outcome.limit,
          `${(outcome.splits * costs.redisBytes / 1e9).toFixed(1)} GB`,
        ]);
      }
    }
  }
  console.log(table(rows));
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { size: { type: "string", default: "512" } } });
  if (!await isInstalled("redis-server")) {
    console.error("redis-server is not installed: apt-get install redis-server");
    Deno.exit(1);
  }
  const folder = await Deno.makeTempDir({ prefix: "sluice-model-" });
  try {
    await Deno.mkdir(`${folder}/redis`);
    await using service = await RedisService.start(`${folder}/redis`);
    await using producer = new Producer(service.url);
    const queue = await measureQueue(service, producer, folder);
    const path = `${folder}/log.lz4`;
    const size = await makeFile(path, Number(values.size) * MIB);
    console.log(`load ${Deno.loadavg()[0]!.toFixed(1)} on ${CORES} cores, best of ${RUNS - 1} runs`);
    const costs = await compareRuns(service, producer, path, size, queue);
    const share = costs.jobSeconds / (64 * MIB / costs.workRate + costs.jobSeconds);
    console.log(
      `the queue takes ${(share * 100).toFixed(2)} % of a worker's time at splits of 64 MiB; a part costs:\n`,
    );
    console.log(table([
      ["work", "plan and queue", "job", "Redis", "reduce", "Redis memory"],
      [
        `${(costs.workRate / MIB).toFixed(0)} MiB/s`,
        `${(costs.planSeconds * 1000).toFixed(2)} ms`,
        `${(costs.jobSeconds * 1000).toFixed(2)} ms`,
        `${(costs.redisSeconds * 1000).toFixed(2)} ms`,
        `${(costs.reduceSeconds * 1e6).toFixed(0)} µs`,
        `${costs.redisBytes.toFixed(0)} bytes`,
      ],
    ]));
    console.log("simulated, with an object store and failures as assumed:", JSON.stringify(ASSUMED), "\n");
    simulateBig(costs);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
