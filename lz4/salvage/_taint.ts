/**
 * Which bytes of content derive from bytes that were lost: the copies of each block are followed without decoding it.
 */
import { HISTORY_MAX } from "../frame/_format.ts";

const MATCH_MIN = 4;
const LENGTH_MORE = 15;

/** Bytes of a block, end exclusive. */
export type TaintedRange = readonly [number, number];

/** The marks of the last 64 KiB of a linked frame: 1 for a byte that is not known to be right. */
export class Taint {
  #history = new Uint8Array(HISTORY_MAX);
  #clean = true;

  /** Starts a frame, whose history is known. */
  begin(): void {
    this.#history.fill(0);
    this.#clean = true;
  }

  /** Nothing of the history is known any more. */
  lose(): void {
    this.#history.fill(1);
    this.#clean = false;
  }

  /** Follows a block that was decoded to `size` bytes; returns the ranges of its content that derive from lost bytes. */
  follow(data: Uint8Array, stored: boolean, size: number): TaintedRange[] {
    if (this.#clean) return [];
    const marks = new Uint8Array(HISTORY_MAX + size);
    marks.set(this.#history);
    if (!stored) copyMarks(data, marks);
    this.#history = marks.slice(size, size + HISTORY_MAX);
    this.#clean = !this.#history.includes(1);
    return rangesOf(marks);
  }
}

/** Does to the marks what the block's sequences do to its content. Literals come from the file: they are right. */
function copyMarks(data: Uint8Array, marks: Uint8Array): void {
  let pos = 0;
  let out = HISTORY_MAX;
  const length = (first: number): number => {
    let total = first;
    if (first < LENGTH_MORE) return total;
    let byte;
    do total += byte = data[pos++]!; while (byte === 255);
    return total;
  };
  while (pos < data.length) {
    const token = data[pos++]!;
    const literals = length(token >>> 4);
    pos += literals;
    out += literals;
    if (pos >= data.length) break;
    const offset = data[pos]! + 256 * data[pos + 1]!;
    pos += 2;
    const end = out + length(token & 15) + MATCH_MIN;
    for (; out < end; out++) marks[out] = marks[out - offset]!;
  }
}

function rangesOf(marks: Uint8Array): TaintedRange[] {
  const ranges: TaintedRange[] = [];
  for (let at = marks.indexOf(1, HISTORY_MAX); at >= 0;) {
    let end = marks.indexOf(0, at);
    if (end < 0) end = marks.length;
    ranges.push([at - HISTORY_MAX, end - HISTORY_MAX]);
    at = marks.indexOf(1, end);
  }
  return ranges;
}
