/**
 * The worker: does one job after another for the page, each loaded when it is first asked for.
 */
/// <reference lib="webworker" />
import type { Answer, Job, JobName, Order } from "./jobs/messages.ts";

type Loaders = { readonly [K in JobName]: () => Promise<Job<K>> };

const JOBS: Loaders = {
  identify: async () => (await import("./jobs/identify.ts")).identify,
  compare: async () => (await import("./jobs/compare.ts")).compare,
  compress: async () => (await import("./jobs/compare.ts")).compress,
  convert: async () => (await import("./jobs/convert.ts")).convert,
  xray: async () => (await import("./jobs/xray.ts")).xray,
  entries: async () => (await import("./jobs/entries.ts")).entries,
  entry: async () => (await import("./jobs/entries.ts")).entry,
  check: async () => (await import("./jobs/model.ts")).check,
  model: async () => (await import("./jobs/model.ts")).model,
  dcz: async () => (await import("./jobs/dcz.ts")).dcz,
  gitClone: async () => (await import("./jobs/git_clone.ts")).gitClone,
  gitTree: async () => (await import("./jobs/git_clone.ts")).gitTree,
  gitLog: async () => (await import("./jobs/git_clone.ts")).gitLog,
  gitChanges: async () => (await import("./jobs/git_clone.ts")).gitChanges,
  gitFiles: async () => (await import("./jobs/git_clone.ts")).gitFiles,
};

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return "code" in error && typeof error.code === "string"
    ? `${error.message} (${error.code})`
    : error.message;
}

function tell(answer: Answer): void {
  postMessage(answer);
}

async function work<K extends JobName>({ id, job, take }: Order<K>): Promise<void> {
  try {
    const run: Job<K> = await JOBS[job]();
    for await (const step of run(take)) tell({ id, step });
    tell({ id, done: true });
  } catch (error) {
    tell({ id, fault: describe(error) });
  }
}

addEventListener("message", (event: MessageEvent<Order>) => void work(event.data));
