/**
 * The check of what a client is given.
 */
import { checkBoolean, checkChoice, checkInteger, checkKeys } from "@sluice/internal";
import type { PdiffClientOptions } from "./client_options.ts";

/** Everything that a client takes. */
export const CLIENT_OPTION_NAMES: ReadonlySet<string> = new Set(
  [
    "source",
    "target",
    "blockSize",
    "concurrency",
    "delta",
    "dryRun",
    "hash",
    "protocol",
    "replace",
    "durable",
    "rehash",
    "verifyWritten",
    "compressionLevel",
    "allowDirty",
    "literalPaths",
    "shift",
    "chunkSize",
    "seeds",
    "token",
    "caCerts",
    "retries",
    "retryBudgetMs",
    "stallTimeoutMs",
    "maxBytesPerSecond",
    "onProgress",
    "log",
    "signal",
  ] satisfies (keyof PdiffClientOptions)[],
);
const FLAGS = [
  "delta",
  "dryRun",
  "durable",
  "rehash",
  "verifyWritten",
  "allowDirty",
  "literalPaths",
  "shift",
] as const;
const BLOCK_MIN = 512;
const BLOCK_MAX = 64 << 20;
const TIME_MAX = 2 ** 31 - 1;

/** Refuses options that are not known or make no sense. */
export function checkClientOptions(options: PdiffClientOptions): void {
  checkKeys(options, CLIENT_OPTION_NAMES);
  for (const name of FLAGS) if (options[name] !== undefined) checkBoolean(name, options[name]);
  const whole = (name: keyof PdiffClientOptions, min: number, max: number): void => {
    if (options[name] !== undefined) checkInteger(name, options[name], min, max);
  };
  whole("blockSize", BLOCK_MIN, BLOCK_MAX);
  whole("concurrency", 1, 1024);
  whole("protocol", 1, 2);
  whole("compressionLevel", 0, 19);
  whole("chunkSize", 4 << 10, 16 << 20);
  whole("retries", 0, 1000);
  whole("retryBudgetMs", 0, TIME_MAX);
  whole("stallTimeoutMs", 1, TIME_MAX);
  checkChoice("replace", options.replace ?? "auto", ["auto", "inplace", "atomic"]);
  const { maxBytesPerSecond: rate = Infinity, chunkSize = 4096, seeds, shift } = options;
  if (typeof rate !== "number" || !(rate > 0)) {
    throw new RangeError(`Cannot use option "maxBytesPerSecond": it is ${rate}, expected more than 0`);
  }
  if ((chunkSize & (chunkSize - 1)) !== 0) {
    throw new RangeError(`Cannot use option "chunkSize": it is ${chunkSize}, expected a power of two`);
  }
  if (shift === true) {
    const useless = (["blockSize", "compressionLevel", "delta"] as const).find((name) =>
      options[name] !== undefined && options[name] !== true && options[name] !== 0
    );
    if (useless !== undefined) {
      throw new RangeError(`Cannot use option "${useless}": it has no effect with "shift"`);
    }
  }
  if (shift !== true && (options.chunkSize !== undefined || (seeds !== undefined && seeds.length > 0))) {
    throw new RangeError('Cannot use options "chunkSize" and "seeds": they need "shift"');
  }
}
