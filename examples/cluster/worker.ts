/**
 * A worker: takes parts from the queue until it is told to stop. Any number of them run on any number of machines.
 * `--help` lists the options.
 */
import { Queue, UnrecoverableError, Worker } from "bullmq";
import type { Job } from "bullmq";
import { Redis } from "ioredis";
import { EXIT, fail, keyOf, numberOf, redisOf, runProgram } from "./command_line.ts";
import type { CommandLine } from "./command_line.ts";
import { Metrics } from "./metrics.ts";
import { redisReporter } from "./redis_errors.ts";
import { reduceRun } from "./reduce.ts";
import { Results, RunState } from "./results.ts";
import { identityOf, QUEUES } from "./tasks.ts";
import type { DeadPart, Part, PartResult, Run, RunResult } from "./tasks.ts";
import { PartError, ThreadPool } from "./threads.ts";
import type { Fault } from "./threads.ts";

/** Errors that the next attempt meets again, and that no other worker can help. */
const LASTING: ReadonlySet<string> = new Set([
  "CorruptDataError",
  "TruncatedDataError",
  "ChecksumMismatchError",
  "LimitExceededError",
  "UnsupportedFeatureError",
  "DictionaryMismatchError",
  "NotFoundError",
  "SyntaxError",
]);
const DISK_PAUSE_MS = 30_000;

/** How a worker runs. */
interface WorkerSettings {
  readonly redis: string;
  readonly threads: number;
  readonly key: Uint8Array<ArrayBuffer> | undefined;
  readonly scratch: string;
  readonly lockMs: number;
}

/** Everything that a worker has open. */
class ClusterWorker {
  readonly metrics = new Metrics();
  readonly #settings: WorkerSettings;
  readonly #redis: Redis;
  readonly #results: Results<PartResult>;
  readonly #threads: ThreadPool;
  readonly #dead: Queue<DeadPart>;
  readonly #parts: Worker<Part, string>;
  readonly #runs: Worker<Run, RunResult>;

