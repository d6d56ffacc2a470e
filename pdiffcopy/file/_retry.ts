/**
 * Doing it again where that may help.
 */
import { SluiceError } from "@sluice/internal";
import { isRetryable } from "./_errors.ts";

/** How often, and how soon. */
export interface RetryPolicy {
  readonly retries: number;
  /** Milliseconds before the first repetition; doubled for each further one. */
  readonly delayMs: number;
}

/** Runs `attempt`, again where that may help. */
export async function retrying<T>(
  policy: RetryPolicy,
  signal: AbortSignal | undefined,
  attempt: () => Promise<T>,
): Promise<T> {
  for (let count = 0;; count++) {
    try {
      return await attempt();
    } catch (error) {
      signal?.throwIfAborted();
      if (count >= retriesFor(error, policy)) throw error;
      await new Promise((resolve) => setTimeout(resolve, policy.delayMs * 2 ** count));
    }
  }
}

/** What does not match its digest is asked for twice more; then the other side has nothing better. */
const MISMATCH_RETRIES = 2;

function retriesFor(error: unknown, { retries }: RetryPolicy): number {
  if (error instanceof SluiceError && error.code === "VERIFY_FAILED") {
    return Math.min(retries, MISMATCH_RETRIES);
  }
  return isRetryable(error) ? retries : 0;
}
