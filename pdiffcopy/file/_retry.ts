/**
 * Doing it again where that may help, for as long as there was progress not too long ago.
 */
import { SluiceError } from "@sluice/internal";
import { isRetryable } from "./_errors.ts";

/** When something was last achieved, by whatever part of a copy. */
export class ProgressMark {
  /** How often something was achieved. */
  count = 0;
  /** When, by the clock of `performance`. */
  at: number = performance.now();
  /** Whether both sides have answered once: from then on they are waited for. */
  isConnected = false;

  readonly #reached = new Map<number, number>();

  /** Notes how far a part came; only what it had not reached before counts. */
  reach(start: number, position: number): void {
    if (position <= (this.#reached.get(start) ?? start)) return;
    this.#reached.set(start, position);
    this.note();
  }

  /** Notes that something was achieved now. */
  note(): void {
    this.count++;
    this.at = performance.now();
  }
}

/** How often, how soon, and how long. */
export interface RetryPolicy {
  /** Repetitions without progress between them; as many as the time allows unless given. */
  readonly retries: number | undefined;
  /** Milliseconds without progress after which it is given up. */
  readonly budgetMs: number;
  readonly progress: ProgressMark;
}

/** Milliseconds without progress after which a copy is given up, unless told otherwise. */
export const RETRY_BUDGET_MS = 300_000;

/** The policy that options ask for, with nothing achieved yet. */
export function retryPolicyOf(
  { retries, retryBudgetMs = RETRY_BUDGET_MS }: {
    readonly retries?: number | undefined;
    readonly retryBudgetMs?: number | undefined;
  },
): RetryPolicy {
  return { retries, budgetMs: retryBudgetMs, progress: new ProgressMark() };
}

const DELAY_MS = 100;
const DELAY_MAX_MS = 5000;
/** What does not match its digest, and what makes a server fail, is asked for twice more; then it will not change. */
const HOPELESS_RETRIES = 2;
const SERVER_FAILED = 500;

/** A proxy or a server that will be there again. */
const BUSY: readonly (number | undefined)[] = [502, 503, 504];
/** A server that has never answered may be none: it is tried this often again. */
const FIRST_RETRIES = 2;

/** Runs `attempt`, again where that may help. */
export async function retrying<T>(
  policy: RetryPolicy,
  signal: AbortSignal | undefined,
  attempt: () => Promise<T>,
  isWorth: typeof mayRetry = mayRetry,
): Promise<T> {
  const { progress } = policy;
  for (let [failures, seen] = [0, progress.count];; failures++) {
    try {
      return await attempt();
    } catch (error) {
      signal?.throwIfAborted();
      if (progress.count !== seen) [failures, seen] = [0, progress.count];
      if (!isWorth(error, failures, policy)) throw error;
      await delay(Math.min(DELAY_MAX_MS, DELAY_MS * 2 ** failures), signal);
    }
  }
}

/** Whether a failure, after so many without progress, is worth another attempt. */
export function mayRetry(error: unknown, failures: number, policy: RetryPolicy): boolean {
  const { retries = Infinity, budgetMs, progress } = policy;
  if (failures >= retries || performance.now() - progress.at > budgetMs) return false;
  if (!(error instanceof SluiceError)) return isRetryable(error);
  const hopeless = error.code === "VERIFY_FAILED" ||
    (error.code === "SERVER" && error.errno === SERVER_FAILED);
  return hopeless ? failures < HOPELESS_RETRIES : isRetryable(error);
}

/** As `mayRetry`, of a server that may not have answered yet. */
export function mayMeet(error: unknown, failures: number, policy: RetryPolicy): boolean {
  const isBusy = error instanceof SluiceError && error.code === "SERVER" && BUSY.includes(error.errno);
  return mayRetry(error, failures, policy) &&
    (policy.progress.isConnected || isBusy || failures < FIRST_RETRIES);
}

/** Waits, unless the signal ends it. */
export async function delay(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, milliseconds);
  const stop = (): void => resolve();
  signal?.addEventListener("abort", stop, { once: true });
  await promise;
  clearTimeout(timer);
  signal?.removeEventListener("abort", stop);
  signal?.throwIfAborted();
}
