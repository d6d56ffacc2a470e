/**
 * The command lines of both programs: their options with defaults, `--help`, and how a program ends.
 */
import { parseArgs } from "node:util";
import type { Task } from "./tasks.ts";

/** Exit codes. */
export const EXIT = { ok: 0, failed: 1, usage: 2 } as const;

const KEY_DIGITS = /^(?:[0-9a-f]{32}|[0-9a-f]{64})$/i;

/** An option; `--help` and the tables of README.md show it. */
export interface OptionRow {
  readonly name: string;
  readonly value: string;
  /** What holds where it is not given. */
  readonly default?: string;
  readonly text: string;
  /** The tasks that it belongs to; all where absent. */
  readonly tasks?: readonly Task["kind"][];
}

const REDIS: OptionRow = {
  name: "redis",
  value: "URL",
  default: "redis://127.0.0.1:6379",
  text: "the Redis that holds the queues",
};
const KEY_FILE: OptionRow = {
  name: "key-file",
  value: "FILE",
  default: "none",
  text: "hexadecimal digits of the key of an encrypted source",
};

/** The options of main.ts. */
export const MAIN_OPTIONS: readonly OptionRow[] = [
  REDIS,
  { name: "split", value: "SIZE", default: "64M", text: "content bytes of a part, at least" },
  {
    name: "index",
    value: "FILE",
    default: "the one inside, else one is made",
    text: "the index of a .lz4",
  },
  {
    name: "plan",
    value: "FILE",
    default: "none",
    text: "parts that sluice zstd splits or sluice lz4 splits --plan printed",
  },
  KEY_FILE,
  { name: "board", value: "PORT", default: "none", text: "show the queues in a browser until the run ends" },
  {
    name: "bucket",
    value: "URL",
    default: "none",
    text:
      "the bucket of s3:KEY and --out; credentials are in AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION",
  },
  { name: "sum", value: "FIELD", default: "none", text: "a field of NDJSON to add up", tasks: ["count"] },
  { name: "pattern", value: "PATTERN", text: "the regular expression of lines; needed", tasks: ["grep"] },
  { name: "out", value: "KEY", text: "the object that is written; needed", tasks: ["recompress", "archive"] },
  {
    name: "to",
    value: "zstd|lz4",
    default: "zstd",
    text: "the format that is written",
    tasks: ["recompress"],
  },
  {
    name: "level",
    value: "N",
    default: "19 of zstd, 9 of lz4",
    text: "1 to 22 of zstd, 1 to 12 of lz4",
    tasks: ["recompress"],
  },
  { name: "frame", value: "SIZE", default: "4M", text: "content bytes of a frame", tasks: ["recompress"] },
  { name: "method", value: "METHOD", default: "5", text: "the method of zpaq", tasks: ["archive"] },
];

/** The options of worker.ts. */
export const WORKER_OPTIONS: readonly OptionRow[] = [
  REDIS,
  { name: "threads", value: "N", default: "1", text: "parts at the same time, 1 to 256" },
  KEY_FILE,
  {
    name: "scratch",
    value: "FOLDER",
    default: "sluice-scratch-UID in TMPDIR or /tmp",
    text: "where outputs wait for their upload",
  },
  {
    name: "metrics",
    value: "PORT",
    default: "none",
    text: "serve counters for Prometheus; 0 is any free port",
  },
  {
    name: "lock",
    value: "SECONDS",
    default: "30",
    text: "after how long the part of a lost worker starts again",
  },
];

const MAIN_USAGE = `Usage: main.ts TASK SOURCE [OPTIONS]

Tasks:
  count SOURCE       lines of text or NDJSON, and the sum of a field
  grep SOURCE        lines that match a pattern
  recompress SOURCE  the content as one .zst or .lz4 of frames
  archive FOLDER     a .zpaq of the files of a folder that all workers see
  verify SOURCE      checksums of .zst and .lz4, objects of git packs

SOURCE is a path that all workers see, a URL whose server answers ranges, or s3:KEY.`;
const WORKER_USAGE = `Usage: worker.ts [OPTIONS]

Takes parts until it is told to stop by SIGINT or SIGTERM; what is under way is done first.`;

