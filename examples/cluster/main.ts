/**
 * Work on huge files by many machines, through BullMQ on a Redis that people already operate.
 *
 * ```text
 * main.ts count SOURCE [--sum=FIELD]              lines of text or NDJSON, and the sum of a field
 * main.ts grep SOURCE --pattern=PATTERN           lines that match
 * main.ts recompress SOURCE --out=KEY [--to=zstd|lz4] [--level=19] [--frame=4M]
 * main.ts archive FOLDER --out=KEY [--method=5]   files of a folder that all workers see
 * main.ts verify SOURCE                           checksums of .zst and .lz4, objects of git packs
 * ```
 *
 * SOURCE is a path that all workers see, a URL whose server answers ranges, or `s3:KEY`, which is signed for them.
 * Common options: `--redis=redis://127.0.0.1:6379`, `--split=64M`, `--index=FILE`, `--plan=FILE` with what
 * `sluice zstd splits` or `sluice lz4 splits --plan` printed, `--key-file=FILE` for what
 * `sluice lz4 --encrypt=aes-256-gcm` encrypted, and `--bucket=URL` with AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and
 * AWS_REGION in the environment. `--board=PORT` shows the queues in a browser until the run ends.
 */
import { parseArgs } from "node:util";
import { Bucket } from "./object_store.ts";
import { formatProgress, Producer } from "./producer.ts";
import { BoardService } from "./services.ts";
import type { RunResult, Source, Task } from "./tasks.ts";

const OPTIONS = [
  "redis",
  "split",
  "index",
  "plan",
  "board",
  "key-file",
  "bucket",
  "sum",
  "pattern",
  "out",
  "to",
  "level",
  "frame",
  "method",
] as const;

/** Options that belong to some tasks alone. */
const TASK_OPTIONS: Readonly<Partial<Record<typeof OPTIONS[number], readonly string[]>>> = {
  sum: ["count"],
  pattern: ["grep"],
  out: ["recompress", "archive"],
  to: ["recompress"],
  level: ["recompress"],
  frame: ["recompress"],
  method: ["archive"],
};

type Options = Partial<Record<typeof OPTIONS[number], string>>;

/** Bytes that a text such as 64M says. */
function sizeOf(text: string): number {
  const match = /^(\d+)([KMG]?)$/.exec(text);
  if (match === null) fail(`${text} is no size such as 64M`);
  return Number(match[1]) * 1024 ** " KMG".indexOf(match[2] || " ");
}

function fail(message: string): never {
  console.error(message);
  Deno.exit(1);
}

/** Refuses options that have no effect on a task. */
function refuseIdle(kind: string, place: string, options: Options): void {
  for (const [name, kinds] of Object.entries(TASK_OPTIONS)) {
    if (options[name as keyof Options] !== undefined && !kinds.includes(kind)) {
      fail(`--${name} has no effect on ${kind}`);
    }
  }
  if (options.bucket !== undefined && options.out === undefined && !place.startsWith("s3:")) {
    fail("--bucket has no effect without --out or a source in it");
  }
  if (options.plan !== undefined && (options.index ?? options.split) !== undefined) {
    fail("--index and --split have no effect with --plan");
  }
}

/** A pattern that the workers can use. */
function patternOf(text: string): string {
  try {
    return new RegExp(text).source;
  } catch (error) {
    fail(`--pattern: ${error instanceof Error ? error.message : error}`);
  }
}

/** A level that the codec has. */
function levelOf(text: string, to: "zstd" | "lz4"): number {
  const max = to === "zstd" ? 22 : 12;
  if (!/^\d+$/.test(text) || Number(text) < 1 || Number(text) > max) {
    fail(`--level=${text}: expected 1 to ${max}`);
  }
  return Number(text);
}

function taskOf(kind: string, options: Options): Task {
  switch (kind) {
    case "count":
      return { kind, sum: options.sum };
    case "grep":
      return { kind, pattern: patternOf(options.pattern ?? fail("grep needs --pattern")) };
    case "verify":
      return { kind };
    case "archive":
      return { kind, method: options.method ?? "5" };
    case "recompress": {
      const to = options.to ?? "zstd";
      if (to !== "zstd" && to !== "lz4") fail("--to is zstd or lz4");
      const level = levelOf(options.level ?? (to === "zstd" ? "19" : "9"), to);
      return { kind, to, level, frameSize: sizeOf(options.frame ?? "4M") };
    }
    default:
      fail("Usage: main.ts count|grep|recompress|archive|verify SOURCE [OPTIONS]");
  }
}

