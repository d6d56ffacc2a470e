/**
 * Cutting a sequence of ids into windows.
 */
import { checkArgument, isAnyIterable } from "@sluice/internal";
import type { GitIdLike } from "./_object_id.ts";
import type { GitBulkSettings } from "./_options.ts";
import type { GitBulkOptions } from "./object.ts";

/** Ids that are looked at together, and how. */
export interface IdWindow {
  readonly ids: readonly GitIdLike[];
  /** The number of the first of them. */
  readonly start: number;
  readonly settings: GitBulkSettings;
  readonly options: GitBulkOptions;
}

/** Arrays of at most `size` values. */
export async function* windowsOf<T>(
  values: Iterable<T> | AsyncIterable<T>,
  size: number,
): AsyncGenerator<readonly T[]> {
  if (Array.isArray(values)) {
    for (let at = 0; at < values.length; at += size) yield values.slice(at, at + size);
    return;
  }
  let window: T[] = [];
  checkArgument(isAnyIterable(values), "look at objects", values, "an iterable");
  if (Symbol.iterator in values) {
    for (const value of values) {
      window.push(value);
      if (window.length === size) {
        yield window;
        window = [];
      }
    }
  } else {
    for await (const value of values) {
      window.push(value);
      if (window.length === size) {
        yield window;
        window = [];
      }
    }
  }
  if (window.length > 0) yield window;
}

export type { GitIdLike };
