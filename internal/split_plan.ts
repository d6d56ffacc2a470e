/**
 * Plans that divide content into splits for many machines, whatever the format: sizes, record borders, and whether a
 * split still belongs to its source.
 *
 * @module
 */
import type { ByteSource } from "./byte_source.ts";
import { describe } from "./bytes.ts";
import type { SluiceErrorCode } from "./error_codes.ts";
import {
  ChecksumMismatchError,
  CorruptDataError,
  DictionaryMismatchError,
  LimitExceededError,
  SluiceError,
  TransferError,
  TruncatedDataError,
  UnsupportedFeatureError,
} from "./errors.ts";
import type { SluiceErrorOptions } from "./errors.ts";
import { checkBoolean, checkInteger, checkKeys } from "./options.ts";
import { checkSignal } from "./stream_options.ts";

/** How content is divided into splits. */
export interface SluiceSplitOptions {
  /** Content bytes of a split, at least, but for the last and for the rest of a record at its start. @default {67108864} */
  readonly splitSize?: number | undefined;
  /** How many splits at most, in place of `splitSize`. */
  readonly count?: number | undefined;
  /** Splits end after a line feed, so that every line is in one split. @default {false} */
  readonly atLine?: boolean | undefined;
  /** Splits end after this byte, from 0 to 255, in place of a line feed. */
  readonly atDelimiter?: number | undefined;
  /** How many borders between records are looked for at the same time, 1 to 256. @default {16} */
  readonly concurrency?: number | undefined;
  /** Gives the planning up. */
  readonly signal?: AbortSignal | undefined;
}

/** Which source a split was planned for. */
export interface SluiceSplitSource {
  /** Bytes of the source. */
  readonly size: number;
  /** What tells its version from others, such as an ETag; absent where the source has none. */
  readonly validator?: string | undefined;
}

/** Damage that a planner met while it looked for the end of a record. */
export interface SluiceSplitFault {
  /** The code of the error. */
  readonly code: SluiceErrorCode;
  /** Where in the file, in bytes; absent where that is not known. */
  readonly offset?: number | undefined;
  /** The message of the error. */
  readonly message: string;
}

/** Options of a plan, checked. */
export interface SplitSettings {
  /** Content bytes of a split, at least. */
  readonly size: number;
  /** The byte that ends a record; undefined where splits end anywhere. */
  readonly delimiter: number | undefined;
  /** Borders that are looked for at the same time. */
  readonly concurrency: number;
  /** Gives the planning up. */
  readonly signal: AbortSignal | undefined;
}

const SPLIT_OPTIONS: readonly (keyof SluiceSplitOptions)[] = [
  "splitSize",
  "count",
  "atLine",
  "atDelimiter",
  "concurrency",
  "signal",
];

const SPLIT_SIZE_DEFAULT = 64 << 20;
const MAX_SPLIT_SIZE_DEFAULT = 1 << 30;
const COUNT_MAX = 1e9;
const CONCURRENCY_DEFAULT = 16;
const CONCURRENCY_MAX = 256;
const LINE_FEED = 10;
/** How much is read at a time to find the end of a record. */
const RECORD_READ_SIZE = 64 << 10;

/**
 * Checks the options of a plan.
 *
 * @throws {TypeError} If an option has the wrong type.
 * @throws {RangeError} If an option is out of range, or two exclude each other.
 *
 * @example A number of splits
 * ```ts
 * import { resolveSplitOptions } from "@sluice/internal";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(resolveSplitOptions({ count: 3 }, 1000).size, 334);
 * ```
 */
