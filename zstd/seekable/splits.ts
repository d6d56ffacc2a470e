/**
 * Splits of a zstd file: work for many machines, as plain values that go through JSON.
 *
 * @module
 */
import type { SluiceSplitFault, SluiceSplitOptions, SluiceSplitSource } from "@sluice/internal";
import type { ZstdFrameOptions } from "../options/decompress_options.ts";

export type { SluiceSplitFault, SluiceSplitOptions, SluiceSplitSource } from "@sluice/internal";

/** A range of the content and the frames that hold it. `JSON.parse(JSON.stringify(split))` is the same split. */
export interface ZstdSplit {
  /** What this is. */
  readonly format: "zstd-split";
  /** The version of this form. */
  readonly version: 1;
  /** Its number, from 0. */
  readonly id: number;
  /** The file that it was planned for. */
  readonly source: SluiceSplitSource;
  /** Bytes of the file, end exclusive: whole frames, which any zstd decoder takes as a file. */
  readonly compressedRange: readonly [start: number, end: number];
  /** Bytes of the content that belong to the split, end exclusive. */
  readonly decompressedRange: readonly [start: number, end: number];
  /** Decoded bytes that precede the content of the split; there may be more after it. */
  readonly drop: number;
  /** Decoded bytes of all its frames. */
  readonly size: number;
  /** Bytes of each frame, bytes of its content and, where the index has it, the low 32 bits of the content's XXH64. */
  readonly frames: readonly (readonly number[])[];
  /** Damage in the split that the planner met; absent where it met none. Reading the split meets it again. */
  readonly fault?: SluiceSplitFault | undefined;
}

/** How a file is divided. The codec's options matter where splits end after records. */
export interface ZstdSplitOptions extends SluiceSplitOptions, ZstdFrameOptions {}

/** How a split is read. */
export interface ZstdReadSplitOptions extends ZstdFrameOptions {
  /** Compare every frame's content with the checksum of the plan, where there is one. @default {true} */
  readonly verifyChecksums?: boolean | undefined;
  /** The most bytes of a split, compressed or decoded. @default {2 ** 30} */
  readonly maxSplitSize?: number | undefined;
  /** Gives the read up. */
  readonly signal?: AbortSignal | undefined;
}
