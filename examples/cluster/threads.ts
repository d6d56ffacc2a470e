/**
 * Threads that do parts.
 */
import type { Part, PartResult } from "./tasks.ts";

/** What a thread is asked for. */
export interface ThreadRequest {
  readonly part: Part;
  readonly key: Uint8Array<ArrayBuffer> | undefined;
  readonly scratch: string;
}

/** What went wrong. */
export interface Fault {
  readonly name: string;
  readonly code: string;
  /** Where in the source, in bytes. */
  readonly offset: number | undefined;
  readonly message: string;
}

/** What a thread answers. */
export type ThreadAnswer =
  | { readonly result: PartResult; readonly reads: number }
  | { readonly fault: Fault; readonly reads: number };

/** A part that failed. */
export class PartError extends Error {
  readonly fault: Fault;

  constructor(fault: Fault) {
    super(fault.message);
    this.fault = fault;
  }
}

/** So many threads, each with one part at a time. */
export class ThreadPool implements Disposable {
  readonly #idle: Worker[] = [];
  readonly #all = new Set<Worker>();
  /** Ranges that were read of all sources. */
  reads = 0;

  constructor(size: number) {
    for (let i = 0; i < size; i++) this.#start();
  }

  #start(): void {
    const thread = new Worker(import.meta.resolve("./part_thread.ts"), { type: "module" });
    this.#idle.push(thread);
    this.#all.add(thread);
  }

  /**
   * Does a part; there are as many threads as parts at a time.
   *
   * @throws {PartError} If it failed.
   */
  async run(request: ThreadRequest): Promise<PartResult> {
    const thread = this.#idle.pop();
    if (thread === undefined) throw new Error("all threads are busy");
    try {
      const answer = await new Promise<ThreadAnswer>((resolve, reject) => {
        thread.onmessage = ({ data }) => resolve(data);
        thread.onerror = (event) => {
          event.preventDefault();
          reject(new Error(`the thread ended: ${event.message}`));
        };
        thread.postMessage(request);
      });
      this.#idle.push(thread);
      this.reads += answer.reads;
      if ("fault" in answer) throw new PartError(answer.fault);
      return answer.result;
    } catch (error) {
      if (!(error instanceof PartError)) {
        thread.terminate();
        this.#all.delete(thread);
        this.#start();
      }
      throw error;
    }
  }

  /** Ends all threads. */
  [Symbol.dispose](): void {
    for (const thread of this.#all) thread.terminate();
  }
}
