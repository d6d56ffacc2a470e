/**
 * What newer runtimes have of their own.
 */

/** All values of an iteration. */
export async function collect<T>(values: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const value of values) all.push(value);
  return all;
}
