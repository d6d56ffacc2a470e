/**
 * What the index of an archive says.
 */
import type { SluiceError } from "@sluice/internal";
import type { HashTable, IndexLine } from "./_journal_format.ts";

/** One data block with its fragments. */
export interface DataBlock extends HashTable {
  readonly offset: number;
  /** Id of its first fragment. */
  readonly first: number;
}

/** Where the content of a file of a streaming archive stands: a segment of a block. */
export interface SegmentPlace {
  readonly block: number;
  readonly segment: number;
  readonly size: number | undefined;
}

/** A file as an index names it. */
export interface IndexedFile extends IndexLine {
  readonly version: number;
  /** Where its content is, in a streaming archive. */
  readonly segments: readonly SegmentPlace[];
}

/** One update. */
export interface IndexedVersion {
  readonly number: number;
  /** Decimal digits; 0 where the archive has none. */
  readonly date: number;
  readonly offset: number;
  /** Bytes of data blocks. */
  readonly dataSize: number;
  readonly fragments: { readonly first: number; count: number };
  readonly lines: IndexedFile[];
}

/** A range of bytes that belong to no block. */
export interface JunkRange {
  readonly offset: number;
  readonly size: number;
}

/** All that an index says. */
export interface ArchiveIndex {
  readonly versions: IndexedVersion[];
  readonly blocks: DataBlock[];
  /** Where the next update goes: after the last one that is complete. */
  readonly end: number;
  readonly nextFragment: number;
  readonly damages: readonly SluiceError[];
  /** Bytes that belong to no block. */
  readonly junk: readonly JunkRange[];
  /** Where an update starts that was never completed. */
  readonly incomplete: number | undefined;
}
