/**
 * Defaults of reads and bulk calls, in one place.
 */
import { checkInteger, checkLimit } from "@sluice/internal";
import type { BulkOptions } from "./object.ts";

/** Everything that a bulk call needs. */
export interface BulkSettings {
  readonly ordered: boolean;
  readonly threads: number;
  readonly maxInFlightBytes: number;
  readonly window: number;
  readonly verify: boolean;
  readonly signal: AbortSignal | undefined;
}

const WINDOW = 65536;
const IN_FLIGHT = 64 << 20;

/** Memory for a stream of a large object. */
export const MEMORY_BUDGET = 64 << 20;

/** Checks options and fills in the rest. */
export function bulkSettings(options: BulkOptions = {}): BulkSettings {
  return {
    ordered: options.ordered ?? false,
    threads: checkInteger("threads", options.threads ?? 1, 0, 64),
    maxInFlightBytes: checkLimit("maxInFlightBytes", options.maxInFlightBytes ?? IN_FLIGHT),
    window: checkInteger("window", options.window ?? WINDOW, 1, 1 << 20),
    verify: options.verify ?? false,
    signal: options.signal,
  };
}
