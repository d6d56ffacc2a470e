/**
 * Times of files as text: nanoseconds since 1970, of all the years that the system's 64-bit seconds reach.
 */

const TIME_END = 2n ** 63n * 1_000_000_000n;
const TIME_START = -TIME_END;
/** Every file system holds times of 32-bit seconds. */
const USUAL_END = 2n ** 31n * 1_000_000_000n;
const USUAL_START = -USUAL_END;

/** Whether a time is one that every file system holds. */
export function isUsualTime(timeNs: bigint): boolean {
  return USUAL_START <= timeNs && timeNs < USUAL_END;
}

/** A time that was carried as text; undefined where it is none. */
export function parseFileTime(text: string): bigint | undefined {
  if (!/^-?\d{1,28}$/.test(text)) return undefined;
  const timeNs = BigInt(text);
  return TIME_START <= timeNs && timeNs < TIME_END ? timeNs : undefined;
}
