import { assertEquals, assertThrows } from "@std/assert";
import { UsageFailure } from "./exit.ts";
import { parseRange } from "./range.ts";

Deno.test("parseRange reads sizes with units and open ends", () => {
  assertEquals(parseRange("0-100", "--range"), { start: 0, end: 100 });
  assertEquals(parseRange("1M-2M", "--range"), { start: 1 << 20, end: 2 << 20 });
  assertEquals(parseRange("100-", "--range"), { start: 100, end: Infinity });
  assertEquals(parseRange("-100", "--range"), { start: 0, end: 100 });
  for (const text of ["", "100", "2-1", "a-b", "1--2", "1-2-3"]) {
    assertThrows(() => parseRange(text, "--range"), UsageFailure, `"${text}"`);
  }
});
