import { assertEquals } from "@std/assert";
import { countDenoTests, countZigTests, sumCounts } from "./test_counts.ts";

Deno.test("countDenoTests reads closing lines with and without steps and ignored tests", () => {
  assertEquals(countDenoTests("x\n\nok | 12 passed | 0 failed (3s)\n"), { passed: 12, failed: 0 });
  assertEquals(countDenoTests("FAILED | 2 passed (5 steps) | 1 failed (1 step) | 3 ignored (9ms)\n"), {
    passed: 2,
    failed: 1,
  });
  assertEquals(countDenoTests("error: Type checking failed."), undefined);
});

Deno.test("countZigTests reads summaries", () => {
  const count = (text: string): unknown => countZigTests(`Build Summary: ${text}\n`);
  assertEquals(count("7/7 steps succeeded; 11/11 tests passed"), { passed: 11, failed: 0 });
  assertEquals(count("5/7 steps succeeded; 1 failed; 9/11 tests passed; 2 failed"), { passed: 9, failed: 2 });
  assertEquals(count("7/7 steps succeeded; 10/11 tests passed; 1 skipped"), { passed: 10, failed: 0 });
  assertEquals(count("1/7 steps succeeded; 1 failed"), undefined);
});

Deno.test("sumCounts adds up", () => {
  assertEquals(sumCounts([{ passed: 1, failed: 2 }, { passed: 3, failed: 4 }]), { passed: 4, failed: 6 });
});
