/**
 * The whole cluster on one machine: Redis and an object store on 127.0.0.1, 1 GiB of NDJSON as an encrypted .lz4, three
 * workers of which one is killed, and the answer beside the right one. It is done once with one worker first, so that the
 * speed has something to be compared with.
 *
 * Run `deno task cluster:demo`; fails when the answer is wrong. `--size=64M` makes less.
 */
import { parseArgs } from "node:util";
import { compressLz4Async, encryptLz4AesGcmIterable, joinLz4Parts, repackLz4 } from "@sluice/lz4";
import { formatProgress, Producer } from "./producer.ts";
import { isInstalled, ObjectStoreService, RedisService, WorkerService } from "./services.ts";
import type { RunResult, Source, Task } from "./tasks.ts";

const BLOCK_ROWS = 100_000;
const FRAME_SIZE = 4 << 20;
const SPLIT_SIZE = 32 << 20;
const KEY_SIZE = 32;
const WORKERS = 3;

/** What the file holds. */
interface Made {
  readonly rows: number;
  readonly sum: number;
  readonly size: number;
}

/** Rows of a log, and what they add up to. */
function makeRows(): { readonly bytes: Uint8Array<ArrayBuffer>; readonly sum: number } {
  let [state, sum] = [12_345, 0];
  const lines: string[] = [];
  for (let i = 0; i < BLOCK_ROWS; i++) {
    state = state * 1_103_515_245 + 12_345 >>> 0;
    const user = state % 10_000;
    sum += user;
    const trace = (state ^ state >>> 7).toString(16).padStart(8, "0");
    lines.push(
      `{"time":"2026-11-29T12:00:00Z","user":${user},"trace":"${trace}","path":"/items/${i}","status":200}\n`,
    );
  }
  return { bytes: new TextEncoder().encode(lines.join("")), sum };
}

/** Writes an encrypted .lz4 of about so many bytes of rows, with an index inside. */
async function makeFile(path: string, size: number, key: Uint8Array<ArrayBuffer>): Promise<Made> {
  const { bytes, sum } = makeRows();
  const count = Math.ceil(size / bytes.length);
  const frames = repackLz4([await compressLz4Async(bytes)], {
    frameSize: FRAME_SIZE,
    separator: 10,
    threads: 2,
  });
  const block = await new Blob(await Array.fromAsync(frames)).bytes(); // the same rows again and again
  const file = joinLz4Parts(Array(count).fill(block));
  using target = await Deno.create(path);
  for await (const chunk of encryptLz4AesGcmIterable(file, { key })) await writeAll(target, chunk);
  return { rows: count * BLOCK_ROWS, sum: count * sum, size: count * bytes.length };
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
}

/** Counts with so many workers; with `kill` one of them is ended at a third of the parts. */
async function count(
  redis: RedisService,
  producer: Producer,
  options: { readonly source: Source; readonly key: Uint8Array<ArrayBuffer>; readonly keyFile: string },
  workers: number,
  kill: boolean,
): Promise<RunResult> {
  await using stack = new AsyncDisposableStack();
  const args = [`--key-file=${options.keyFile}`, "--lock=2"];
  const all = await Promise.all(Array.from({ length: workers }, () => WorkerService.start(redis.url, args)));
  for (const worker of all) stack.use(worker);
  const task: Task = { kind: "count", sum: "user" };
  const run = await producer.start({ task, source: options.source, splitSize: SPLIT_SIZE, key: options.key });
  let killed: Promise<void> | undefined;
  return await producer.wait(run, (progress) => {
    if (Deno.stderr.isTerminal()) {
      Deno.stderr.writeSync(new TextEncoder().encode(`\r\x1b[K${formatProgress(progress)}`));
    }
    if (!kill || killed !== undefined || progress.done < progress.parts / 3) return;
    console.log(`worker ${all[0]!.pid} is killed after ${progress.done} of ${progress.parts} parts`);
    killed = all[0]!.kill();
  });
}

function show(label: string, { rows, sum, parts, bytesIn, seconds }: RunResult): void {
  const speed = (bytesIn / 2 ** 20 / seconds).toFixed(0);
  console.log(`${label}: ${rows} rows, sum ${sum}, ${parts} parts, ${seconds.toFixed(1)} s, ${speed} MiB/s`);
}

async function demo(folder: string, size: number): Promise<boolean> {
  for (const name of ["redis", "objects"]) await Deno.mkdir(`${folder}/${name}`);
  const key = crypto.getRandomValues(new Uint8Array(KEY_SIZE));
  await Deno.writeTextFile(`${folder}/key`, key.toHex(), { mode: 0o600 });
  const started = performance.now();
  const made = await makeFile(`${folder}/log.lz4`, size, key);
  const { size: stored } = await Deno.stat(`${folder}/log.lz4`);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(
    `${made.rows} rows, ${made.size} bytes of NDJSON, as ${stored} bytes of encrypted .lz4, in ${seconds} s`,
  );
  await using redis = await RedisService.start(`${folder}/redis`);
  await using store = await ObjectStoreService.start(`${folder}/objects`);
  await using producer = new Producer(redis.url);
  const { bucket } = store;
  /** The same bytes under a name of their own: results of one run are not found by the next. */
  async function sourceOf(name: string): Promise<Source> {
    await bucket.put(name, await Deno.readFile(`${folder}/log.lz4`));
    return { url: await bucket.sign("GET", name), label: bucket.label(name), encrypted: true };
  }
  const options = { key, keyFile: `${folder}/key` };
  const one = await count(redis, producer, { ...options, source: await sourceOf("one.lz4") }, 1, false);
  show("1 worker", one);
  const many = await count(
    redis,
    producer,
    { ...options, source: await sourceOf("many.lz4") },
    WORKERS,
    true,
  );
  show(`${WORKERS} workers, one killed`, many);
  console.log(
    `speed against one worker: ${
      (one.seconds / many.seconds).toFixed(2)
    } on ${navigator.hardwareConcurrency} cores`,
  );
  const right = [one, many].every(({ complete, rows, sum }) =>
    complete && rows === made.rows && sum === made.sum
  );
  console.log(right ? `the answer is right: ${made.rows} rows, sum ${made.sum}` : "THE ANSWER IS WRONG");
  return right;
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { size: { type: "string", default: "1024M" } } });
  const size = Number(/^(\d+)M$/.exec(values.size)?.[1] ?? NaN) * 2 ** 20;
  if (!(size > 0)) {
    console.error(`--size=${values.size}: expected a size such as 1024M`);
    Deno.exit(1);
  }
  if (!await isInstalled("redis-server")) {
    console.error("redis-server is not installed: apt-get install redis-server");
    Deno.exit(1);
  }
  const folder = await Deno.makeTempDir({ prefix: "sluice-cluster-" });
  try {
    if (!await demo(folder, size)) Deno.exitCode = 1;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
