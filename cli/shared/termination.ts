/**
 * What is still to be done when the process is told to stop.
 */

import { withoutUrlSecrets } from "@sluice/internal";

const SIGNALS: readonly { name: Deno.Signal; exitCode: number }[] = Deno.build.os === "windows"
  ? [{ name: "SIGINT", exitCode: 130 }]
  : [{ name: "SIGINT", exitCode: 130 }, { name: "SIGTERM", exitCode: 143 }, {
    name: "SIGHUP",
    exitCode: 129,
  }];

const cleanups = new Set<() => void>();
const handlers = SIGNALS.map(({ name, exitCode }) => ({ name, handle: () => terminate(exitCode) }));

/** Runs every cleanup, the newest first, then ends the process: one that fails does not keep the others from running. */
export function terminate(exitCode: number): never {
  for (const cleanup of [...cleanups].reverse()) {
    try {
      cleanup();
    } catch (error) {
      console.error(withoutUrlSecrets(error instanceof Error ? error.message : `${error}`));
    }
  }
  Deno.exit(exitCode);
}

/** Has `cleanup` run if a signal ends the process; returns a function that takes it back. */
export function onTermination(cleanup: () => void): () => void {
  if (cleanups.size === 0) { for (const { name, handle } of handlers) Deno.addSignalListener(name, handle); }
  cleanups.add(cleanup);
  return () => {
    const found = cleanups.delete(cleanup);
    if (found && cleanups.size === 0) {
      for (const { name, handle } of handlers) Deno.removeSignalListener(name, handle);
    }
  };
}
