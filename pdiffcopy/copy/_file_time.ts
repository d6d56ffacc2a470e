/**
 * Times of files as text and within what can be set: nanoseconds since 1970, of years far beyond those that a 64-bit
 * number of nanoseconds ends at.
 */

/** Seconds that the system is given are doubles: so many are exact. */
const TIME_MAX_NS = 2n ** 53n * 1_000_000_000n;

/** The nearest time that can be carried. */
export function carriedTime(timeNs: bigint): bigint {
  return timeNs > TIME_MAX_NS ? TIME_MAX_NS : timeNs < -TIME_MAX_NS ? -TIME_MAX_NS : timeNs;
}

/** A time that was carried as text; undefined where it is none. */
export function parseFileTime(text: string): bigint | undefined {
  if (!/^-?\d{1,25}$/.test(text)) return undefined;
  const timeNs = BigInt(text);
  return carriedTime(timeNs) === timeNs ? timeNs : undefined;
}
