/**
 * Byte counts as people write and read them.
 */

const FACTORS: Readonly<Record<string, number>> = { "": 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3 };
const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"] as const;

/** Reads `64`, `64K`, `64KB`, `64KiB` and so on up to G; undefined if the text is something else. */
export function parseSize(text: string): number | undefined {
  const match = /^(\d+)(?:([KMG])(?:i?B|i)?)?$/.exec(text);
  if (match === null) return undefined;
  const size = Number(match[1]) * FACTORS[match[2] ?? ""]!;
  return Number.isSafeInteger(size) ? size : undefined;
}

/** Reads the value of a byte, `10` or `0x0a`; undefined if the text is something else. */
export function parseByte(text: string): number | undefined {
  const value = /^(\d+|0x[\da-f]+)$/i.test(text) ? Number(text) : 256;
  return value < 256 ? value : undefined;
}

/** A byte count in its largest unit, with at least three digits: `26.0 KiB`. */
export function formatSize(bytes: number): string {
  const { digits, unit } = scale(bytes);
  return `${digits} ${unit}`;
}

/** As `formatSize`, with its digits right-aligned in the given width. */
export function formatSizePadded(bytes: number, width: number): string {
  const { digits, unit } = scale(bytes);
  return `${digits.padStart(width)} ${unit}`;
}

/** A byte count for a column of the given width, its unit right-aligned after it. */
export function formatSizeColumn(bytes: number, width: number): string {
  const { digits, unit } = scale(bytes);
  return digits.padStart(width) + ` ${unit}`.padStart(4);
}

function scale(bytes: number): { digits: string; unit: string } {
  let value = bytes;
  let index = 0;
  while (value >= 1024 && index < UNITS.length - 1) {
    value /= 1024;
    index++;
  }
  const decimals = index === 0 || value >= 100 ? 0 : value >= 10 ? 1 : value > 1 ? 2 : 3;
  return { digits: value.toFixed(decimals), unit: UNITS[index]! };
}
