/**
 * Dividing content into splits.
 */
import { checkInteger, checkKeys } from "@sluice/internal";
import type { IndexModel } from "./_index_model.ts";
import { pointsOf } from "./_index_rows.ts";
import type { Lz4Piece, Lz4Split, Lz4SplitOptions } from "./splits.ts";

const KEYS: ReadonlySet<string> = new Set<keyof Lz4SplitOptions>(["count", "bytes"]);

/**
 * The least content bytes of a split.
 *
 * @throws {TypeError} If an option is not known.
 * @throws {RangeError} If neither or both of `count` and `bytes` are given.
 */
export function splitSize(options: Lz4SplitOptions, outputSize: number): number {
  checkKeys(options, KEYS);
  const { count, bytes } = options;
  if ((count === undefined) === (bytes === undefined)) {
    throw new RangeError('Cannot split the file: exactly one of "count" and "bytes" is expected');
  }
  return bytes === undefined
    ? Math.ceil(outputSize / checkInteger("count", count, 1, 1e9))
    : checkInteger("bytes", bytes, 1, Number.MAX_SAFE_INTEGER);
}

/** What is divided. */
interface Divided {
  readonly model: IndexModel;
  pieces(start: number, end: number): Promise<Lz4Piece[]>;
}

/** Divides content at the borders that `borderOf` finds for the points where a split is large enough. */
export async function* divide(
  index: Divided,
  size: number,
  borderOf: (out: number) => Promise<number>,
): AsyncGenerator<Lz4Split, void, undefined> {
  const { model } = index;
  let [id, start] = [0, 0];
  const split = async (end: number): Promise<Lz4Split> => {
    const decompressedRange = [start, start = end] as const;
    return { id: id++, decompressedRange, pieces: await index.pieces(...decompressedRange) };
  };
  for await (const { decompressedOffset: out } of pointsOf(model)) {
    if (out - start < size || out >= model.outputSize) continue;
    const border = await borderOf(out);
    if (border >= model.outputSize) break;
    yield await split(border);
  }
  if (start < model.outputSize) yield await split(model.outputSize);
}
