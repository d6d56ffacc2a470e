/**
 * Headers and lists of zstd frames.
 */

/** What a frame says about itself. */
export interface ZstdFrameHeader {
  /** A frame with compressed content, or one that carries foreign data for others to skip. */
  readonly type: "zstd" | "skippable";
  /** Bytes of the header, magic number included. */
  readonly headerSize: number;
  /** Bytes of the content, or of a skippable frame's payload; undefined where the frame does not say. Above 2^53 - 1 it is `Infinity`. */
  readonly contentSize: number | undefined;
  /** The exact content size where the header has its 8-byte form. */
  readonly contentSizeBig: bigint | undefined;
  /** How far back matches may reach, in bytes: what a decoder must be able to hold. */
  readonly windowSize: number;
  /** The most content bytes of one block. */
  readonly blockSizeMax: number;
  /** The id of the dictionary that the frame was compressed with; 0 for none or not told. */
  readonly dictId: number;
  /** Whether a checksum of the content stands after the last block. */
  readonly hasChecksum: boolean;
  /** The low four bits of a skippable frame's magic number; undefined for other frames. */
  readonly skippableVariant: number | undefined;
}

/** A frame's header together with its place. */
export interface ZstdFrameInfo extends ZstdFrameHeader {
  /** Where the frame starts, in bytes from the start of the stream. */
  readonly offset: number;
  /** Bytes of the whole frame, header and checksum included. */
  readonly compressedSize: number;
  /** How many blocks the frame has; 0 for a skippable one. */
  readonly blockCount: number;
  /** The stored checksum: the low 32 bits of the content's XXH64; undefined where there is none. */
  readonly checksum: number | undefined;
}
