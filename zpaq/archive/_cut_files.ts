/**
 * Contents of small files that a host reads and cuts into fragments many at a time.
 */
import type { ZpaqFile } from "./_types.ts";

/** How content is cut. */
export interface CutLimits {
  readonly sizeMin: number;
  readonly sizeMax: number;
  readonly fragment: number;
  /** Whether fragments get a second hash. */
  readonly second: boolean;
}

/** The content of a file, valid until the next is taken. */
export interface CutFile {
  /** Why it can't be read; undefined where it was. */
  readonly error: Error | undefined;
  readonly bytes: Uint8Array;
  /** Of each fragment the numbers that `zpaqFragments` writes, its SHA-1, and room for its SHA-256. */
  readonly parts: Uint32Array;
}

/** Reads contents. */
export interface CutReader {
  /** Whether it reads a file; another is read by its body. */
  takes(file: ZpaqFile): boolean;
  /** Contents of files in their order; undefined for one that is to be read by its body after all. */
  read(files: readonly ZpaqFile[], limits: CutLimits): AsyncIterable<CutFile | undefined>;
}
