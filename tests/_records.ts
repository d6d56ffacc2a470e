/**
 * Content of records for tests of splits.
 */
import { join, Random } from "./_data.ts";

/** Delimiters, and what follows the last one. */
export const DELIMITERS: readonly (readonly [delimiter: number, rest: string])[] = [
  [10, ""],
  [10, "no end"],
  [0, ""],
  [255, "x"],
];

/** Sizes of splits: less than a record, between, many records, and few splits. */
export const SPLIT_SIZES: readonly { readonly splitSize?: number; readonly count?: number }[] = [
  { splitSize: 1 },
  { splitSize: 100_000 },
  { splitSize: 300_000 },
  { count: 3 },
  { count: 1 },
];

/** Records of all lengths, some of which are larger than a split, and a rest without an end. */
export function records(delimiter: number, rest: string): Uint8Array<ArrayBuffer> {
  const random = new Random(11);
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for (let i = 0; i < 9000; i++) {
    const length = i % 3000 === 2999 ? 200_000 : random.below(200);
    const record = new Uint8Array(length + 1).map((_, at) => 32 + (at * 7 + i) % 90);
    record[length] = delimiter;
    parts.push(record);
  }
  return join(...parts, new TextEncoder().encode(rest));
}
