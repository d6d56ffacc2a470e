/**
 * An index as plain records.
 */
import type { Lz4FrameHeader } from "../frame/frame_header.ts";

/** A frame with content. */
export interface IndexFrame {
  /** What its header says. */
  readonly info: Lz4FrameHeader;
  /** Where its header starts. */
  readonly compressedOffset: number;
  /** Where its content starts. */
  readonly decompressedOffset: number;
  /** Where its blocks end, before the end mark. */
  blocksEnd: number;
}

/** A packed window that stays in the file that the index was opened from. */
export interface StoredWindow {
  /** Where it starts. */
  readonly offset: number;
  /** Bytes that it takes. */
  readonly size: number;
  /** XXH32 of these bytes. */
  readonly hash: number;
}

/** Where stored windows are read from. */
export interface StoredWindowReader {
  /** The packed bytes of a window. */
  read(window: StoredWindow): Promise<Uint8Array<ArrayBuffer>>;
}

/** A block boundary that decoding can start from. */
export interface IndexPoint {
  /** Where the next block starts. */
  readonly compressedOffset: number;
  /** Where its content starts. */
  readonly decompressedOffset: number;
  /** Which frame it is in. */
  readonly frame: number;
  /** The history that its blocks need, packed, or where it is stored; undefined where they need none. */
  window: Uint8Array<ArrayBuffer> | StoredWindow | undefined;
  /** XXH32 of the content up to the next point; undefined where hashes were not wanted. */
  hash: number | undefined;
  /** Line feeds in the content before it. */
  lines: number;
}

/** Points and the frames that they are in, which their `frame` counts. */
export interface IndexRows {
  readonly frames: IndexFrame[];
  readonly points: IndexPoint[];
}

/** Points that stay in the file that the index was opened from, in pages. */
export interface StoredPoints {
  readonly pointCount: number;
  readonly frameCount: number;
  /** How many pages there are. */
  readonly pageCount: number;
  /** The last page whose content starts at or before a place. */
  pageAt(out: number): number;
  /** The last page before which there are at most so many line feeds. */
  pageOfLine(line: number): number;
  /** Where the content of a page starts; that of none after the last is the end of the content. */
  outOf(page: number): number;
  /** The points of a page. */
  page(number: number): Promise<IndexRows>;
  /** The points that a range of the content needs, up to the first one at or after its end. */
  rows(start: number, end: number): Promise<IndexRows>;
  /** All points. */
  all(): Promise<IndexRows>;
}

/** Everything that an index knows. */
export interface IndexModel {
  /** Bytes of the compressed file. */
  inputSize: number;
  /** Bytes of the content. */
  outputSize: number;
  /** Content bytes between two points, at least. */
  spacing: number;
  /** Whether line feeds were counted. */
  hasLines: boolean;
  /** Whether segments have hashes. */
  hasHashes: boolean;
  /** Which file it was made of, as `fingerprintOf` finds it; undefined where that is not known. */
  fingerprint: Uint8Array<ArrayBuffer> | undefined;
  /** Where stored windows are read from. */
  windowSource?: StoredWindowReader | undefined;
  /** Where points are read from that are not at hand. */
  pages?: StoredPoints | undefined;
  /** The frames with content, in order. */
  frames: IndexFrame[];
  /** The points, in order. */
  points: IndexPoint[];
}
