/**
 * Work on huge files by many machines, through BullMQ on a Redis that people already operate: starts a run and shows how
 * far it is. `--help` lists tasks and options.
 */
import { EXIT, fail, keyOf, MAIN_OPTIONS, numberOf, redisOf, runProgram } from "./command_line.ts";
import type { CommandLine } from "./command_line.ts";
import { Bucket } from "./object_store.ts";
import { formatProgress, Producer } from "./producer.ts";
import { BoardService } from "./services.ts";
import type { RunResult, Source, Task } from "./tasks.ts";

type Options = CommandLine["options"];

const USAGE = "expected a task and a source: main.ts count|grep|recompress|archive|verify SOURCE [OPTIONS]";
const PORT_MAX = 65_535;

/** Bytes that a text such as 64M says. */
function sizeOf(text: string): number {
  const match = /^(\d+)([KMG]?)$/.exec(text);
  if (match === null) fail(`${text} is no size such as 64M`);
  return Number(match[1]) * 1024 ** " KMG".indexOf(match[2] || " ");
}

/** Refuses options that have no effect on a task. */
function refuseIdle(kind: string, place: string, options: Options): void {
  for (const { name, tasks } of MAIN_OPTIONS) {
    if (options[name] !== undefined && tasks?.some((task) => task === kind) === false) {
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
      fail(USAGE);
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

/** Plans a run, starts it and waits for it; returns the exit code. */
async function main({ options, operands: [kind, place, ...more] }: CommandLine): Promise<number> {
  if (kind === undefined || place === undefined || more.length > 0) fail(USAGE);
  const task = taskOf(kind, options);
  refuseIdle(kind, place, options);
  const writes = task.kind === "recompress" || task.kind === "archive";
  if (writes && options.out === undefined) fail(`${kind} needs --out, a key in the bucket`);
  const redis = redisOf(options.redis);
  const plan = {
    task,
    source: await sourceOf(place, options),
    splitSize: sizeOf(options.split ?? "64M"),
    index: options.index,
    plan: options.plan,
    key: await keyOf(options["key-file"]),
  };
  const output = options.out === undefined ? undefined : { bucket: bucketOf(options), key: options.out };
  await using _board = options.board === undefined
    ? undefined
    : await BoardService.start(redis, numberOf("board", options.board, 1, PORT_MAX));
  const producer = new Producer(redis); // the end of the process closes it, also while Redis is away
  const run = await producer.start(plan, output);
  const shows = Deno.stderr.isTerminal();
  const line = new TextEncoder();
  try {
    const result = await producer.wait(run, (progress) => {
      if (shows) Deno.stderr.writeSync(line.encode(`\r\x1b[K${formatProgress(progress)}`));
    });
    if (shows) console.error();
    console.log(describe(task, result));
    return result.complete ? EXIT.ok : EXIT.failed;
  } catch (error) {
    if (shows) console.error();
    throw error;
  }
}

if (import.meta.main) await runProgram("main", main);
