/**
 * Opens many contexts at the same time and closes them, for some rounds. Prints the resident memory of this process as
 * JSON: while they were open and after they were closed, for each round.
 *
 * Usage: `deno run -A tests/_closed_contexts.ts COUNT ROUNDS`.
 */
import { ZstdEncoder } from "@sluice/zstd";
import { Random } from "./_data.ts";

/** What the program prints, in bytes. */
export interface ClosedContexts {
  readonly open: readonly number[];
  readonly closed: readonly number[];
}

if (import.meta.main) {
  const [count, rounds] = Deno.args.map(Number) as [number, number];
  const content = new Random(1).bytes(5000);
  const open: number[] = [];
  const closed: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const encoders = Array.from({ length: count }, () => new ZstdEncoder({ backend: "native" }));
    for (const encoder of encoders) {
      encoder.push(content);
      encoder.flush();
    }
    open.push(Deno.memoryUsage().rss);
    for (const encoder of encoders) encoder.close();
    closed.push(Deno.memoryUsage().rss);
  }
  console.log(JSON.stringify({ open, closed } satisfies ClosedContexts));
}
