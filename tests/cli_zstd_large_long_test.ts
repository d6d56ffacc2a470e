/**
 * Large files through `sluice zstd` both ways, and the memory that takes: 4 GiB with SLUICE_LONG=1, else 256 MiB.
 */
import { assert, assertEquals } from "@std/assert";
import { peakMegabytes, testCli } from "./_cli.ts";
import { Random } from "./_data.ts";

const SIZE = Deno.env.get("SLUICE_LONG") === "1" ? 2 ** 32 : 2 ** 28;
/** Content between the holes. */
const ISLAND = new Random(11).bytes(1 << 20);
const ISLAND_COUNT = 16;
const PEAK_MAX_MEGABYTES = 100;

/** Ways to compress, and the windows they use in megabytes. */
const RUNS: readonly { args: string[]; window: number }[] = [
  { args: ["-q"], window: 2 },
  { args: ["-q", "-9"], window: 4 },
  { args: ["-q", "-9", "--single-thread"], window: 4 },
  { args: ["-q", "--backend=wasm", "-1"], window: 1 },
];

for (const { args, window } of RUNS) {
  testCli(`${args.join(" ")} moves ${SIZE / 2 ** 20} MiB in constant memory`, async (directory) => {
    if (Deno.build.os !== "linux") return console.log("skipped: peak memory is read from /proc");
    {
      using sparse = await Deno.create(`${directory}/a`);
      for (let i = 0; i < ISLAND_COUNT; i++) {
        await sparse.seek(i * SIZE / ISLAND_COUNT, Deno.SeekMode.Start);
        await sparse.write(ISLAND);
      }
      await sparse.truncate(SIZE);
    }
    const backend = args.filter((arg) => arg.startsWith("--backend"));
    for (const step of [[...args, "--rm", "a"], ["-q", ...backend, "-d", "--rm", "a.zst"]]) {
      const started = performance.now();
      const peak = await peakMegabytes(step, directory);
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      console.log(`sluice zstd ${step.join(" ")}: ${seconds} s, peak memory ${peak.toFixed(1)} MB`);
      assert(peak < PEAK_MAX_MEGABYTES + window, `${peak} MB`);
    }
    using back = await Deno.open(`${directory}/a`);
    assertEquals((await back.stat()).size, SIZE);
    const found = new Uint8Array(ISLAND.length);
    await back.seek((ISLAND_COUNT - 1) * SIZE / ISLAND_COUNT, Deno.SeekMode.Start);
    for (let filled = 0; filled < found.length;) {
      filled += await back.read(found.subarray(filled)) ?? Infinity;
    }
    assertEquals(found, ISLAND);
    assert((await back.stat()).blocks! * 512 < 64 * ISLAND.length, "no holes");
  });
}
