/**
 * Options of everything that decompresses lz4.
 *
 * @module
 */
import type { BackendChoice } from "@sluice/ffi";
import type { BytesSource } from "@sluice/internal";
import type { Lz4Checkpoint } from "./checkpoint.ts";

/** A dictionary, a way to find it by the id in the frame header, or "ignore" to try without. */
export type Lz4DictionarySource =
  | BytesSource
  | ((dictId: number | undefined) => BytesSource | undefined)
  | "ignore";

/** How lz4 data is decompressed. Limits are safe by default and raised by saying so. */
export interface Lz4DecompressOptions {
  /**
   * The most bytes of output; `Infinity` lifts it.
   * @default {256 MiB for whole values, Infinity for streams, iterables and decoders}
   */
  readonly maxOutputSize?: number | undefined;
  /** The largest block maximum of a frame, in bytes; legacy frames have 8 MiB. @default {8388608} */
  readonly maxBlockSize?: number | undefined;
  /** The most frames of one stream, skippable ones included. @default {1e9} */
  readonly maxFrames?: number | undefined;
  /** The most bytes that the codec may allocate. @default {Infinity} */
  readonly maxMemory?: number | undefined;
  /** Decode every frame, or stop after the first. @default {"all"} */
  readonly frames?: "all" | "first" | undefined;
  /** What to do with bytes after the last frame that start no frame. @default {"error"} */
  readonly trailing?: "error" | "ignore" | undefined;
  /** Take an input without a single frame for empty content. @default {false} */
  readonly allowEmpty?: boolean | undefined;
  /** Compare header, blocks and content with their checksums where a frame has them. @default {true} */
  readonly verifyChecksums?: boolean | undefined;
  /** Refuse blocks that break a rule which the reference decoder lets pass. @default {false} */
  readonly strictBlocks?: boolean | undefined;
  /** Take the header checksum of old Kafka messages, which includes the magic number. @default {false} */
  readonly kafkaHeaderChecksum?: boolean | undefined;
  /** History that the content refers to. */
  readonly dictionary?: Lz4DictionarySource | undefined;
  /** Called with the payload of each skippable frame of at most 1 MiB. */
  readonly onSkippable?: ((variant: number, payload: Uint8Array) => void) | undefined;
  /** Called in order with states to resume from: keep one only after output up to its `decompressedOffset` is stored. */
  readonly onCheckpoint?: ((checkpoint: Lz4Checkpoint) => void) | undefined;
  /** How much output passes between two checkpoints at least, in bytes. @default {4194304} */
  readonly checkpointEvery?: number | undefined;
  /**
   * Threads that decode the blocks of independent and legacy frames, 1 to 64; native only. Linked frames are decoded by
   * one. Streams and iterables gather 4 MiB of input for each thread before they decode it, at most 64 MiB: not for
   * peers that wait for an answer. @default {1}
   */
  readonly threads?: number | undefined;
  /** The backend for this call. @default {what configureBackend says} */
  readonly backend?: BackendChoice | undefined;
}
