/**
 * `sluice zstd --patch-from`: which parameters make a small patch, and how large a window one may need.
 */
import { zstdCompressionParameters } from "@sluice/zstd";
import { EXIT, Failure } from "./_exit.ts";

/** What compression against a base needs beside the level. */
export interface PatchParameters {
  readonly windowLog: number;
  /** Whether ordinary search can't reach all of the window. */
  readonly longDistance: boolean;
}

const WINDOW_LOG_MIN = 10;
const BINARY_TREE_STRATEGIES: readonly string[] = ["btlazy2", "btopt", "btultra", "btultra2"];

/** Parameters for a target of `size` bytes: its whole content in one window, so that all of the base stays in reach. */
export function patchParameters(
  level: number,
  size: number | undefined,
  baseSize: number,
  windowLogMax: number,
): PatchParameters {
  if (size === undefined) {
    throw new Failure(
      "zstd: error 42 : Using --patch-from with stdin requires --stream-size ",
      EXIT.patchSize,
    );
  }
  const windowLog = Math.min(Math.max(Math.floor(Math.log2(size)) + 1, WINDOW_LOG_MIN), windowLogMax);
  const { chainLog, strategy } = zstdCompressionParameters(level, {
    sourceSize: size,
    dictionarySize: baseSize,
  });
  // A binary tree has two entries a position.
  const reachLog = BINARY_TREE_STRATEGIES.includes(strategy!) ? chainLog! - 1 : chainLog!;
  return { windowLog, longDistance: windowLog > reachLog };
}