export function resolveSplitOptions(options: SluiceSplitOptions, contentSize: number): SplitSettings {
  const { splitSize, count, atLine = false, atDelimiter, signal } = options;
  if (splitSize !== undefined && count !== undefined) {
    throw new RangeError('Cannot plan splits: at most one of "splitSize" and "count" is expected');
  }
  if (checkBoolean("atLine", atLine) && atDelimiter !== undefined) {
    throw new RangeError('Cannot plan splits: at most one of "atLine" and "atDelimiter" is expected');
  }
  const delimiter = atLine
    ? LINE_FEED
    : atDelimiter === undefined
    ? undefined
    : checkInteger("atDelimiter", atDelimiter, 0, 255);
  const size = count === undefined
    ? checkInteger("splitSize", splitSize ?? SPLIT_SIZE_DEFAULT, 1, Number.MAX_SAFE_INTEGER)
    : Math.max(1, Math.ceil(contentSize / checkInteger("count", count, 1, COUNT_MAX)));
  const concurrency = checkInteger(
    "concurrency",
    options.concurrency ?? CONCURRENCY_DEFAULT,
    1,
    CONCURRENCY_MAX,
  );
  return { size, delimiter, concurrency, signal: checkSignal(signal) };
}

/** A range of the content; with the first damage in it that a search for borders met. */
export type PlannedRange = readonly [start: number, end: number, fault?: SluiceSplitFault];

/** Where a range ends; undefined where no record does. */
interface Border {
  readonly end: number | undefined;
  /** The first damage before the border, where the search met any. */
  readonly fault: SluiceSplitFault | undefined;
}

/**
 * Divides content at places where decoding can start, `settings.size` bytes or more apart. With a delimiter a range ends
 * after the first one at or after such a place, several of which are looked for at the same time; where there is none
 * before the next such place, the range goes on. Damaged content holds no border: it stays in the range that comes before
 * the first record end after it, and that range says so.
 *
 * @param points Places where decoding can start, in order.
 * @param contentSize Bytes of the content.
 * @param settings What `resolveSplitOptions` returned.
 * @param read Reads content: called around the borders only, and only where there is a delimiter.
 *
 * @example Records of different lengths
 * ```ts
 * import { divideContent, resolveSplitOptions } from "@sluice/internal";
 * import { assertEquals } from "@std/assert";
 *
 * const text = new TextEncoder().encode("one\ntwo\nthree\n");
 * const settings = resolveSplitOptions({ splitSize: 5, atLine: true }, text.length);
 * const read = (offset: number, length: number) => Promise.resolve(text.subarray(offset, offset + length));
 * const ranges = await Array.fromAsync(divideContent([0, 2, 4, 6, 8, 10], text.length, settings, read));
 * assertEquals(ranges, [[0, 8], [8, 14]]);
 * ```
 */
export async function* divideContent(
  points: Iterable<number> | AsyncIterable<number>,
  contentSize: number,
  settings: SplitSettings,
  read: (offset: number, length: number) => Promise<Uint8Array>,
): AsyncGenerator<PlannedRange, void, undefined> {
  let start = 0;
  let fault: SluiceSplitFault | undefined;
  for await (const border of bordersOf(points, contentSize, settings, read)) {
    fault ??= border.fault;
    if (border.end === undefined || border.end >= contentSize) continue;
    yield rangeOf(start, border.end, fault);
    start = border.end;
    fault = undefined;
  }
  if (start < contentSize) yield rangeOf(start, contentSize, fault);
}

function rangeOf(start: number, end: number, fault: SluiceSplitFault | undefined): PlannedRange {
  return fault === undefined ? [start, end] : [start, end, fault];
}

/** Borders in their order; several are looked for at the same time. */
async function* bordersOf(
  points: Iterable<number> | AsyncIterable<number>,
  contentSize: number,
  { size, delimiter, concurrency, signal }: SplitSettings,
  read: (offset: number, length: number) => Promise<Uint8Array>,
): AsyncGenerator<Border, void, undefined> {
  const borders: Promise<Border>[] = [];
  signal?.throwIfAborted();
  try {
    for await (const [starts, searchEnd] of placesOf(points, contentSize, size)) {
      signal?.throwIfAborted();
      const border = delimiter === undefined
        ? Promise.resolve({ end: starts[0], fault: undefined })
        : findBorder(read, starts, searchEnd, delimiter);
      border.catch(() => {}); // thrown when its turn comes
      borders.push(border);
      if (borders.length >= concurrency) yield await borders.shift()!;
    }
    while (borders.length > 0) yield await borders.shift()!;
  } finally {
    await Promise.allSettled(borders); // a plan that is given up leaves nothing under way
  }
}

