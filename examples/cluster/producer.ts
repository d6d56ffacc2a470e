/**
 * Starting runs and watching them.
 */
import { FlowProducer, Queue } from "bullmq";
import { Redis } from "ioredis";
import { UPLOAD_PARTS_MAX } from "./object_store.ts";
import type { Bucket } from "./object_store.ts";
import { planParts } from "./plan.ts";
import type { PlanOptions } from "./plan.ts";
import { redisReporter } from "./redis_errors.ts";
import { RunState } from "./results.ts";
import { QUEUES } from "./tasks.ts";
import type { DeadPart, Part, Run, RunResult, Work } from "./tasks.ts";

const KEPT_SECONDS = 7 * 24 * 3600;
/** How often a part is tried again that failed in a way that may pass. */
const ATTEMPTS = 8;
const RETRY_DELAY_MS = 500;
const POLL_MS = 200;

/** Where the output of a run goes. */
export interface OutputOptions {
  readonly bucket: Bucket;
  readonly key: string;
}

/** How far a run is. */
export interface Progress {
  readonly done: number;
  readonly failed: number;
  readonly parts: number;
  readonly bytes: number;
  readonly total: number;
  readonly seconds: number;
}

/** Starts runs on the workers of one Redis. */
export class Producer implements AsyncDisposable {
  readonly #redis: Redis;
  readonly #flows: FlowProducer;
  readonly #runs: Queue<Run, RunResult>;

  constructor(url: string) {
    this.#redis = new Redis(url, { maxRetriesPerRequest: null });
    const connection = this.#redis;
    this.#flows = new FlowProducer({ connection });
    this.#runs = new Queue(QUEUES.runs, { connection });
    const report = redisReporter(this.#redis, url);
    this.#redis.on("error", report);
    this.#flows.on("error", report);
    this.#runs.on("error", report);
  }

  /** Plans a run and puts it into the queue; returns its name. */
  async start(options: PlanOptions, output?: OutputOptions): Promise<string> {
    const { task, source } = options;
    const run = crypto.randomUUID().replaceAll("-", "");
    const works = await Array.fromAsync(planParts(options));
    const upload = output === undefined ? undefined : await startUpload(output, works.length);
    const parts = await Promise.all(works.map(async (work): Promise<Part> => ({
      run,
      task,
      source,
      work,
      target: upload && { upload: upload.id, put: await upload.partUrl(work.id + 1) },
    })));
    const data: Run = {
      run,
      task,
      source,
      parts: parts.length,
      bytes: works.reduce((sum, work) => sum + sizeOf(work), 0),
      startedAt: Date.now(),
      target: upload && {
        upload: upload.id,
        table: await upload.partUrl(parts.length + 1),
        complete: await upload.completeUrl(),
        get: await upload.getUrl(),
      },
    };
    const kept = { removeOnComplete: { age: KEPT_SECONDS }, removeOnFail: { age: KEPT_SECONDS } };
    const retries = { attempts: ATTEMPTS, backoff: { type: "exponential", delay: RETRY_DELAY_MS } };
    await this.#flows.add({
      name: "run",
      queueName: QUEUES.runs,
      data,
      opts: { jobId: run, ...kept, ...retries },
      children: parts.map((part) => ({
        name: "part",
        queueName: QUEUES.parts,
        data: part,
        // A dead part does not stop the others: the end of the run names it.
        opts: { jobId: `${run}-${part.work.id}`, ignoreDependencyOnFailure: true, ...kept, ...retries },
      })),
    });
    return run;
  }

  /**
   * Waits for a run.
   *
   * @throws {Error} If it failed, such as when its source changed.
   */
  async wait(run: string, onProgress: (progress: Progress) => void = () => {}): Promise<RunResult> {
    const state = new RunState(this.#redis, run);
    for (;;) {
      const job = await this.#runs.getJob(run);
      if (job === undefined) throw new Error(`there is no run ${run}`);
      const { parts, bytes: total, startedAt } = job.data;
      const counts = await job.getDependenciesCount({ processed: true, ignored: true, unprocessed: true });
      const { processed = 0, ignored = 0 } = counts;
      const seconds = (Date.now() - startedAt) / 1000;
      onProgress({ done: processed, failed: ignored, parts, bytes: await state.bytes(), total, seconds });
      if (await job.isCompleted()) return (await this.#runs.getJob(run))!.returnvalue;
      if (await job.isFailed()) throw new Error((await this.#runs.getJob(run))!.failedReason);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  /** Parts that no worker could do, of all runs. */
  async deadParts(): Promise<DeadPart[]> {
    const queue = new Queue<DeadPart>(QUEUES.dead, { connection: this.#redis });
    try {
      return (await queue.getJobs(["waiting", "prioritized"])).map(({ data }) => data);
    } finally {
      await queue.close();
    }
  }

  /** Closes all connections; runs go on. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#flows.close(), this.#runs.close()]);
    this.#redis.disconnect();
  }
}

/** Content bytes of a part. */
function sizeOf(work: Work): number {
  if (!("decompressedRange" in work)) return work.size;
  const [start, end] = work.decompressedRange;
  return end - start;
}

/** An upload whose parts are the parts of a run, and one more for the table. */
async function startUpload({ bucket, key }: OutputOptions, parts: number) {
  if (parts + 1 > UPLOAD_PARTS_MAX) {
    throw new RangeError(
      `${parts} parts are too many for one upload of ${UPLOAD_PARTS_MAX}: use larger splits`,
    );
  }
  const id = await bucket.startUpload(key);
  return {
    id,
    partUrl: (number: number) => bucket.signPart(key, id, number),
    completeUrl: () => bucket.signComplete(key, id),
    getUrl: () => bucket.sign("GET", key),
  };
}

/** Progress in one line: parts, speed, and what is left. */
export function formatProgress({ done, failed, parts, bytes, total, seconds }: Progress): string {
  const speed = seconds > 0 ? bytes / seconds : 0;
  const left = speed > 0 ? Math.ceil((total - bytes) / speed) : undefined;
  const dead = failed > 0 ? `, ${failed} dead` : "";
  const eta = left === undefined ? "" : `, ${left} s left`;
  return `${done} of ${parts} parts${dead}, ${(bytes / 2 ** 20).toFixed(0)} of ${
    (total / 2 ** 20).toFixed(0)
  } MiB, ` +
    `${(speed / 2 ** 20).toFixed(1)} MiB/s${eta}`;
}
