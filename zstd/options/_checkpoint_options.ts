/**
 * Turns checkpoint options into a complete record.
 */
import { checkInteger, checkKeys, describe } from "@sluice/internal";
import type { ZstdCheckpoint, ZstdCompressionCheckpointOptions } from "./checkpoint.ts";

/** Checkpoint options with every field present. */
export interface CheckpointSettings {
  /** Content bytes of a frame; `Infinity` for one frame. */
  readonly every: number;
  readonly onCheckpoint: ((checkpoint: ZstdCheckpoint) => void) | undefined;
  readonly resumeAt: ZstdCheckpoint;
}

const START: ZstdCheckpoint = { compressedOffset: 0, decompressedOffset: 0, frameIndex: 0 };
const CHECKPOINT_KEYS: ReadonlySet<string> = new Set(Object.keys(START));

/** What applies to codecs that were given no checkpoint options. */
export const NO_CHECKPOINTS: CheckpointSettings = {
  every: Infinity,
  onCheckpoint: undefined,
  resumeAt: START,
};

/** Takes the checkpoint options out of an object that holds a codec's options as well. */
export function splitCheckpointOptions<T extends object>(
  options: T & ZstdCompressionCheckpointOptions,
): [T, CheckpointSettings] {
  const { checkpointEvery, onCheckpoint, resumeAt, ...rest } = options;
  if (checkpointEvery === undefined && onCheckpoint === undefined && resumeAt === undefined) {
    return [rest as unknown as T, NO_CHECKPOINTS];
  }
  if (onCheckpoint !== undefined && typeof onCheckpoint !== "function") {
    throw new TypeError(
      `Cannot use option "onCheckpoint": it is ${describe(onCheckpoint)}, expected a function`,
    );
  }
  const from = resumeAt === undefined ? START : resumeAt;
  checkKeys(from, CHECKPOINT_KEYS);
  for (const name of Object.keys(START) as (keyof ZstdCheckpoint)[]) {
    checkInteger(`resumeAt.${name}`, from[name], 0, Number.MAX_SAFE_INTEGER);
  }
  const every = checkpointEvery === undefined
    ? Infinity
    : checkInteger("checkpointEvery", checkpointEvery, 1, Number.MAX_SAFE_INTEGER);
  return [rest as unknown as T, { every, onCheckpoint, resumeAt: from }];
}

/** As `splitCheckpointOptions`, for decompression, which takes frames as they come. */
export function splitResumeOptions<T extends object>(
  options: T & ZstdCompressionCheckpointOptions,
): [T, CheckpointSettings] {
  if (options.checkpointEvery !== undefined) {
    throw new TypeError('Cannot use option "checkpointEvery": decompression takes frames as they come');
  }
  return splitCheckpointOptions<T>(options);
}