/**
 * Points that are far enough apart, each with those that follow it and where the search for its border ends: before that
 * for the next one's.
 */
async function* placesOf(
  points: Iterable<number> | AsyncIterable<number>,
  contentSize: number,
  size: number,
): AsyncGenerator<readonly [starts: readonly number[], searchEnd: number], void, undefined> {
  let starts: number[] = [];
  for await (const point of points) {
    if (point >= contentSize) continue;
    if (point - (starts[0] ?? 0) < size) {
      if (starts.length > 0) starts.push(point);
      continue;
    }
    if (starts.length > 0) yield [starts, point - 1];
    starts = [point];
  }
  if (starts.length > 0) yield [starts, contentSize];
}

/**
 * The first border at or after `starts[0]`. Where content is damaged each part between two starts is searched by itself,
 * and a part that can't be decoded is passed over.
 */
async function findBorder(
  read: (offset: number, length: number) => Promise<Uint8Array>,
  starts: readonly number[],
  searchEnd: number,
  delimiter: number,
): Promise<Border> {
  const place = starts[0]!;
  try {
    return { end: await recordEnd(read, searchEnd, place, delimiter), fault: undefined };
  } catch (error) {
    if (!isDamage(error)) throw error;
  }
  let fault: SluiceSplitFault | undefined;
  let from = place - 1;
  for (const to of [...starts, searchEnd]) {
    try {
      const end = await recordEnd(read, to, from + 1, delimiter);
      if (end !== undefined) return { end, fault };
    } catch (error) {
      if (!isDamage(error)) throw error;
      fault ??= faultOf(error);
    }
    from = to;
  }
  return { end: undefined, fault };
}

/** Whether an error says that content is damaged, and not that it can't be read now or by these options. */
function isDamage(error: unknown): error is SluiceError {
  return error instanceof CorruptDataError || error instanceof TruncatedDataError ||
    error instanceof ChecksumMismatchError;
}

function faultOf({ code, offset, message }: SluiceError): SluiceSplitFault {
  return offset === undefined ? { code, message } : { code, offset, message };
}

/**
 * Where the record ends that holds the byte before `offset`: after the first delimiter from there on; undefined where
 * there is none before `searchEnd`.
 *
 * @example The end of a line
 * ```ts
 * import { recordEnd } from "@sluice/internal";
 * import { assertEquals } from "@std/assert";
 *
 * const text = new TextEncoder().encode("one\ntwo\n");
 * const read = (offset: number, length: number) => Promise.resolve(text.subarray(offset, offset + length));
 * assertEquals(await recordEnd(read, 8, 2, 10), 4);
 * assertEquals(await recordEnd(read, 8, 4, 10), 4);
 * assertEquals(await recordEnd(read, 7, 5, 10), undefined);
 * ```
 */
export async function recordEnd(
  read: (offset: number, length: number) => Promise<Uint8Array>,
  searchEnd: number,
  offset: number,
  delimiter: number,
): Promise<number | undefined> {
  for (let at = Math.max(0, offset - 1); at < searchEnd; at += RECORD_READ_SIZE) {
    const bytes = await read(at, Math.min(RECORD_READ_SIZE, searchEnd - at));
    const found = bytes.indexOf(delimiter);
    if (found >= 0) return at + found + 1;
  }
  return undefined;
}

/**
 * What a plan records of its source.
 *
 * @example Bytes have a size and no version
 * ```ts
 * import { byteSourceFromBytes, splitSourceOf } from "@sluice/internal";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(splitSourceOf(byteSourceFromBytes(new Uint8Array(3))), { size: 3 });
 * ```
 */
export function splitSourceOf({ size, validator }: ByteSource): SluiceSplitSource {
  return validator === undefined ? { size } : { size, validator };
}

