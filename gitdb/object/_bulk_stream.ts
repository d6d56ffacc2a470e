/**
 * A pair of streams from single inputs to results that are worked out for many inputs together: whatever has arrived by
 * the time that a reader asks is one group. Nothing waits for a group to fill up.
 */
import { deferred } from "@sluice/internal";

/** How groups are made. */
export interface BulkStreamOptions {
  /** Inputs of one group at most; a writer waits when so many are pending. */
  readonly window: number;
  readonly signal?: AbortSignal | undefined;
}

/** Turns of the microtask queue in which a burst of writes may go on to arrive. */
const BURST_TURNS = 16;

/** Makes the pair; `run` works out a group whose first input has the number `start`. */
export function createBulkStream<In, Out>(
  run: (inputs: readonly In[], start: number) => AsyncIterable<readonly Out[]>,
  options: BulkStreamOptions,
): { readonly readable: ReadableStream<Out>; readonly writable: WritableStream<In> } {
  // Long: both sides of the stream are closures over what is in flight.
  const { window, signal } = options;
  let pending: In[] = [];
  let ended = false;
  let failure: { readonly reason: unknown } | undefined;
  let arrived = deferred<void>();
  let taken = deferred<void>();
  let readableController: ReadableStreamDefaultController<Out>;
  let writableController: WritableStreamDefaultController;

  async function takeGroup(): Promise<In[]> {
    while (pending.length === 0 && !ended && failure === undefined) await arrived.promise;
    for (let before = -1; pending.length > before && pending.length < window;) {
      before = pending.length;
      for (let turn = 0; turn < BURST_TURNS; turn++) await undefined;
    }
    const group = pending;
    pending = [];
    arrived = deferred();
    taken.resolve();
    taken = deferred();
    return group;
  }

  async function* groups(): AsyncGenerator<readonly Out[]> {
    let start = 0;
    while (failure === undefined) {
      const group = await takeGroup();
      if (group.length === 0) return;
      yield* run(group, start);
      start += group.length;
    }
  }

  function stop(reason: unknown): boolean {
    if (failure !== undefined) return false;
    failure = { reason };
    pending = [];
    arrived.resolve();
    taken.resolve();
    signal?.removeEventListener("abort", onAbort);
    return true;
  }

  function fail(reason: unknown): void {
    if (!stop(reason)) return;
    readableController.error(reason);
    writableController.error(reason);
  }

  function onAbort(): void {
    fail(signal!.reason);
  }

  const output = groups();
  const readable = new ReadableStream<Out>({
    start(controller): void {
      readableController = controller;
    },
    async pull(controller): Promise<void> {
      try {
        while (failure === undefined) {
          const next = await output.next();
          if (failure !== undefined) return;
          if (next.done) {
            signal?.removeEventListener("abort", onAbort);
            controller.close();
            return;
          }
          for (const result of next.value) controller.enqueue(result);
          if (next.value.length > 0) return;
        }
      } catch (error) {
        fail(error);
      }
    },
    async cancel(reason): Promise<void> {
      if (stop(reason)) writableController.error(reason);
      await output.return(undefined);
    },
  }, { highWaterMark: 0 });
  const writable = new WritableStream<In>({
    start(controller): void {
      writableController = controller;
    },
    async write(input): Promise<void> {
      pending.push(input);
      arrived.resolve();
      while (pending.length >= window && failure === undefined) await taken.promise;
    },
    close(): void {
      ended = true;
      arrived.resolve();
    },
    abort(reason): void {
      if (stop(reason)) readableController.error(reason);
    },
  });

  if (signal?.aborted) onAbort();
  else signal?.addEventListener("abort", onAbort, { once: true });
  return { readable, writable };
}
