/**
 * Checks on the plain option objects that every entry point takes.
 *
 * @module
 */
import { checkKind } from "./_option_types.ts";
import { describe } from "./bytes.ts";

/**
 * Refuses options that nobody reads, so that a misspelt name does not pass in silence, and values of another kind than
 * options of their name have in every module.
 *
 * @throws {TypeError} If `options` is no object, has a key that is not in `known`, or a value of another kind.
 * @throws {RangeError} If a value is NaN, or none of the texts that options of its name take.
 *
 * @example A misspelt option
 * ```ts
 * import { checkKeys } from "@sluice/internal";
 * import { assertThrows } from "@std/assert";
 *
 * assertThrows(() => checkKeys({ levle: 3 }, new Set(["level"])), TypeError, '"levle" is not known');
 * ```
 */
export function checkKeys(options: object, known: ReadonlySet<string>): void {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`Cannot read options: the value is ${describe(options)}, expected an object`);
  }
  for (const key of Object.keys(options)) {
    if (!known.has(key)) {
      throw new TypeError(
        `Cannot read options: "${key}" is not known, expected one of ${[...known].join(", ")}`,
      );
    }
    checkKind(key, (options as Record<string, unknown>)[key]);
  }
}

/**
 * Checks an integer option.
 *
 * @throws {TypeError} If it is no number.
 * @throws {RangeError} If it is no integer or out of bounds.
 *
 * @example Out of range
 * ```ts
 * import { checkInteger } from "@sluice/internal";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * assertEquals(checkInteger("level", 3, 1, 22), 3);
 * assertThrows(() => checkInteger("level", 23, 1, 22), RangeError);
 * ```
 */
export function checkInteger(name: string, value: unknown, min: number, max: number): number {
  if (typeof value !== "number") {
    throw new TypeError(`Cannot use option "${name}": it is ${describe(value)}, expected a number`);
  }
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new RangeError(
      `Cannot use option "${name}": it is ${value}, expected an integer from ${min} to ${max}`,
    );
  }
  return value + 0; // minus zero is no integer to the native library
}

/**
 * Checks a size limit in bytes, where `Infinity` lifts the limit.
 *
 * @throws {TypeError} If it is no number.
 * @throws {RangeError} If it is negative or no integer.
 *
 * @example No limit
 * ```ts
 * import { checkLimit } from "@sluice/internal";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * assertEquals(checkLimit("maxOutputSize", Infinity), Infinity);
 * assertThrows(() => checkLimit("maxOutputSize", -1), RangeError);
 * ```
 */
export function checkLimit(name: string, value: unknown): number {
  return value === Infinity ? Infinity : checkInteger(name, value, 0, Number.MAX_SAFE_INTEGER);
}

/**
 * What the native library takes for a limit in bytes: 0 for none, so that a limit of 0 is one that nothing fits in.
 *
 * @example No limit, and none to spare
 * ```ts
 * import { memoryLimit } from "@sluice/internal";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals([Infinity, 0, 1000].map(memoryLimit), [0, 1, 1000]);
 * ```
 */
export function memoryLimit(maxMemory: number): number {
  return maxMemory === Infinity ? 0 : Math.max(maxMemory, 1);
}

/**
 * Checks a yes-or-no option.
 *
 * @throws {TypeError} If it is no boolean.
 *
 * @example A string is no boolean
 * ```ts
 * import { checkBoolean } from "@sluice/internal";
 * import { assertThrows } from "@std/assert";
 *
 * assertThrows(() => checkBoolean("checksum", "yes"), TypeError);
 * ```
 */
export function checkBoolean(name: string, value: unknown): boolean {
  if (typeof value !== "boolean") {
    throw new TypeError(`Cannot use option "${name}": it is ${describe(value)}, expected a boolean`);
  }
  return value;
}

/**
 * Checks an option that is one of a few names.
 *
 * @throws {RangeError} If it is none of them.
 *
 * @example A name that is not there
 * ```ts
 * import { checkChoice } from "@sluice/internal";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * assertEquals(checkChoice("frames", "all", ["all", "first"]), "all");
 * assertThrows(() => checkChoice("frames", "last", ["all", "first"]), RangeError);
 * ```
 */
export function checkChoice<const T extends string>(name: string, value: unknown, choices: readonly T[]): T {
  if (!choices.includes(value as T)) {
    throw new RangeError(
      `Cannot use option "${name}": it is ${String(value)}, expected one of ${choices.join(", ")}`,
    );
  }
  return value as T;
}

/**
 * Checks an argument that callers without types may get wrong.
 *
 * @throws {TypeError} If it does not fit, with what was expected.
 *
 * @example A number in place of a path
 * ```ts
 * import { checkArgument } from "@sluice/internal";
 * import { assertThrows } from "@std/assert";
 *
 * const path: unknown = 42;
 * assertThrows(() => checkArgument(typeof path === "string", "open a file", path, "a path"), TypeError, "expected a path");
 * ```
 */
export function checkArgument(fits: boolean, action: string, value: unknown, expected: string): void {
  if (!fits) {
    throw new TypeError(`Cannot ${action}: the argument is ${describe(value)}, expected ${expected}`);
  }
}

/**
 * Checks an argument that is a number, as offsets and positions are; its range is the caller's to check.
 *
 * @throws {TypeError} If it is no number.
 *
 * @example A text is no offset
 * ```ts
 * import { checkNumber } from "@sluice/internal";
 * import { assertThrows } from "@std/assert";
 *
 * assertThrows(() => checkNumber("offset", "7"), TypeError, "offset is a string");
 * ```
 */
export function checkNumber(name: string, value: unknown): number {
  if (typeof value === "number") return value;
  throw new TypeError(`Cannot use arguments: ${name} is ${describe(value)}, expected a number`);
}

/**
 * Whether a value can be iterated, with or without waiting. A text is none: its characters are never what is meant.
 *
 * @example Lists and numbers
 * ```ts
 * import { isAnyIterable } from "@sluice/internal";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals([isAnyIterable([1]), isAnyIterable(new ReadableStream()), isAnyIterable(1)], [true, true, false]);
 * ```
 */
export function isAnyIterable(value: unknown): value is Iterable<unknown> | AsyncIterable<unknown> {
  return typeof value === "object" && value !== null &&
    (Symbol.iterator in value || Symbol.asyncIterator in value);
}