/**
 * Checks that a source is the one that a split was planned for, by its size and, where both have one, its validator.
 *
 * @throws {TransferError} With code "SOURCE_CHANGED" if it is another one.
 *
 * @example A file that grew
 * ```ts
 * import { byteSourceFromBytes, checkSplitSource, TransferError } from "@sluice/internal";
 * import { assertThrows } from "@std/assert";
 *
 * const source = byteSourceFromBytes(new Uint8Array(4));
 * assertThrows(() => checkSplitSource("zstd", source, { size: 3 }), TransferError, "has 4 bytes");
 * ```
 */
export function checkSplitSource(format: string, source: ByteSource, planned: SluiceSplitSource): void {
  const { size, validator } = source;
  const otherVersion = planned.validator !== undefined && validator !== undefined &&
    planned.validator !== validator;
  if (size === planned.size && !otherVersion) return;
  const found = size === planned.size ? `is version ${validator}` : `has ${size} bytes`;
  const expected = size === planned.size ? `version ${planned.validator}` : `${planned.size} bytes`;
  throw new TransferError(
    `Cannot read a split: the source changed after the plan was made: it ${found}, expected ${expected}`,
    { format, code: "SOURCE_CHANGED" },
  );
}

/**
 * Checks the option that limits what a split may take in memory, in bytes.
 *
 * @throws {TypeError} If it is no number.
 * @throws {RangeError} If it is out of range.
 *
 * @example Without one
 * ```ts
 * import { splitSizeLimit } from "@sluice/internal";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(splitSizeLimit(undefined), 1 << 30);
 * ```
 */
export function splitSizeLimit(maxSplitSize: number | undefined): number {
  return checkInteger("maxSplitSize", maxSplitSize ?? MAX_SPLIT_SIZE_DEFAULT, 1, Number.MAX_SAFE_INTEGER);
}

/**
 * Checks that a split, or a piece of one that starts at `offset` of the file, is not larger than the limit.
 *
 * @throws {LimitExceededError} If it is larger.
 *
 * @example A large split
 * ```ts
 * import { checkSplitSize, LimitExceededError } from "@sluice/internal";
 * import { assertThrows } from "@std/assert";
 *
 * assertThrows(() => checkSplitSize("zstd", 3, 0, 11, 10), LimitExceededError, "11 bytes, expected at most 10");
 * ```
 */
export function checkSplitSize(
  format: string,
  id: number,
  offset: number,
  actual: number,
  limit: number,
): void {
  if (actual <= limit) return;
  throw new LimitExceededError(
    `Cannot read split ${id} at byte ${offset}: it has ${actual} bytes, expected at most ${limit}`,
    { format, code: "OUTPUT_LIMIT", offset, limit, actual, unit: "bytes" },
  );
}

/**
 * Reads the fields of a split that came as JSON; every fault names the field.
 *
 * @example A split of another version
 * ```ts
 * import { SplitReader, UnsupportedFeatureError } from "@sluice/internal";
 * import { assertThrows } from "@std/assert";
 *
 * const split = { format: "zstd-split", version: 2 };
 * assertThrows(() => new SplitReader("zstd", "zstd-split", 1, split), UnsupportedFeatureError, "version 2");
 * ```
 */
export class SplitReader {
  readonly #format: string;
  readonly #fields: Readonly<Record<string, unknown>>;
  readonly #label: string;

