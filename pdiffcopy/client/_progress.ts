/**
 * Counts what a copy has done, and reports it now and then.
 */
import type { PdiffCopyPhase, PdiffCopyProgress } from "./client_options.ts";

const INTERVAL_MS = 100;

/** The progress of one phase. */
export class ProgressReport {
  readonly #phase: PdiffCopyPhase;
  readonly #totalBytes: number;
  readonly #wireBytes: () => number;
  readonly #onProgress: ((progress: PdiffCopyProgress) => void) | undefined;
  readonly #started = performance.now();
  #last = -Infinity;
  #done = 0;
  /** Bytes that were written. */
  written = 0;

  /** For a phase over so many bytes. */
  constructor(
    phase: PdiffCopyPhase,
    totalBytes: number,
    wireBytes: () => number,
    onProgress: ((progress: PdiffCopyProgress) => void) | undefined,
  ) {
    this.#phase = phase;
    this.#totalBytes = totalBytes;
    this.#wireBytes = wireBytes;
    this.#onProgress = onProgress;
  }

  /** Counts a step, and reports it unless the last report was a moment ago. */
  readonly step = (done: number, written: number): void => {
    this.#done += done;
    this.written += written;
    const now = performance.now();
    if (now - this.#last >= INTERVAL_MS) this.#report(now);
  };

  /** Reports the end of the phase. */
  finish(): void {
    this.#report(performance.now());
  }

  #report(now: number): void {
    this.#last = now;
    this.#onProgress?.({
      phase: this.#phase,
      bytesIn: this.#done,
      total: this.#totalBytes,
      bytesOut: this.written,
      wireBytes: this.#wireBytes(),
      seconds: (now - this.#started) / 1000,
    });
  }
}