function bucketOf(options: Options): Bucket {
  const env = (name: string): string => Deno.env.get(name) ?? fail(`${name} is not in the environment`);
  return new Bucket({
    url: options.bucket ?? fail("an object in a bucket needs --bucket"),
    accessKeyId: env("AWS_ACCESS_KEY_ID"),
    secretAccessKey: env("AWS_SECRET_ACCESS_KEY"),
    region: Deno.env.get("AWS_REGION") ?? "us-east-1",
  });
}

async function sourceOf(text: string, options: Options): Promise<Source> {
  const encrypted = options["key-file"] !== undefined;
  if (!text.startsWith("s3:")) return { url: text, label: text, encrypted };
  const bucket = bucketOf(options);
  const key = text.slice(3);
  return { url: await bucket.sign("GET", key), label: bucket.label(key), encrypted };
}

/** What is said at the end. */
function describe(
  task: Task,
  { rows, sum, sample, parts, bytesIn, bytesOut, dead, seconds }: RunResult,
): string {
  const what = task.kind === "count"
    ? `${rows} rows${task.sum === undefined ? "" : `, sum ${sum}`}`
    : task.kind === "grep"
    ? `${rows} lines match\n${sample.map((line) => `  ${line}`).join("\n")}`
    : task.kind === "verify"
    ? "no damage was found"
    : `${bytesOut} bytes`;
  const missing = dead.map(({ id, offset, code, message }) =>
    `part ${id} at byte ${offset ?? "unknown"}: ${message} (${code})`
  );
  const speed = (bytesIn / 2 ** 20 / seconds).toFixed(1);
  const result = dead.length > 0
    ? `INCOMPLETE: ${dead.length} of ${parts} parts are missing; others: ${what}`
    : what;
  return [result, `${bytesIn} bytes in ${parts} parts, ${seconds.toFixed(1)} s, ${speed} MiB/s`, ...missing]
    .join("\n");
}

if (import.meta.main) {
  const text = { type: "string" } as const;
  const { values: options, positionals: [kind, place, ...more] } = parseArgs({
    args: Deno.args,
    options: Object.fromEntries(OPTIONS.map((name) => [name, text])) as Record<
      typeof OPTIONS[number],
      typeof text
    >,
    allowPositionals: true,
  });
  if (kind === undefined || place === undefined || more.length > 0) {
    fail("Usage: main.ts count|grep|recompress|archive|verify SOURCE [OPTIONS]");
  }
  refuseIdle(kind, place, options);
  const task = taskOf(kind, options);
  const writes = task.kind === "recompress" || task.kind === "archive";
  if (writes && options.out === undefined) fail(`${kind} needs --out, a key in the bucket`);
  const redis = options.redis ?? "redis://127.0.0.1:6379";
  await using producer = new Producer(redis);
  await using _board = options.board === undefined
    ? undefined
    : await BoardService.start(redis, Number(options.board));
  const keyFile = options["key-file"];
  const run = await producer.start({
    task,
    source: await sourceOf(place, options),
    splitSize: sizeOf(options.split ?? "64M"),
    index: options.index,
    plan: options.plan,
    key: keyFile === undefined ? undefined : Uint8Array.fromHex((await Deno.readTextFile(keyFile)).trim()),
  }, options.out === undefined ? undefined : { bucket: bucketOf(options), key: options.out });
  const shows = Deno.stderr.isTerminal();
  const line = new TextEncoder();
  try {
    const result = await producer.wait(run, (progress) => {
      if (shows) Deno.stderr.writeSync(line.encode(`\r\x1b[K${formatProgress(progress)}`));
    });
    if (shows) console.error();
    console.log(describe(task, result));
    if (!result.complete) Deno.exitCode = 1;
  } catch (error) {
    if (shows) console.error();
    console.error(error instanceof Error ? error.message : error);
    Deno.exitCode = 1;
  }
}
