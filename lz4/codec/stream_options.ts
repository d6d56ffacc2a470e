/**
 * Options of streams and iterables in both directions.
 *
 * @module
 */

/** Options of streams, beside those of the codec. */
export interface Lz4StreamOptions {
  /** The most bytes of one output chunk. @default {4194304 for decompression, with threads 8388608 for each up to 67108864; 262144 for compression} */
  readonly chunkSize?: number | undefined;
  /** Aborts both sides of the stream. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Whether codec calls run off the event loop: "auto" does so where one call would take a millisecond or more, which
   * is for compression with levels from 3 or threads. WASM has no such calls. @default {"auto"}
   */
  readonly offload?: "auto" | "always" | "never" | undefined;
}
