import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { byteSourceFromBytes, SluiceError } from "@sluice/internal";
import {
  buildPdiffIndex,
  copyByPdiffIndex,
  copyPdiffTree,
  createPdiffHandler,
  hashPdiffBlocks,
  mutatePdiffFile,
  parsePdiffLocation,
  PdiffBlockHashStream,
  PdiffClient,
  PdiffIndex,
  PdiffWorkerPool,
  servePdiff,
} from "../mod.ts";

// deno-lint-ignore no-explicit-any -- what callers without types pass
const odd = (options: object): any => ({ ...options, unknown: 1 });
const source = byteSourceFromBytes(new Uint8Array(10));
const files = { source: "a", target: "b" };

Deno.test("every public function names options that it does not know", async () => {
  const index = PdiffIndex.parse(await buildPdiffIndex(source));
  const pool = { concurrency: 1, items: [], work: () => Promise.resolve() };
  for (const name of ["source", "target"]) {
    const missing: unknown = { ...files, [name]: undefined };
    assertThrows(
      () => new PdiffClient(missing as typeof files),
      TypeError,
      `option "${name}": it is not given`,
    );
  }
  for (
    const call of [
      () => new PdiffClient(odd(files)),
      () => createPdiffHandler(odd({ root: "." })),
      () => servePdiff(odd({ root: ".", port: 0 })),
      () => hashPdiffBlocks(source, odd({})),
      () => new PdiffBlockHashStream(odd({})),
      () => parsePdiffLocation("a", odd({})),
      () => new PdiffWorkerPool(odd(pool)),
    ]
  ) {
    assertThrows(call, TypeError, '"unknown" is not known');
  }
  for (
    const call of [
      () => copyPdiffTree(odd(files)),
      () => copyByPdiffIndex(odd({ index, sources: [source], target: "b" })),
      () => buildPdiffIndex(source, odd({})),
      () => mutatePdiffFile("a", odd({ percent: 1 })),
    ]
  ) {
    await assertRejects(call, TypeError, '"unknown" is not known');
  }
});

Deno.test("options of the wrong type or out of range are refused at the call", () => {
  for (
    const options of [
      { dryRun: "yes" },
      { blockSize: 511 },
      { blockSize: "4096" },
      { concurrency: 0 },
      { protocol: 3 },
      { replace: "never" },
      { retries: -1 },
      { retryBudgetMs: 1.5 },
      { stallTimeoutMs: 0 },
      { maxBytesPerSecond: 0 },
      { maxBytesPerSecond: NaN },
      { chunkSize: 4096 },
      { seeds: ["s"] },
      { shift: true, chunkSize: 5000 },
      { shift: true, blockSize: 4096 },
      { shift: true, compressionLevel: 1 },
      { shift: true, delta: false },
    ]
  ) {
    try {
      new PdiffClient({ ...files, ...options } as never);
    } catch (error) {
      assertEquals(error instanceof TypeError || error instanceof RangeError, true, JSON.stringify(options));
      continue;
    }
    throw new Error(`accepted ${JSON.stringify(options)}`);
  }
});

Deno.test("what the system refuses is an error of the family, never one of Deno's own", async () => {
  const none = "/nonexistent-directory/none";
  const typed: readonly (readonly [() => unknown, string])[] = [
    [() => createPdiffHandler({ root: none }), "NOT_FOUND"],
    [() => servePdiff({ root: ".", hostname: "192.0.2.1", port: 1 }), "IO"],
  ];
  for (const [call, code] of typed) assertEquals(assertThrows(call, SluiceError).code, code);
  const rejected: readonly (readonly [() => Promise<unknown>, string])[] = [
    [() => new PdiffClient({ source: none, target: "b" }).synchronize(), "NOT_FOUND"],
    [() => new PdiffClient({ source: ".", target: "b" }).synchronize(), "UNSUPPORTED"],
    [() => new PdiffClient({ source: "deno.json", target: "deno.json/x/y" }).synchronize(), "IO"],
    [() => new PdiffClient({ source: "deno.json", target: `x${"y".repeat(300)}` }).synchronize(), "IO"],
    [() => copyPdiffTree({ source: none, target: "b" }), "NOT_FOUND"],
    [() => copyPdiffTree({ source: "pdiffcopy", target: "deno.json" }), "IO"],
    [() => mutatePdiffFile(none, { percent: 1 }), "NOT_FOUND"],
  ];
  for (const [call, code] of rejected) {
    assertEquals((await assertRejects(call, SluiceError)).code, code, call.toString());
  }
});
