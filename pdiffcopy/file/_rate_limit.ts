/**
 * Waits so that no more than so many bytes pass in a second.
 */

import { delay } from "./_retry.ts";

/** Bytes may run ahead by what passes in this many milliseconds. */
const BURST_MS = 100;

/** A bucket that fills by the clock; takers wait in order. */
export class RateLimiter {
  readonly #bytesPerMs: number;
  /** When everything taken so far will have passed. */
  #clear = 0;

  constructor(bytesPerSecond: number) {
    this.#bytesPerMs = bytesPerSecond / 1000;
  }

  /** Waits until the bytes may pass, or until nobody wants that any more. */
  async take(bytes: number, signal: AbortSignal): Promise<void> {
    if (this.#bytesPerMs === Infinity) return;
    const now = performance.now();
    this.#clear = Math.max(this.#clear, now) + bytes / this.#bytesPerMs;
    const wait = this.#clear - now - BURST_MS;
    if (wait <= 0) return;
    await delay(wait, signal);
  }
}
