/**
 * The page's side of a worker: one job at a time, stopped by ending the worker.
 */
import type { Answer, JobName, Jobs, Order } from "../jobs/messages.ts";

/** Thrown by a job that was stopped. */
export class Stopped extends Error {
  override name = "Stopped";

  constructor() {
    super("Stopped");
  }
}

/** What a job that runs is waiting for. */
interface Running {
  readonly id: number;
  readonly answers: Answer[];
  fail: (reason: Error) => void;
  wake: () => void;
}

let blobUrl: string | undefined;

/** Names this page to all: what its workers keep on the browser's disk is freed when nobody holds the lock of that name. */
const PAGE = `${Date.now()}-${Math.random().toString(36).slice(2)}`;
// Pages that are not secure have neither locks nor such files.
(navigator.locks as LockManager | undefined)?.request(PAGE, () => new Promise(() => {}));

/** In a page of one file the worker's source stands in it as a classic script, else beside it as a module. */
function startWorker(): Worker {
  const inside = document.getElementById("worker-source");
  if (inside === null) return new Worker(new URL("worker.js", location.href), { type: "module", name: PAGE });
  blobUrl ??= URL.createObjectURL(new Blob([inside.textContent!], { type: "text/javascript" }));
  return new Worker(blobUrl, { name: PAGE });
}

/** A worker that is started when it is needed. */
export class Connection {
  #worker: Worker | undefined;
  #running: Running | undefined;
  #lastId = 0;

  /** Does a job; a job before it that still runs is stopped. */
  async *run<K extends JobName>(
    job: K,
    take: Jobs[K]["take"],
  ): AsyncGenerator<Jobs[K]["step"], void, undefined> {
    if (this.#running !== undefined) this.stop();
    const worker = this.#worker ??= this.#start();
    let stopped: Error | undefined;
    let turn = Promise.withResolvers<void>();
    const running: Running = {
      id: ++this.#lastId,
      answers: [],
      wake: () => turn.resolve(),
      fail: (reason) => {
        stopped = reason;
        turn.resolve();
      },
    };
    this.#running = running;
    const order: Order<K> = { id: running.id, job, take };
    worker.postMessage(order);
    try {
      while (true) {
        if (stopped !== undefined) throw stopped;
        const answer = running.answers.shift();
        if (answer === undefined) {
          await turn.promise;
          turn = Promise.withResolvers();
        } else if ("step" in answer) {
          yield answer.step as Jobs[K]["step"];
        } else if ("fault" in answer) {
          throw new Error(answer.fault);
        } else {
          return;
        }
      }
    } finally {
      if (this.#running === running) this.#running = undefined;
    }
  }

  /** The only step of a job that tells one. */
  async only<K extends JobName>(job: K, take: Jobs[K]["take"]): Promise<Jobs[K]["step"]> {
    let last: Jobs[K]["step"] | undefined;
    for await (const step of this.run(job, take)) last = step;
    return last!;
  }

  /** Ends the worker and the job that it is at. */
  stop(): void {
    this.#worker?.terminate();
    this.#worker = undefined;
    this.#running?.fail(new Stopped());
    this.#running = undefined;
  }

  #start(): Worker {
    const worker = startWorker();
    worker.addEventListener("message", ({ data }: MessageEvent<Answer>) => {
      if (this.#running?.id !== data.id) return;
      this.#running.answers.push(data);
      this.#running.wake();
    });
    worker.addEventListener("error", (event) => {
      this.#running?.fail(new Error(`The worker could not start or go on: ${event.message}`));
    });
    return worker;
  }
}
