/**
 * Times of files as text: nanoseconds since 1970, of all the years that the system's 64-bit seconds reach.
 */

const SECOND_NS = 1_000_000_000n;
const SECONDS_END = 2n ** 63n;
/** Every file system holds times of 32-bit seconds. */
const USUAL_END = 2n ** 31n;

/** Whether a time is one that every file system holds. */
export function isUsualTime(timeNs: bigint): boolean {
  return -USUAL_END * SECOND_NS <= timeNs && timeNs < USUAL_END * SECOND_NS;
}

/** A time that was carried as text; undefined where it is none. */
export function parseFileTime(text: string): bigint | undefined {
  if (!/^-?\d{1,28}$/.test(text)) return undefined;
  const timeNs = BigInt(text);
  return -SECONDS_END * SECOND_NS <= timeNs && timeNs < SECONDS_END * SECOND_NS ? timeNs : undefined;
}
