/**
 * Options of streams and iterables in both directions.
 *
 * @module
 */

/** Options of streams, beside those of the codec. */
export interface ZstdStreamOptions {
  /** The most bytes of one output chunk. @default {131072} */
  readonly chunkSize?: number | undefined;
  /** Aborts both sides of the stream. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Whether codec calls run off the event loop: "auto" does so where one call would take a millisecond or more, which
   * is for compression with higher levels or worker threads. WASM has no such calls. @default {"auto"}
   */
  readonly offload?: "auto" | "always" | "never" | undefined;
}
