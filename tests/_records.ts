/**
 * Content of records for tests of splits.
 */
import { assert, assertEquals } from "@std/assert";
import { SluiceError } from "@sluice/internal";
import type { SluiceSplitOptions } from "@sluice/internal";
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

/**
 * Checks a plan of lines in a file with one damage: splits follow each other and end after line feeds, and each can be
 * read but for one, which is returned.
 */
export async function checkDamagedSplits<
  Split extends { readonly decompressedRange: readonly [number, number] },
>(
  splits: readonly Split[],
  content: Uint8Array,
  read: (split: Split) => Promise<Uint8Array>,
  label: string,
): Promise<Split> {
  const bad: Split[] = [];
  let at = 0;
  for (const split of splits) {
    const [start, end] = split.decompressedRange;
    assertEquals(start, at, label);
    if (end < content.length) assertEquals(content[end - 1], 10, label);
    try {
      assertEquals(await read(split), content.slice(start, end), label);
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      bad.push(split);
    }
    at = end;
  }
  assertEquals([at, bad.length], [content.length, 1], label);
  return bad[0]!;
}

/** Checks that splits are numbered, follow each other over the whole content, and end where records end. */
export function checkRanges(
  splits: readonly { readonly id: number; readonly decompressedRange: readonly [number, number] }[],
  content: Uint8Array,
  options: SluiceSplitOptions,
  label: string,
): void {
  assertEquals(splits.map(({ id }) => id), splits.map((_, i) => i), label);
  const delimiter = options.atLine ? 10 : options.atDelimiter;
  let at = 0;
  for (const { decompressedRange: [start, end] } of splits) {
    assertEquals(start, at, label);
    assert(end > start, label);
    if (end < content.length && delimiter !== undefined) assertEquals(content[end - 1], delimiter, label);
    at = end;
  }
  assertEquals(at, content.length, label);
}
