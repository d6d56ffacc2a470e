/**
 * Doing it again where that may help, for as long as there was progress not too long ago.
 */
import { SluiceError } from "@sluice/internal";
import { ECONNRESET, isRetryable } from "./_errors.ts";

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
  /** Hears why something is tried again. */
  readonly log: ((text: string) => void) | undefined;
}

/** Milliseconds without progress after which a copy is given up, unless told otherwise. */
const RETRY_BUDGET_MS = 300_000;

/** The policy that options ask for, with nothing achieved yet. */
export function retryPolicyOf(
  { retries, retryBudgetMs = RETRY_BUDGET_MS, log }: {
    readonly retries?: number | undefined;
    readonly retryBudgetMs?: number | undefined;
    readonly log?: ((text: string) => void) | undefined;
  },
): RetryPolicy {
  return { retries, budgetMs: retryBudgetMs, progress: new ProgressMark(), log };
}

const DELAY_MS = 100;
const DELAY_MAX_MS = 5000;
/** What does not match its digest, and what makes a server fail, is asked for twice more; then it will not change. */
const HOPELESS_RETRIES = 2;
const SERVER_FAILED = 500;

/** A server that can't be reached, and never answered, may be none: it is tried this often again. */
const FIRST_RETRIES = 2;

/** Runs `attempt`, again where that may help. */
export async function retrying<T>(
  policy: RetryPolicy,
  signal: AbortSignal | undefined,
  attempt: () => Promise<T>,
): Promise<T> {
  const { progress } = policy;
  for (let [failures, seen] = [0, progress.count];; failures++) {
    try {
      const result = await attempt();
      progress.isConnected = true;
      return result;
    } catch (error) {
      signal?.throwIfAborted();
      if (progress.count !== seen) [failures, seen] = [0, progress.count];
      if (!mayMeet(error, failures, policy)) throw error;
      if (failures === 0 && error instanceof SluiceError) policy.log?.(`${error.message}; trying again`);
      await delay(Math.min(DELAY_MAX_MS, DELAY_MS * 2 ** failures), signal);
    }
  }
}

/** Whether a failure, after so many without progress, is worth another attempt. */
function mayRetry(error: unknown, failures: number, policy: RetryPolicy): boolean {
  const { retries = Infinity, budgetMs, progress } = policy;
  if (failures >= retries || performance.now() - progress.at > budgetMs) return false;
  if (!(error instanceof SluiceError)) return isRetryable(error);
  const hopeless = error.code === "VERIFY_FAILED" ||
    (error.code === "SERVER" && error.errno === SERVER_FAILED);
  return hopeless ? failures < HOPELESS_RETRIES : isRetryable(error);
}

/** As `mayRetry`, of a server that may not have answered yet: where nobody listens, waiting is no use. */
export function mayMeet(error: unknown, failures: number, policy: RetryPolicy): boolean {
  return mayRetry(error, failures, policy) &&
    (policy.progress.isConnected || failures < FIRST_RETRIES || isSignOfLife(error));
}

/** Whether somebody answered, or may still: only connections that were not made, or made no sense, are none. */
function isSignOfLife(error: unknown): boolean {
  return error instanceof SluiceError && (error.code !== "NETWORK" || error.errno === ECONNRESET);
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
