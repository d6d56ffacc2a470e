/**
 * Doing it again where that may help.
 */
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
      if (count >= policy.retries || !isRetryable(error)) throw error;
      await new Promise((resolve) => setTimeout(resolve, policy.delayMs * 2 ** count));
    }
  }
}
