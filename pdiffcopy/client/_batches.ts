/**
 * Lists in groups that travel together.
 */

/** Groups of at most `countMax` items that have at most `sizeMax` together, unless one alone has more. */
export function* batchesOf<T>(
  items: readonly T[],
  { countMax, sizeMax, sizeOf }: {
    readonly countMax: number;
    readonly sizeMax: number;
    readonly sizeOf: (item: T) => number;
  },
): Generator<T[]> {
  let batch: T[] = [];
  let size = 0;
  for (const item of items) {
    const more = sizeOf(item);
    if (batch.length > 0 && (batch.length === countMax || size + more > sizeMax)) {
      yield batch;
      [batch, size] = [[], 0];
    }
    batch.push(item);
    size += more;
  }
  if (batch.length > 0) yield batch;
}
