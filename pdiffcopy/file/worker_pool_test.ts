import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { PdiffWorkerPool } from "../mod.ts";

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

Deno.test("PdiffWorkerPool runs as many as it may, and takes items as there is room", async () => {
  let running = 0;
  let most = 0;
  let taken = 0;
  function* items(): Generator<number> {
    for (let i = 0; i < 20; i++) {
      taken++;
      assert(taken <= 20);
      yield i;
    }
  }
  const pool = new PdiffWorkerPool({
    concurrency: 3,
    items: items(),
    work: async (item) => {
      running++;
      most = Math.max(most, running);
      await pause(1);
      running--;
      return item * 2;
    },
  });
  assertEquals(
    (await Array.fromAsync(pool)).sort((a, b) => a - b),
    Array.from({ length: 20 }, (_, i) => i * 2),
  );
  assertEquals(most, 3);
});

Deno.test("PdiffWorkerPool ends with the first failure, tells what runs, and waits for it", async () => {
  const told: boolean[] = [];
  let ended = 0;
  const pool = new PdiffWorkerPool({
    concurrency: 2,
    items: [1, 2, 3, 4],
    work: async (item, signal) => {
      if (item === 1) throw new Error("no");
      await pause(20);
      told.push(signal.aborted);
      ended++;
    },
  });
  await assertRejects(() => Array.fromAsync(pool), Error, "no");
  assertEquals([told, ended], [[true], 1]);
});

Deno.test("PdiffWorkerPool stops when nobody reads on, or a signal says so", async () => {
  let count = 0;
  const work = async (): Promise<void> => {
    count++;
    await pause(1);
  };
  for await (const _ of new PdiffWorkerPool({ concurrency: 1, items: [1, 2, 3, 4, 5], work })) break;
  assertEquals(count, 1);
  const aborted = new PdiffWorkerPool({
    concurrency: 1,
    items: [1],
    work,
    signal: AbortSignal.abort(new Error("over")),
  });
  await assertRejects(() => Array.fromAsync(aborted), Error, "over");
  assertThrows(() => new PdiffWorkerPool({ concurrency: 0, items: [], work }), RangeError);
});
