/**
 * Ranges of whole numbers as Python has them: without a limit, negative ones too.
 */
import type { BinaryOperator } from "./_ast.ts";

/** All that is known of a number. */
export interface Interval {
  readonly low: number;
  readonly high: number;
  /** Whether it comes from what the program says; what nothing is known of is taken for 0 to 2^32 - 1. */
  readonly known: boolean;
}

export const U32_MAX = 2 ** 32 - 1;
export const UNKNOWN: Interval = { low: 0, high: U32_MAX, known: false };
const SHIFT_MAX = 64;

export function exactly(value: number): Interval {
  return { low: value, high: value, known: true };
}

export function between(low: number, high: number): Interval {
  return { low, high, known: true };
}

/** What is in one or the other. */
export function either(a: Interval | undefined, b: Interval): Interval {
  if (a === undefined) return b;
  return { low: Math.min(a.low, b.low), high: Math.max(a.high, b.high), known: a.known && b.known };
}

/** Whether the machine's 32 bits hold every value. */
export function fits({ low, high }: Interval): boolean {
  return low >= 0 && high <= U32_MAX;
}

function corners(a: Interval, b: Interval, apply: (a: number, b: number) => number): Interval {
  const values = [apply(a.low, b.low), apply(a.low, b.high), apply(a.high, b.low), apply(a.high, b.high)];
  return { low: Math.min(...values), high: Math.max(...values), known: a.known && b.known };
}

/** The range of an operator's result. */
export function binaryInterval(operator: BinaryOperator, a: Interval, b: Interval): Interval {
  const known = a.known && b.known;
  const positive = a.low >= 0 && b.low >= 0;
  switch (operator) {
    case "+": {
      const sum = { low: a.low + b.low, high: a.high + b.high, known };
      // A sum of what nothing is known of is no reason to warn.
      return !known && fits(a) && fits(b) ? UNKNOWN : sum;
    }
    case "-":
      return a.known ? { low: a.low - b.high, high: a.high - b.low, known } : UNKNOWN;
    case "*":
      return corners(a, b, (x, y) => x * y);
    case "<<":
      return b.low < 0 ? UNKNOWN : corners(a, b, (x, y) => x * 2 ** Math.min(y, SHIFT_MAX));
    case ">>":
      return b.low < 0 ? UNKNOWN : corners(a, b, (x, y) => Math.floor(x / 2 ** Math.min(y, SHIFT_MAX)));
    case "//":
    case "/":
      return b.low > 0 ? corners(a, b, (x, y) => Math.floor(x / y)) : UNKNOWN;
    case "%":
      if (b.low <= 0) return UNKNOWN;
      return { low: 0, high: a.low >= 0 ? Math.min(a.high, b.high - 1) : b.high - 1, known: true };
    case "&": {
      const most = Math.min(a.low >= 0 ? a.high : Infinity, b.low >= 0 ? b.high : Infinity);
      return most === Infinity ? UNKNOWN : { low: 0, high: most, known: true };
    }
    case "|":
    case "^":
      if (!positive) return UNKNOWN;
      return { low: 0, high: 2 ** Math.ceil(Math.log2(Math.max(a.high, b.high) + 1)) - 1, known };
    default:
      return UNKNOWN;
  }
}
