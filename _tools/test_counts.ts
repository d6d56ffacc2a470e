/**
 * Counts tests by the closing lines of the commands that ran them. Not a script of its own.
 */

/** How many tests passed and failed. */
export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
}

/** The counts in the last closing line of `deno test`; undefined where there is none. */
export function countDenoTests(output: string): TestCounts | undefined {
  const line = [...output.matchAll(/^(?:ok|FAILED) \| (\d+) passed.*? \| (\d+) failed/gm)].at(-1);
  return line === undefined ? undefined : { passed: Number(line[1]), failed: Number(line[2]) };
}

/** The counts in the summary of `zig build test`; undefined where there is none. */
export function countZigTests(output: string): TestCounts | undefined {
  const line = /(\d+)\/(\d+) tests passed/.exec(output);
  if (line === null) return undefined;
  const passed = Number(line[1]);
  const skipped = Number(/(\d+) skipped/.exec(output)?.[1] ?? 0);
  return { passed, failed: Number(line[2]) - passed - skipped };
}

/** The sum of counts. */
export function sumCounts(counts: readonly TestCounts[]): TestCounts {
  return {
    passed: counts.reduce((sum, { passed }) => sum + passed, 0),
    failed: counts.reduce((sum, { failed }) => sum + failed, 0),
  };
}
