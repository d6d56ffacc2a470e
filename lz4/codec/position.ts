/**
 * Where decoding stands.
 *
 * @module
 */

/** Where a decoder stands, in bytes from the start of the stream. */
export interface Lz4Position {
  /** Input up to the last boundary. */
  readonly compressedOffset: number;
  /** Output given so far. */
  readonly decompressedOffset: number;
  /** Input bytes that are held after `compressedOffset`, because their block or header is not complete. */
  readonly held: number;
  /** Frames that are complete. */
  readonly frame: number;
  /** Blocks of the frame at hand that are complete. */
  readonly block: number;
}
