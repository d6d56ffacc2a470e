/**
 * What the parser and the public reading of lz4 frame headers share.
 */

/** The header of a frame of any kind. */
export interface Lz4FrameHeader {
  /** "legacy" frames are those of lz4 before 1.4; "skippable" ones hold no content. */
  readonly type: "frame" | "legacy" | "skippable";
  /** Bytes of the header, magic included. */
  readonly headerSize: number;
  /** The most content bytes of a block; 0 for a skippable frame. */
  readonly blockMax: number;
  /** Whether blocks refer to the content before them. */
  readonly linked: boolean;
  /** Whether each block has a checksum. */
  readonly blockChecksums: boolean;
  /** Whether the content has a checksum. */
  readonly contentChecksum: boolean;
  /** The declared content size in bytes, or a skippable frame's payload size; undefined where there is none. */
  readonly contentSize: number | undefined;
  /** The declared dictionary; undefined where there is none. */
  readonly dictId: number | undefined;
  /** 0 to 15 for a skippable frame, else undefined. */
  readonly skippableVariant: number | undefined;
}
