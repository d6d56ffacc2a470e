/**
 * Memory stays flat over many small operations and over a stream far larger than memory should see. The short form runs
 * with the other tests; SLUICE_LONG=1 makes it 100,000 operations and 4 GiB.
 */
import { assert, assertEquals } from "@std/assert";
import { BACKENDS } from "./_backends.ts";
import type { MemoryReport } from "./_zstd_memory.ts";

const LONG = Deno.env.get("SLUICE_LONG") === "1";
const OPERATIONS = LONG ? 100_000 : 10_000;
const STREAM_SIZE = LONG ? 2 ** 32 : 2 ** 28;
const GROWTH_MAX = 48 << 20;

const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MiB`;

for (const backend of BACKENDS) {
  Deno.test(`memory stays flat over many operations and a long stream [${backend}]`, async () => {
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "-A",
        new URL("_zstd_memory.ts", import.meta.url).pathname,
        backend,
        `${OPERATIONS}`,
        `${STREAM_SIZE}`,
      ],
      stderr: "inherit",
    }).output();
    const report = JSON.parse(new TextDecoder().decode(stdout)) as MemoryReport;
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
