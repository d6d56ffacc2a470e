/**
 * Works on parts of something, so many at a time.
 */

/** What is done with the parts. */
export interface PartWork<Part> {
  readonly parts: Iterable<Part>;
  /** How many are worked on at a time. */
  readonly concurrency: number;
  readonly signal: AbortSignal | undefined;
  /** Works on one part; its signal says that another failed, or that the whole was given up. */
  readonly work: (part: Part, signal: AbortSignal) => Promise<void>;
}

/** Works on all parts. The first failure stops the others, and is thrown when all have ended. */
export async function runParts<Part>({ parts, concurrency, signal, work }: PartWork<Part>): Promise<void> {
  signal?.throwIfAborted();
  const controller = new AbortController();
  const forward = (): void => controller.abort(signal!.reason);
  signal?.addEventListener("abort", forward, { once: true });
  const waiting = parts[Symbol.iterator]();
  async function worker(): Promise<void> {
    while (!controller.signal.aborted) {
      const { value, done } = waiting.next();
      if (done) return;
      try {
        await work(value, controller.signal);
      } catch (error) {
        controller.abort(error);
      }
    }
  }
  try {
    await Promise.all(Array.from({ length: concurrency }, worker));
    controller.signal.throwIfAborted();
  } finally {
    signal?.removeEventListener("abort", forward);
  }
}
