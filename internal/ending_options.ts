/**
 * Options of decoders that say where a stream of frames ends.
 *
 * @module
 */
import { checkBoolean, checkChoice } from "./options.ts";

/** Where decoding ends, as callers say it. */
export interface EndingOptions {
  /** Which frames are decoded. @default {"all"} */
  readonly frames?: "all" | "first" | undefined;
  /** What to do with bytes that follow them. @default {"error", with frames: "first" "ignore"} */
  readonly trailing?: "error" | "ignore" | undefined;
  /** Whether input without any frame is empty content. @default {false} */
  readonly allowEmpty?: boolean | undefined;
}

/** Where decoding ends. */
export interface EndingSettings {
  /** Whether it ends with the first frame. */
  readonly firstFrameOnly: boolean;
  /** Whether bytes that start no frame are ignored. */
  readonly ignoreTrailing: boolean;
  /** Whether the first frame has to be the only one. */
  readonly refuseTrailing: boolean;
  /** Whether input without any frame is empty content. */
  readonly allowEmpty: boolean;
}

/**
 * Checks the options that say where decoding ends.
 *
 * @throws {TypeError} If an option has the wrong type.
 * @throws {RangeError} If an option is none of its choices.
 *
 * @example The first frame, which has to be the only one
 * ```ts
 * import { endingSettings } from "@sluice/internal";
 * import { assert } from "@std/assert";
 *
 * const settings = endingSettings({ frames: "first", trailing: "error" });
 * assert(settings.firstFrameOnly && settings.refuseTrailing);
 * ```
 */
export function endingSettings({ frames, trailing, allowEmpty }: EndingOptions): EndingSettings {
  return {
    firstFrameOnly: checkChoice("frames", frames ?? "all", ["all", "first"]) === "first",
    ignoreTrailing: checkChoice("trailing", trailing ?? "error", ["error", "ignore"]) === "ignore",
    refuseTrailing: frames === "first" && trailing === "error",
    allowEmpty: checkBoolean("allowEmpty", allowEmpty ?? false),
  };
}