  constructor(settings: WorkerSettings) {
    this.#settings = settings;
    this.#redis = new Redis(settings.redis, { maxRetriesPerRequest: null });
    this.#results = new Results(this.#redis);
    this.#threads = new ThreadPool(settings.threads);
    const connection = this.#redis;
    this.#dead = new Queue(QUEUES.dead, { connection });
    const common = {
      connection,
      lockDuration: settings.lockMs,
      stalledInterval: settings.lockMs,
      maxStalledCount: 5,
    };
    this.#parts = new Worker(QUEUES.parts, (job) => this.#doPart(job), {
      ...common,
      concurrency: settings.threads,
    });
    this.#runs = new Worker(QUEUES.runs, (job) => this.#endRun(job), common);
    // Redis may go and come back: what is under way goes on.
    const report = redisReporter(this.#redis, settings.redis);
    this.#redis.on("error", report);
    this.#dead.on("error", report);
    this.#parts.on("error", report);
    this.#runs.on("error", report);
  }

  /** Ends when what is under way is done. */
  async close(): Promise<void> {
    await Promise.all([this.#parts.close(), this.#runs.close(), this.#dead.close()]);
    this.#threads[Symbol.dispose]();
    this.#redis.disconnect();
  }

  /** Does a part and returns the identity of its result, which is stored before the job ends. */
  async #doPart({ data: part }: Job<Part, string>): Promise<string> {
    const identity = await identityOf(part);
    const state = new RunState(this.#redis, part.run);
    const [found, stopped] = await Promise.all([this.#results.get(identity), state.stopped()]);
    if (found !== undefined) {
      this.metrics.add("parts_found");
      return identity;
    }
    if (stopped !== undefined) throw new UnrecoverableError(stopped);
    const started = performance.now();
    try {
      const { key, scratch } = this.#settings;
      const made = await this.#threads.run({ part, key, scratch });
      const { result, isFirst } = await this.#results.put(part.run, identity, made, made.bytesIn);
      this.metrics.add(isFirst ? "parts_done" : "parts_found");
      this.metrics.add("bytes_in", result.bytesIn);
      this.metrics.add("bytes_out", result.bytesOut);
      return identity;
    } catch (error) {
      this.metrics.add("parts_failed");
      throw error instanceof PartError ? await this.#failure(part, error.fault, state) : error;
    } finally {
      this.metrics.add("busy_seconds", (performance.now() - started) / 1000);
      this.metrics.set("range_reads", this.#threads.reads);
    }
  }

  /** The error of a part: one that ends it, or one after which it is tried again, perhaps elsewhere. */
  async #failure(part: Part, fault: Fault, state: RunState): Promise<Error> {
    if (fault.code === "NO_SPACE") this.#pause();
    const dead: DeadPart = {
      id: part.work.id,
      source: part.source.label,
      code: fault.code,
      offset: fault.offset,
      message: fault.message,
    };
    const reason = JSON.stringify(dead);
    if (fault.code === "SOURCE_CHANGED") await state.stop(reason);
    else if (!LASTING.has(fault.name)) return new Error(reason);
    this.metrics.add("parts_dead");
    return new UnrecoverableError(reason);
  }

  /** Leaves parts to others while the disk is full. */
  #pause(): void {
    if (this.#parts.isPaused()) return;
    this.metrics.add("pauses");
    console.error(`the disk of ${this.#settings.scratch} is full: no parts for ${DISK_PAUSE_MS / 1000} s`);
    this.#parts.pause(true).catch((error) => console.error(error.message));
    const timer = setTimeout(() => this.#parts.resume(), DISK_PAUSE_MS);
    Deno.unrefTimer(timer);
  }

  /** Ends a run whose parts all have ended. */
  async #endRun(job: Job<Run, RunResult>): Promise<RunResult> {
    const { run, source } = job.data;
    const done = Object.entries(await job.getChildrenValues<string>());
    const failures = Object.entries(await job.getIgnoredChildrenFailures());
    const dead = failures.map(([key, reason]) => deadPartOf(key, reason, source.label))
      .toSorted((a, b) => a.id - b.id);
    for (const part of dead) await this.#dead.add("part", part, { jobId: `${run}-${part.id}` });
    const changed = dead.find(({ code }) => code === "SOURCE_CHANGED");
    if (changed !== undefined) throw new UnrecoverableError(`${changed.source}: ${changed.message}`);
    const identities = done.toSorted(([a], [b]) => partIdOf(a) - partIdOf(b)).map(([, identity]) => identity);
    return await reduceRun(job.data, this.#results.getAll(identities), dead);
  }
}

/** The number of a part, by the key of its job: `…:RUN-ID`. */
function partIdOf(key: string): number {
  return Number(key.slice(key.lastIndexOf("-") + 1));
}

/** What ended a part; a worker that died too often leaves a reason of BullMQ's own. */
function deadPartOf(key: string, reason: string, source: string): DeadPart {
  try {
    return JSON.parse(reason);
  } catch {
    return { id: partIdOf(key), source, code: "WORKER_LOST", offset: undefined, message: reason };
  }
}

/** Works until it is told to stop; returns the exit code. */
async function main({ options, operands }: CommandLine): Promise<number> {
  if (operands.length > 0) fail(`unexpected argument ${operands[0]}`);
  const metrics = options.metrics === undefined ? undefined : numberOf("metrics", options.metrics, 0, 65_535);
  const worker = new ClusterWorker({
    redis: redisOf(options.redis),
    threads: numberOf("threads", options.threads ?? "1", 1, 256),
    key: await keyOf(options["key-file"]),
    scratch: options.scratch ?? `${Deno.env.get("TMPDIR") ?? "/tmp"}/sluice-scratch-${Deno.uid() ?? "all"}`,
    lockMs: 1000 * numberOf("lock", options.lock ?? "30", 1, 3600),
  });
  const server = metrics === undefined ? undefined : worker.metrics.serve(metrics);
  console.log("ready");
  await new Promise<void>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, () => resolve());
  });
  await worker.close();
  await server?.shutdown();
  return EXIT.ok;
}

if (import.meta.main) await runProgram("worker", main);
