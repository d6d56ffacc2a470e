/**
 * Memory stays flat over many small operations and over a stream far larger than memory should see. The short form runs
 * with the other tests; SLUICE_LONG=1 makes it 100,000 operations and 4 GiB.
 */
import { assert, assertEquals } from "@std/assert";
import { BACKENDS } from "./_backends.ts";
import type { ClosedContexts } from "./_closed_contexts.ts";
import type { MemoryReport } from "./_zstd_memory.ts";

const LONG = Deno.env.get("SLUICE_LONG") === "1";
const OPERATIONS = LONG ? 100_000 : 10_000;
const STREAM_SIZE = LONG ? 2 ** 32 : 2 ** 28;
const GROWTH_MAX = 48 << 20;

const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MiB`;

/** What a program of this folder prints. */
async function printed(program: string, ...args: string[]): Promise<unknown> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", new URL(program, import.meta.url).pathname, ...args],
    stderr: "inherit",
  }).output();
  return JSON.parse(new TextDecoder().decode(stdout));
}

Deno.test({
  name: "what many contexts took natively goes back to the system when they are closed",
  ignore: Deno.build.os !== "linux" || !BACKENDS.includes("native"),
  async fn() {
    const { open, closed } = await printed("_closed_contexts.ts", "800", LONG ? "30" : "3") as ClosedContexts;
    console.log(
      `${open.map(mebibytes).join(", ")} while open; ${closed.map(mebibytes).join(", ")} when closed`,
    );
    assert(Math.min(...open) > 2 ** 29, "too little was open");
    for (const rss of closed) assert(rss < open[0]! / 2, mebibytes(rss));
    assert(Math.max(...open) < open[0]! * 1.25, "each round takes more");
  },
});

for (const backend of BACKENDS) {
  Deno.test(`memory stays flat over many operations and a long stream [${backend}]`, async () => {
    const report = await printed(
      "_zstd_memory.ts",
      backend,
      `${OPERATIONS}`,
      `${STREAM_SIZE}`,
    ) as MemoryReport;
    const { before, after, shortPeak, longPeak, streamed } = report;
    console.log(
      `${backend}: ${mebibytes(before)} before, ${mebibytes(after)} after ${OPERATIONS} round trips`,
    );
    console.log(
      `${backend}: at most ${mebibytes(shortPeak)} over 128 MiB, ${mebibytes(longPeak)} over ${
        mebibytes(streamed)
      }`,
    );
    assertEquals(streamed, STREAM_SIZE);
    assert(after - before < GROWTH_MAX);
    assert(longPeak - shortPeak < GROWTH_MAX);
  });
}
