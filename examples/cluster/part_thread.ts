/**
 * The thread of a worker that does parts, one at a time: whatever it computes, the main thread goes on renewing locks.
 */
import { SluiceError } from "@sluice/lz4";
import type { Fault, ThreadAnswer, ThreadRequest } from "./threads.ts";
import { runPart } from "./run_part.ts";
import { OpenSources } from "./sources.ts";

const scope = self as unknown as {
  onmessage: (event: MessageEvent<ThreadRequest>) => void;
  postMessage(answer: ThreadAnswer): void;
};
let sources: OpenSources | undefined;

scope.onmessage = async ({ data: { part, key, scratch } }): Promise<void> => {
  sources ??= new OpenSources(key);
  const before = sources.reads;
  try {
    const result = await runPart(part, sources, scratch);
    scope.postMessage({ result, reads: sources.reads - before });
  } catch (error) {
    scope.postMessage({ fault: faultOf(error), reads: sources.reads - before });
  }
};

function faultOf(error: unknown): Fault {
  const message = error instanceof Error ? error.message : `${error}`;
  if (error instanceof SluiceError) {
    return { name: error.name, code: error.code, offset: error.offset, message };
  }
  const diskFull = /\(os error (28|122)\)/.test(message);
  return {
    name: error instanceof Error ? error.name : "Error",
    code: diskFull ? "NO_SPACE" : "OTHER",
    offset: undefined,
    message,
  };
}