  /**
   * Checks that a value is a split of this kind and version.
   *
   * @throws {CorruptDataError} With code "SPLIT_INVALID" if it is none.
   * @throws {UnsupportedFeatureError} With code "SPLIT_VERSION" if it has another version.
   */
  constructor(format: string, kind: string, version: number, value: unknown) {
    this.#format = format;
    this.#label = `the ${format} split`;
    this.#fields = typeof value === "object" && value !== null ? value as Record<string, unknown> : {};
    if (this.#fields.format !== kind) {
      throw this.invalid("format", `is ${show(this.#fields.format)}, expected "${kind}"`);
    }
    if (this.#fields.version === version) return;
    throw new UnsupportedFeatureError(
      `Cannot read ${this.#label}: it has version ${show(this.#fields.version)}, expected ${version}`,
      { format, code: "SPLIT_VERSION" },
    );
  }

  /** The error for a field that does not fit. */
  invalid(field: string, fact: string): CorruptDataError {
    return new CorruptDataError(`Cannot read ${this.#label}: field "${field}" ${fact}`, {
      format: this.#format,
      code: "SPLIT_INVALID",
    });
  }

  /** An integer of 0 or more, up to `max`. */
  integer(
    field: string,
    value: unknown = this.#fields[field],
    max: number = Number.MAX_SAFE_INTEGER,
  ): number {
    if (Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= max) {
      return value as number;
    }
    throw this.invalid(field, `is ${show(value)}, expected an integer from 0 to ${max}`);
  }

  /** Two integers in order, the second at most `max`. */
  range(
    field: string,
    value: unknown = this.#fields[field],
    max: number = Number.MAX_SAFE_INTEGER,
  ): readonly [start: number, end: number] {
    if (!Array.isArray(value) || value.length !== 2) {
      throw this.invalid(field, `is ${show(value)}, expected two integers`);
    }
    const end = this.integer(field, value[1], max);
    return [this.integer(field, value[0], end), end];
  }

  /** A list. */
  list(field: string, value: unknown = this.#fields[field]): readonly unknown[] {
    if (Array.isArray(value)) return value;
    throw this.invalid(field, `is ${show(value)}, expected a list`);
  }

  /** A text. */
  text(field: string, value: unknown = this.#fields[field]): string {
    if (typeof value === "string") return value;
    throw this.invalid(field, `is ${show(value)}, expected a text`);
  }

  /** An object. */
  object(field: string, value: unknown = this.#fields[field]): Readonly<Record<string, unknown>> {
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return value as Record<string, unknown>;
    }
    throw this.invalid(field, `is ${show(value)}, expected an object`);
  }

  /** The source that the split was planned for. */
  source(field = "source", value: unknown = this.#fields[field]): SluiceSplitSource {
    const { size, validator } = this.object(field, value);
    const checked = this.integer(`${field}.size`, size);
    return validator === undefined
      ? { size: checked }
      : { size: checked, validator: this.text(`${field}.validator`, validator) };
  }
}

function show(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? JSON.stringify(value) : describe(value);
}

/**
 * The error that a part of a source gave, as one of the whole source: its offset counts from the start of that.
 *
 * @example A fault 5 bytes into a part that starts at byte 100
 * ```ts
 * import { CorruptDataError, errorOfPart } from "@sluice/internal";
 * import { assertEquals } from "@std/assert";
 *
 * const fault = new CorruptDataError("block is corrupt", { format: "zstd", code: "CORRUPT", offset: 5 });
 * const error = errorOfPart(fault, "Cannot read split 3", 100) as CorruptDataError;
 * assertEquals([error.offset, error.code], [105, "CORRUPT"]);
 * ```
 */
export function errorOfPart(error: unknown, what: string, start: number): unknown {
  if (!(error instanceof SluiceError)) return error;
  const { format, code, errno } = error;
  const facts = { format, code, errno, cause: error, offset: Math.max(0, start + (error.offset ?? 0)) };
  const message = `${what} at byte ${facts.offset}: ${error.message}`;
  if (error instanceof LimitExceededError) {
    const { limit, actual, unit } = error;
    return new LimitExceededError(message, { ...facts, limit, actual, unit });
  }
  if (error instanceof DictionaryMismatchError) {
    return new DictionaryMismatchError(message, { ...facts, expectedId: error.expectedId });
  }
  const Same = error.constructor as new (message: string, options: SluiceErrorOptions) => SluiceError;
  return new Same(message, facts);
}

/**
 * Checks the options of a planner: those of every plan and its own.
 *
 * @throws {TypeError} If an option is not known.
 *
 * @example A misspelt option
 * ```ts
 * import { checkSplitKeys } from "@sluice/internal";
 * import { assertThrows } from "@std/assert";
 *
 * assertThrows(() => checkSplitKeys({ atLines: true }, []), TypeError, '"atLines" is not known');
 * ```
 */
export function checkSplitKeys(options: object, more: readonly string[]): void {
  checkKeys(options, new Set([...SPLIT_OPTIONS, ...more]));
}
