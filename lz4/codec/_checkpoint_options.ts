/**
 * Options of a checkpoint, checked.
 *
 * @module
 */
import { checkChoice, checkKeys } from "@sluice/internal";
import type { Lz4CheckpointOptions } from "./checkpoint.ts";

const KEYS: ReadonlySet<string> = new Set<keyof Lz4CheckpointOptions>(["carry"]);

/**
 * Whether the checkpoint is to hold the input of an incomplete block.
 *
 * @throws {TypeError} If an option is not known.
 * @throws {RangeError} If `carry` is neither of its choices.
 */
export function embedsInput(options: Lz4CheckpointOptions): boolean {
  checkKeys(options, KEYS);
  return checkChoice("carry", options.carry ?? "rewind", ["rewind", "embed"]) === "embed";
}
