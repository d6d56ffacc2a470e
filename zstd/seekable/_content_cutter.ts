/**
 * Where a seekable file's frames end: after so many bytes, or where the content itself says so.
 */

/** Finds the ends of frames in content that comes in pieces. */
export interface ContentCutter {
  /** No frame has more content than this. */
  readonly frameSizeMax: number;
  /** How many of the bytes from `pos` on go into the frame that has `filled` bytes already, and whether it ends there. */
  next(bytes: Uint8Array, pos: number, filled: number): { readonly length: number; readonly ends: boolean };
}

/** Frames of one size. */
export function cutBySize(frameSize: number): ContentCutter {
  return {
    frameSizeMax: frameSize,
    next(bytes, pos, filled): { length: number; ends: boolean } {
      const length = Math.min(frameSize - filled, bytes.length - pos);
      return { length, ends: filled + length === frameSize };
    },
  };
}

/** Bytes that decide whether a frame ends after them: older ones are shifted out of the hash's 32 bits. */
const HASH_WINDOW = 32;

/** One random number for each value of a byte, from a fixed seed (xorshift32): the cuts must be the same everywhere. */
const GEAR: Uint32Array = (() => {
  const table = new Uint32Array(256);
  let x = 0x9e3779b9;
  for (let i = 0; i < table.length; i++) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    table[i] = x;
  }
  return table;
})();

/**
 * Frames that end where a rolling hash of the last 32 bytes falls below a bound, so that an insertion moves the cuts
 * around it and no others. Frames have a quarter to twice `frameSize` bytes, and about that size on average.
 */
export function cutByContent(frameSize: number, frameSizeLimit: number): ContentCutter {
  const frameSizeMin = Math.ceil(frameSize / 4);
  const frameSizeMax = Math.min(2 * frameSize, frameSizeLimit);
  const bound = Math.floor(2 ** 32 / Math.max(1, frameSize - frameSizeMin));
  let hash = 0;
  return {
    frameSizeMax,
    next(bytes, pos, filled): { length: number; ends: boolean } {
      const end = Math.min(bytes.length, pos + frameSizeMax - filled);
      // Bytes that the hash would have forgotten at the first possible end are passed over.
      let at = Math.min(end, pos + Math.max(0, frameSizeMin - HASH_WINDOW - filled));
      while (at < end) {
        hash = (hash << 1) + GEAR[bytes[at++]!]! | 0;
        const length = at - pos;
        if (hash >>> 0 < bound && filled + length >= frameSizeMin) return { length, ends: true };
      }
      return { length: end - pos, ends: filled + end - pos === frameSizeMax };
    },
  };
}
