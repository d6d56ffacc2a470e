/**
 * When a compression level goes up or down: by the share of time that the codec is busy.
 */

/** The levels between which an adaptive one moves. */
export interface AdaptBounds {
  readonly min: number;
  readonly max: number;
}

/**
 * Input between two decisions, of one job of a worker, and of a frame where there are none: levels change at
 * their borders.
 */
export const ADAPT_INTERVAL_BYTES = 2 << 20;
/** Below this share of busy time the others are slower than the codec: there is time for a higher level. */
const BUSY_SHARE_LOW = 0.6;
/** Above this share the others wait for the codec. */
const BUSY_SHARE_HIGH = 0.85;

/** Watches a codec that enters and leaves its work. */
export class AdaptiveLevel {
  readonly #bounds: AdaptBounds;
  #bytesAtDecision = 0;
  #intervalStart: number | undefined;
  #entered = 0;
  #busyMs = 0;

  /** A watch with the given bounds. */
  constructor(bounds: AdaptBounds) {
    this.#bounds = bounds;
  }

  /** The codec starts to work. */
  enter(): void {
    this.#entered = performance.now();
    this.#intervalStart ??= this.#entered;
  }

  /** The codec waits from now on. */
  leave(): void {
    this.#busyMs += performance.now() - this.#entered;
  }

  /** The level for what comes next, asked inside the work, `bytesIn` input bytes after the start. */
  next(bytesIn: number, level: number): number {
    if (bytesIn - this.#bytesAtDecision < ADAPT_INTERVAL_BYTES) return level;
    const now = performance.now();
    const busy = this.#busyMs + now - this.#entered;
    const share = busy / (now - this.#intervalStart!);
    this.#bytesAtDecision = bytesIn;
    this.#intervalStart = this.#entered = now;
    this.#busyMs = 0;
    if (share < BUSY_SHARE_LOW) return Math.min(level + 1, this.#bounds.max);
    if (share > BUSY_SHARE_HIGH) return Math.max(level - 1, this.#bounds.min);
    return level;
  }
}
