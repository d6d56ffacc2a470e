/**
 * Sizes and durations as people write and read them.
 *
 * @module
 */

const UNIT_LETTERS = "kmgtpezy";
const UNIT_PREFIXES = ["kilo", "mega", "giga", "tera", "peta", "exa", "zetta", "yotta"];
const BINARY_PREFIXES = ["kibi", "mebi", "gibi", "tebi", "pebi", "exbi", "zebi", "yobi"];

function invalid(expression: string, state: string): RangeError {
  return new RangeError(`Cannot read the size "${expression}": ${state}`);
}

/**
 * The number of bytes that an expression such as `64K`, `1 MiB` or `42` names. Units of letters alone count in
 * thousands; `KiB` and `kibibyte` count in 1024. Fractions are cut off.
 *
 * @throws {RangeError} If the expression is no size, or more than 2^53 - 1.
 *
 * @example Thousands and 1024s
 * ```ts
 * import { parsePdiffSize } from "@sluice/pdiffcopy";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * assertEquals(parsePdiffSize("5K"), 5000);
 * assertEquals(parsePdiffSize("5 KiB"), 5120);
 * assertThrows(() => parsePdiffSize("many"), RangeError);
 * ```
 */
export function parsePdiffSize(expression: string): number {
  const tokens = expression.split(/(\d+(?:\.\d+)?)/).map((token) => token.trim()).filter((token) =>
    token !== ""
  );
  const [number, unit = "b"] = tokens;
  const isNumber = number !== undefined && /^\d+(?:\.\d+)?$/.test(number);
  const factor = tokens.length > 2 ? undefined : unitFactor(unit.toLowerCase());
  if (!isNumber || factor === undefined) {
    throw invalid(expression, "expected a number and a unit, as in 64K or 1MiB");
  }
  const size = Math.floor(Number(number) * factor);
  if (size > Number.MAX_SAFE_INTEGER) throw invalid(expression, "it is too large");
  return size;
}

function unitFactor(unit: string): number | undefined {
  if (unit.startsWith("b")) return 1;
  const name = unit.replace(/s+$/, "");
  for (const [index, letter] of [...UNIT_LETTERS].entries()) {
    if (name === `${letter}ib` || name === `${BINARY_PREFIXES[index]}byte`) return 1024 ** (index + 1);
    if (name === `${letter}b` || name === `${UNIT_PREFIXES[index]}byte` || name.startsWith(letter)) {
      return 1000 ** (index + 1);
    }
  }
  return undefined;
}

const SIZE_UNITS = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

/**
 * A size in the largest unit of 1024 that it fills, with at most two decimals.
 *
 * @example Round and not
 * ```ts
 * import { formatPdiffSize } from "@sluice/pdiffcopy";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(formatPdiffSize(1), "1 byte");
 * assertEquals(formatPdiffSize(1024 * 1024), "1 MiB");
 * assertEquals(formatPdiffSize(2500000), "2.38 MiB");
 * ```
 */
export function formatPdiffSize(bytes: number): string {
  let unit = -1;
  let value = bytes;
  while (value >= 1024 && unit < SIZE_UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  if (unit < 0) return `${bytes} ${bytes === 1 ? "byte" : "bytes"}`;
  return `${decimals(value)} ${SIZE_UNITS[unit]}`;
}

/** At most two decimals, without zeros at the end. */
function decimals(value: number): string {
  return value.toFixed(2).replace(/\.?0+$/, "");
}

const DURATION_UNITS: readonly (readonly [name: string, seconds: number])[] = [
  ["year", 365 * 86_400],
  ["week", 7 * 86_400],
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
];

/**
 * A duration in words, with at most three units.
 *
 * @example Seconds and minutes
 * ```ts
 * import { formatPdiffDuration } from "@sluice/pdiffcopy";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(formatPdiffDuration(0.5), "0.5 seconds");
 * assertEquals(formatPdiffDuration(64.14), "1 minute and 4.14 seconds");
 * ```
 */
export function formatPdiffDuration(seconds: number): string {
  const parts: string[] = [];
  let rest = seconds;
  for (const [name, size] of DURATION_UNITS) {
    const count = Math.floor(rest / size);
    if (count > 0) parts.push(`${count} ${name}${count === 1 ? "" : "s"}`);
    rest -= count * size;
  }
  const text = decimals(rest);
  if (text !== "0" || parts.length === 0) parts.push(`${text} ${text === "1" ? "second" : "seconds"}`);
  const shown = parts.slice(0, 3);
  return shown.length === 1 ? shown[0]! : `${shown.slice(0, -1).join(", ")} and ${shown.at(-1)}`;
}
