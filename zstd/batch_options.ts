/**
 * Options of batch calls in both directions.
 *
 * @module
 */

/** How a batch is run and what it gives. */
export interface ZstdBatchOptions {
  /** Threads that share the work, or "auto" for one per processor; fewer are used when there is little to do. @default {"auto"} */
  readonly threads?: number | "auto" | undefined;
}
