/**
 * Progress of long work, in the terms that all packages share.
 *
 * @module
 */

/** How far long work is, as an `onProgress` callback receives it. */
export interface SluiceProgress {
  /** Bytes of content read so far. */
  readonly bytesIn: number;
  /** Bytes written so far. */
  readonly bytesOut: number;
  /** Bytes of content in all: `bytesIn` at the end. */
  readonly total: number;
}
