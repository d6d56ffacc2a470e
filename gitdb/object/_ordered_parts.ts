/**
 * Cutting ordered bulk reads into parts that fit the limit of bytes in flight.
 */

/**
 * Pairs of the first row of a part and the row after its last, for objects of these sizes. A part has one object at least,
 * whatever its size: no limit holds the reads up.
 */
export function* fittingParts(
  sizes: Float64Array,
  limit: number,
): Generator<readonly [first: number, end: number]> {
  for (let first = 0; first < sizes.length;) {
    let end = first + 1;
    for (let bytes = sizes[first]!; end < sizes.length; end++) {
      bytes += sizes[end]!;
      if (bytes > limit) break;
    }
    yield [first, end];
    first = end;
  }
}
