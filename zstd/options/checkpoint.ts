/**
 * Places where a stream can be taken up again: the ends of its frames.
 *
 * @module
 */

/** The end of a frame. Everything after it can be decoded, or compressed, without anything before it. */
export interface ZstdCheckpoint {
  /** Bytes of the compressed stream up to here. */
  readonly compressedOffset: number;
  /** Bytes of the content up to here. */
  readonly decompressedOffset: number;
  /** How many frames with content lie before. */
  readonly frameIndex: number;
}

/** Checkpoints of a stream, in either direction. */
export interface ZstdCheckpointOptions {
  /**
   * Called at the end of each frame, before the chunk that holds the frame's last output is given: a program that is to
   * go on from here later has to wait until it has stored as much output as the checkpoint says.
   */
  readonly onCheckpoint?: ((checkpoint: ZstdCheckpoint) => void) | undefined;
  /**
   * Go on from a checkpoint of an earlier run: input starts there, and offsets, counters and limits count from the start
   * of the whole stream.
   */
  readonly resumeAt?: ZstdCheckpoint | undefined;
}

/** Checkpoints of a compression. */
export interface ZstdCompressionCheckpointOptions extends ZstdCheckpointOptions {
  /**
   * End a frame after every so many bytes of content, so that there are checkpoints. Smaller frames compress worse;
   * some megabytes cost little. @default {one frame}
   */
  readonly checkpointEvery?: number | undefined;
}
