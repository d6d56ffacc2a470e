/**
 * Ranges of bytes as people write them: `--range=START-END`.
 */
import { UsageFailure } from "./exit.ts";
import { parseSize } from "./sizes.ts";

/** Bytes from `start` up to, not including, `end`; `Infinity` for the end of the content. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * Reads `0-100`, `1M-2M`, `100-` and `-100`. `form` names both ends in messages.
 *
 * @throws {UsageFailure} If the text is something else, or the range ends before it starts.
 */
export function parseRange(text: string, name: string, form = "START-END"): ByteRange {
  const match = /^(\w*)-(\w*)$/.exec(text);
  const start = match?.[1] === "" ? 0 : parseSize(match?.[1] ?? "");
  const end = match?.[2] === "" ? Infinity : parseSize(match?.[2] ?? "");
  if (start !== undefined && end !== undefined && start <= end) return { start, end };
  const isReversed = start !== undefined && end !== undefined;
  const [first, last] = form.split("-");
  const fault = isReversed ? `: ${first} is after ${last}` : "";
  throw new UsageFailure(`Option ${name} has the value "${text}", expected ${form}${fault}`);
}

/**
 * A range cut at the end of the content.
 *
 * @throws {RangeError} If it starts after that end.
 */
export function clipRange({ start, end }: ByteRange, size: number): ByteRange {
  if (start > size) throw new RangeError(`Cannot read from byte ${start}: the content has ${size} bytes`);
  return { start, end: Math.min(end, size) };
}
