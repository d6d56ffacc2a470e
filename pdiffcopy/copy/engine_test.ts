import { assertEquals, assertRejects } from "@std/assert";
import { newTable } from "../file/_block_file.ts";
import { failure } from "../file/_errors.ts";
import { hashOf } from "../file/_hash_registry.ts";
import { RateLimiter } from "../file/_rate_limit.ts";
import { retryPolicyOf } from "../file/_retry.ts";
import { copyPart } from "./_engine.ts";
import type { EngineOptions } from "./_engine.ts";
import type { CopySource, CopyTarget } from "./_sides.ts";

const COUNT = 8;

/** A source of eight chunks of one byte each. */
function sourceOf(lookahead: number, onChunk: (chunk: number) => void): CopySource {
  return {
    label: "source",
    remote: false,
    lookahead,
    stat: () => Promise.reject(new Error("not used")),
    digests: () => Promise.reject(new Error("not used")),
    async *frames() {
      for (let chunk = 0; chunk < COUNT; chunk++) {
        onChunk(chunk);
        yield new Uint8Array(1);
      }
    },
    finish: () => Promise.resolve(),
    close(): void {},
  };
}

function targetOf(done: (chunk: number) => Promise<void>): CopyTarget {
  return {
    label: "target",
    remote: true,
    resumed: false,
    isMixed: false,
    hasLength: true,
    digests: (start) => Promise.resolve(start),
    apply: (next) => Promise.resolve({ next: next + 1, written: 1, done: done(next) }),
    commit: () => Promise.resolve(),
    abort: () => Promise.resolve(),
  };
}

function options(steps: number[]): EngineOptions {
  return {
    concurrency: 1,
    delta: true,
    retry: retryPolicyOf({ retries: 0, retryBudgetMs: 0 }),
    limiter: new RateLimiter(Infinity),
    signal: undefined,
    onStep: (done) => steps.push(done),
  };
}

const TABLE = newTable(COUNT, 512, hashOf("xxh3-128", ""));
const PART = { start: 0, end: COUNT };
const SIGNAL = new AbortController().signal;

for (const lookahead of [0, 1, 2]) {
  Deno.test(`chunks are made while ${lookahead} are on their way, and no more`, async () => {
    let [flying, most, told] = [0, 0, 0];
    const source = sourceOf(lookahead, () => most = Math.max(most, flying));
    const target = targetOf(async () => {
      flying++;
      await new Promise((resolve) => setTimeout(resolve, 2));
      flying--;
    });
    const steps: number[] = [];
    await copyPart(source, target, PART, TABLE, options(steps), SIGNAL);
    told = steps.reduce((sum, step) => sum + step, 0);
    assertEquals([most, flying, told, steps.length], [lookahead, 0, COUNT, COUNT]);
  });
}

Deno.test("a part ends with the failure of a chunk, when none is on its way any more", async () => {
  let flying = 0;
  const target = targetOf(async (chunk) => {
    flying++;
    await new Promise((resolve) => setTimeout(resolve, chunk === 1 ? 1 : 20));
    flying--;
    if (chunk === 1) throw failure("VERIFY_FAILED", "Cannot go on");
  });
  await assertRejects(() => copyPart(sourceOf(2, () => {}), target, PART, TABLE, options([]), SIGNAL));
  assertEquals(flying, 0);
});
