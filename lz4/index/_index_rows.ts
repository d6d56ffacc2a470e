/**
 * The part of an index that a range of the content needs: the index itself where its points are at hand, else a few pages.
 */
import type { IndexModel, IndexPoint } from "./_index_model.ts";

/** A model with the points that a range needs. */
export async function rowsOf(model: IndexModel, start: number, end: number): Promise<IndexModel> {
  const { pages } = model;
  if (pages === undefined || pages.pageCount === 0) return model;
  return { ...model, ...await pages.rows(start, end), pages: undefined };
}

/** A range of the content in parts, each with a model of its points; one page at a time. */
export async function* partsOf(
  model: IndexModel,
  start: number,
  end: number,
): AsyncGenerator<
  { readonly model: IndexModel; readonly start: number; readonly end: number },
  void,
  undefined
> {
  const { pages } = model;
  if (pages === undefined) return yield { model, start, end };
  for (let page = pages.pageAt(start); page < pages.pageCount && pages.outOf(page) < end; page++) {
    const [from, to] = [Math.max(start, pages.outOf(page)), Math.min(end, pages.outOf(page + 1))];
    if (from < to) yield { model: await rowsOf(model, from, to), start: from, end: to };
  }
}

/** All points in order. */
export async function* pointsOf(model: IndexModel): AsyncGenerator<IndexPoint, void, undefined> {
  const { pages } = model;
  if (pages === undefined) return yield* model.points;
  for (let page = 0; page < pages.pageCount; page++) yield* (await pages.page(page)).points;
}

/** The last of these points at or before a place in the content. */
export function lastPointAt(points: readonly IndexPoint[], out: number): number {
  let [low, high] = [0, points.length];
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (points[middle]!.decompressedOffset <= out) low = middle;
    else high = middle;
  }
  return low;
}