/** What `--help` prints. */
export function helpOf(program: "main" | "worker"): string {
  const [usage, rows] = program === "main" ? [MAIN_USAGE, MAIN_OPTIONS] : [WORKER_USAGE, WORKER_OPTIONS];
  const labels = rows.map(({ name, value }) => `--${name}=${value}`);
  const width = Math.max(...labels.map((label) => label.length), "--help".length);
  const lines = rows.map((row, i) => {
    const only = row.tasks === undefined ? "" : `${row.tasks.join(", ")}: `;
    const fallback = row.default === undefined ? "" : ` (default: ${row.default})`;
    return `  ${labels[i]!.padEnd(width)}  ${only}${row.text}${fallback}`;
  });
  lines.push(`  ${"--help".padEnd(width)}  print this`);
  const codes = program === "main"
    ? "0: the run is complete; 1: it failed or parts are missing; 2: the command line is wrong"
    : "0: it was told to stop; 1: it failed; 2: the command line is wrong";
  return `${usage}\n\nOptions:\n${lines.join("\n")}\n\nExit codes: ${codes}.`;
}

/** The command line makes no sense. */
export class UsageError extends Error {}

/** Ends with a message about the command line. */
export function fail(message: string): never {
  throw new UsageError(message);
}

/** Options by their names, and the rest of the command line. */
export interface CommandLine {
  readonly options: Readonly<Partial<Record<string, string>>>;
  readonly operands: readonly string[];
}

/**
 * Runs a program with its command line, and ends with its exit code. What goes wrong is one line.
 */
export async function runProgram(
  program: "main" | "worker",
  run: (line: CommandLine) => Promise<number>,
): Promise<never> {
  try {
    const line = parse(program === "main" ? MAIN_OPTIONS : WORKER_OPTIONS, Deno.args);
    if (line === undefined) console.log(helpOf(program));
    Deno.exit(line === undefined ? EXIT.ok : await run(line));
  } catch (error) {
    const isUsage = error instanceof UsageError;
    const message = error instanceof Error ? error.message : `${error}`;
    console.error(`${program}.ts: ${message}${isUsage ? " (see --help)" : ""}`);
    Deno.exit(isUsage ? EXIT.usage : EXIT.failed);
  }
}

/** A command line; undefined where help is asked for. */
function parse(rows: readonly OptionRow[], args: string[]): CommandLine | undefined {
  const text = { type: "string" } as const;
  const options = Object.fromEntries(rows.map(({ name }) => [name, text]));
  let parsed;
  try {
    parsed = parseArgs({ args, options: { ...options, help: { type: "boolean" } }, allowPositionals: true });
  } catch (error) {
    const message = error instanceof Error ? error.message : `${error}`;
    fail(message.split(". ")[0]!); // what follows is advice about files that start with a dash
  }
  const { help, ...values } = parsed.values as Readonly<Record<string, string | boolean>>;
  if (help === true) return undefined;
  return { options: values as CommandLine["options"], operands: parsed.positionals };
}

/** The number that an option says. */
export function numberOf(name: string, text: string, min: number, max: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : NaN;
  if (value >= min && value <= max) return value;
  fail(`--${name}=${text}: expected a number from ${min} to ${max}`);
}

/** The address of Redis. */
export function redisOf(text = REDIS.default!): string {
  const url = URL.parse(text);
  if (url !== null && ["redis:", "rediss:"].includes(url.protocol) && url.hostname !== "") return text;
  fail("--redis: expected an address such as redis://HOST:6379");
}

/** The key in a file. */
export async function keyOf(path: string | undefined): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (path === undefined) return undefined;
  const digits = (await Deno.readTextFile(path)).trim();
  if (KEY_DIGITS.test(digits)) return Uint8Array.fromHex(digits);
  fail(`--key-file=${path}: expected 32 or 64 hexadecimal digits`);
}
