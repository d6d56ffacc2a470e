/**
 * Options of batch calls in both directions.
 *
 * @module
 */

/** How a batch is run and what it gives. */
export interface ZstdBatchOptions {
  /** Threads that share the work, or "auto" for one per processor; fewer are used when there is little to do. @default {"auto" for batches, 1 for a single value} */
  readonly threads?: number | "auto" | undefined;
}
