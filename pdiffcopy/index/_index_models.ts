/**
 * The model of a public index, for private files.
 */
import type { IndexModel } from "./_index_format.ts";

const models = new WeakMap<object, IndexModel>();

/** Remembers what an index says. */
export function keepModel(index: object, model: IndexModel): void {
  models.set(index, model);
}

/** What an index says. */
export function modelOf(index: object): IndexModel {
  return models.get(index)!;
}
