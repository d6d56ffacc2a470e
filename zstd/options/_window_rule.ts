/**
 * Windows that HTTP allows: 8 MiB for `zstd` (RFC 9659), more with large dictionaries for `dcz` (RFC 9842).
 */
import { LimitExceededError } from "@sluice/internal";
import type { ZstdCompressOptions } from "./compress_options.ts";
import type { ZstdFrameHeader } from "../frame/frame_header.ts";

/** The window that every decoder of `Content-Encoding: zstd` has to support, as a power of two. */
export const CONTENT_WINDOW_LOG_MAX = 23;
const DCZ_WINDOW_SIZE_MAX = 128 << 20;
/** Up to this level no window is larger than 8 MiB. */
const CONTENT_LEVEL_MAX = 19;

/** The largest window of a `dcz` response with a dictionary of this size, in bytes. */
export function dczWindowSizeMax(dictionarySize: number): number {
  return Math.min(DCZ_WINDOW_SIZE_MAX, Math.max(2 ** CONTENT_WINDOW_LOG_MAX, 1.25 * dictionarySize));
}

/**
 * Refuses options whose frames could need a larger window than `windowLogMax`.
 *
 * @throws {RangeError} If a level, a window or long-distance matching asks for more.
 * @throws {TypeError} If the frames would have no magic number.
 */
export function checkContentOptions(options: ZstdCompressOptions, windowLogMax: number): void {
  const { level = 0, windowLog, longDistance = "auto", format } = options;
  if (format === "magicless") {
    throw new TypeError('Cannot use option "format": HTTP takes frames with a magic number only');
  }
  if (windowLog !== undefined && windowLog > windowLogMax) {
    throw new RangeError(
      `Cannot use option "windowLog" over HTTP: it is ${windowLog}, expected at most ${windowLogMax}`,
    );
  }
  if (windowLog !== undefined && windowLog > 0) return;
  const wide = level > CONTENT_LEVEL_MAX
    ? `"level" ${level}`
    : longDistance === true || typeof longDistance === "object"
    ? '"longDistance"'
    : undefined;
  if (wide !== undefined) {
    throw new RangeError(
      `Cannot use option ${wide} over HTTP: its window is too large, expected "windowLog" of at most ${windowLogMax} with it`,
    );
  }
}

/** A check of frame headers that refuses windows above a size that is no power of two. */
export function windowCheck(windowSizeMax: number): (header: ZstdFrameHeader) => void {
  return ({ windowSize }) => {
    if (windowSize <= windowSizeMax) return;
    throw new LimitExceededError(
      `Cannot decompress zstd data: a frame needs a window of ${windowSize} bytes, expected at most ${windowSizeMax}`,
      {
        format: "zstd",
        code: "WINDOW_TOO_LARGE",
        errno: 16,
        limit: windowSizeMax,
        actual: windowSize,
        unit: "bytes",
      },
    );
  };
}
