/**
 * Dividing files into blocks that are compressed apart.
 *
 * @module
 */
import {
  checkArgument,
  checkKeys,
  isAnyIterable,
  openByteSource,
  recordEnd,
  resolveSplitOptions,
  splitSourceOf,
} from "@sluice/internal";
import type { ByteSource } from "@sluice/internal";
import type { ZpaqBlockPart, ZpaqBlockPlan, ZpaqBlockPlanOptions, ZpaqPlanFile } from "./block_plan.ts";

const KEYS: ReadonlySet<string> = new Set<keyof ZpaqBlockPlanOptions>([
  "splitSize",
  "atLine",
  "atDelimiter",
  "signal",
]);

/**
 * Divides a set of files into blocks for many machines. Files are taken in their order; small ones share a block, large
 * ones are cut. A block has up to `splitSize` bytes. With `atLine` or `atDelimiter` a file is cut after records only, so
 * that a block may be longer by the rest of a record: every record is in exactly one block, and nothing but the content
 * around cuts is read. An empty file is a part of no bytes; no files have no blocks.
 *
 * @throws {TypeError} If an option has the wrong type or is not known, or the files are no iterable.
 * @throws {RangeError} If an option is out of range, or two exclude each other.
 *
 * @example Two files in two blocks
 * ```ts
 * import { planZpaqBlocks } from "@sluice/zpaq";
 * import { assertEquals } from "@std/assert";
 *
 * const files = [{ name: "a", source: new Uint8Array(70) }, { name: "b", source: new Uint8Array(50) }];
 * const blocks = await Array.fromAsync(planZpaqBlocks(files, { splitSize: 100 }));
 * const parts = blocks.map((block) => block.parts.map(({ name, range }) => [name, ...range]));
 * assertEquals(parts, [[["a", 0, 70], ["b", 0, 30]], [["b", 30, 50]]]);
 * ```
 */
export async function* planZpaqBlocks(
  files: Iterable<ZpaqPlanFile> | AsyncIterable<ZpaqPlanFile>,
  options: ZpaqBlockPlanOptions = {},
): AsyncGenerator<ZpaqBlockPlan, void, undefined> {
  checkKeys(options, KEYS);
  checkArgument(isAnyIterable(files), "plan blocks", files, "a list of files");
  const { size, delimiter, signal } = resolveSplitOptions(options, 0);
  let id = 0;
  let parts: ZpaqBlockPart[] = [];
  let filled = 0;
  const block = (): ZpaqBlockPlan => {
    const full: ZpaqBlockPlan = { format: "zpaq-block", version: 1, id: id++, size: filled, parts };
    parts = [];
    filled = 0;
    return full;
  };
  for await (const { name, source: data } of files) {
    signal?.throwIfAborted();
    const source = await openByteSource(data, { signal });
    let start = 0;
    do {
      const end = await cutOf(source, start, size - filled, delimiter);
      parts.push({ name, source: splitSourceOf(source), range: [start, end] });
      filled += end - start;
      start = end;
      if (filled >= size) yield block();
    } while (start < source.size);
  }
  if (parts.length > 0) yield block();
}

/** Where the part of a file ends that starts at `start` and has room for so many bytes, one at least. */
async function cutOf(
  source: ByteSource,
  start: number,
  room: number,
  delimiter: number | undefined,
): Promise<number> {
  const end = start + room;
  if (end >= source.size) return source.size;
  if (delimiter === undefined) return end;
  const read = (offset: number, length: number): Promise<Uint8Array> => source.read(offset, length);
  return await recordEnd(read, source.size, end, delimiter) ?? source.size;
}
