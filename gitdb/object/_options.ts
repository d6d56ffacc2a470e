/**
 * Defaults of reads and bulk calls, in one place.
 */
import { checkChoice, checkInteger, checkKeys, checkLimit } from "@sluice/internal";
import type { GitBulkOptions, GitEnumerateOptions, GitReadOptions, GitWriteOptions } from "./object.ts";

/** Everything that a bulk call needs. */
export interface GitBulkSettings {
  /** Results in the order of their ids. */
  readonly ordered: boolean;
  /** Threads, where the backend has them. */
  readonly threads: number;
  /** Bytes of bodies that are made ahead of the reader. */
  readonly maxInFlightBytes: number;
  /** Ids that are looked at together. */
  readonly window: number;
  /** Hash every object. */
  readonly verifyChecksums: boolean;
  /** Look for collision attacks where objects are hashed. */
  readonly collisionDetection: boolean;
  /** Gives the call up. */
  readonly signal: AbortSignal | undefined;
}

const WINDOW = 65536;
const IN_FLIGHT = 64 << 20;

/** Memory for a stream of a large object. */
export const MEMORY_BUDGET = 64 << 20;

const READ_OPTIONS: ReadonlySet<string> = new Set([
  "signal",
  "verifyChecksums",
  "collisionDetection",
  "maxObjectSize",
  "maxMemory",
  "spillFolder",
  "promised",
]);

const BULK_OPTIONS: ReadonlySet<string> = new Set([
  ...READ_OPTIONS,
  "ordered",
  "threads",
  "maxInFlightBytes",
  "window",
  "onMissing",
]);

/** Options of stores: a database hands all of its own on. */
export const STORE_OPTIONS: ReadonlySet<string> = new Set([
  "alternates",
  "onAbsent",
  "root",
  "additional",
  "hashAlgorithm",
  "pageCacheSize",
  "baseCacheSize",
  "backend",
  "onWarning",
  "level",
  "durable",
]);

const ENUMERATE_OPTIONS: ReadonlySet<string> = new Set(["unique", "order"]);
const WRITE_OPTIONS: ReadonlySet<string> = new Set(["signal"]);
const REFRESH_OPTIONS: ReadonlySet<string> = new Set(["force"]);

/** Checks the options of one read. */
export function checkReadOptions(options: GitReadOptions | undefined): void {
  if (options !== undefined) checkKeys(options, READ_OPTIONS);
}

/** Checks the options of `ids` and `count`. */
export function checkEnumerateOptions(options: GitEnumerateOptions | undefined): void {
  if (options === undefined) return;
  checkKeys(options, ENUMERATE_OPTIONS);
  if (options.order !== undefined) checkChoice("order", options.order, ["id", "storage"]);
}

/** Checks the options of one write. */
export function checkWriteOptions(options: GitWriteOptions | undefined): void {
  if (options !== undefined) checkKeys(options, WRITE_OPTIONS);
}

/** Checks the options of `refresh`. */
export function checkRefreshOptions(options: { readonly force?: boolean | undefined } | undefined): void {
  if (options !== undefined) checkKeys(options, REFRESH_OPTIONS);
}

/** What a bulk call hands on to single reads. */
export function readOptionsOf(options: GitBulkOptions): GitReadOptions {
  const { signal, verifyChecksums, collisionDetection, maxObjectSize, maxMemory, spillFolder, promised } =
    options;
  return { signal, verifyChecksums, collisionDetection, maxObjectSize, maxMemory, spillFolder, promised };
}

/** Checks options and fills in the rest. */
export function bulkSettings(options: GitBulkOptions = {}): GitBulkSettings {
  checkKeys(options, BULK_OPTIONS);
  return {
    ordered: options.ordered ?? false,
    threads: checkInteger("threads", options.threads ?? 1, 0, 64),
    maxInFlightBytes: checkLimit("maxInFlightBytes", options.maxInFlightBytes ?? IN_FLIGHT),
    window: checkInteger("window", options.window ?? WINDOW, 1, 1 << 20),
    verifyChecksums: options.verifyChecksums ?? false,
    collisionDetection: options.collisionDetection ?? true,
    signal: options.signal,
  };
}
