/**
 * Blocks of a set of files: work for many machines that compress them, as plain values that go through JSON.
 *
 * @module
 */
import type { ByteSourceLike, SluiceSplitOptions, SluiceSplitSource } from "@sluice/internal";

export type { SluiceSplitOptions, SluiceSplitSource } from "@sluice/internal";

/** A file that is going to be archived. */
export interface ZpaqPlanFile {
  /** Its name in the archive. */
  readonly name: string;
  /** Its content. */
  readonly source: ByteSourceLike;
}

/** A range of a file. */
export interface ZpaqBlockPart {
  /** The name of the file in the archive. */
  readonly name: string;
  /** The file that it was planned for. */
  readonly source: SluiceSplitSource;
  /** Bytes of the file, end exclusive. */
  readonly range: readonly [start: number, end: number];
}

/** What one machine compresses. `JSON.parse(JSON.stringify(block))` is the same block. */
export interface ZpaqBlockPlan {
  /** What this is. */
  readonly format: "zpaq-block";
  /** The version of this form. */
  readonly version: 1;
  /** Its number, from 0. */
  readonly id: number;
  /** Bytes of the content of all parts. */
  readonly size: number;
  /** Ranges of files, in the order of the archive. */
  readonly parts: readonly ZpaqBlockPart[];
}

/** How files are divided. */
export type ZpaqBlockPlanOptions = Omit<SluiceSplitOptions, "concurrency" | "count">;

/** How a block is read. */
export interface ZpaqReadBlockOptions {
  /** The most bytes of a part. @default {2 ** 30} */
  readonly maxSplitSize?: number | undefined;
  /** Gives the read up. */
  readonly signal?: AbortSignal | undefined;
}
