/**
 * Processes that tests end.
 */

/** Sends a signal to a process; nothing where it has ended already. */
export function signalProcess(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // it has ended
  }
}
