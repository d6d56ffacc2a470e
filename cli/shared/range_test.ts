import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { UsageFailure } from "./exit.ts";
import { clipRange, parseRange } from "./range.ts";

Deno.test("parseRange reads sizes with units and open ends", () => {
  assertEquals(parseRange("0-100", "--range"), { start: 0, end: 100 });
  assertEquals(parseRange("1M-2M", "--range"), { start: 1 << 20, end: 2 << 20 });
  assertEquals(parseRange("100-", "--range"), { start: 100, end: Infinity });
  assertEquals(parseRange("-100", "--range"), { start: 0, end: 100 });
  for (const text of ["", "100", "a-b", "1--2", "1-2-3"]) {
    const error = assertThrows(() => parseRange(text, "--range"), UsageFailure, `"${text}"`);
    assertStringIncludes(error.message, "expected START-END");
    assert(!error.message.includes("after"), error.message);
  }
});

Deno.test("parseRange says which end of a reversed range is after the other", () => {
  for (const text of ["2-1", "10-5", "1M-2K"]) {
    assertThrows(() => parseRange(text, "--range"), UsageFailure, "expected START-END: START is after END");
    assertThrows(
      () => parseRange(text, "--numbers", "FROM-TO"),
      UsageFailure,
      `Option --numbers has the value "${text}", expected FROM-TO: FROM is after TO`,
    );
  }
});

Deno.test("clipRange cuts at the end of the content, and refuses what starts after it", () => {
  assertEquals(clipRange({ start: 2, end: 5 }, 10), { start: 2, end: 5 });
  assertEquals(clipRange({ start: 2, end: 11 }, 10), { start: 2, end: 10 });
  assertEquals(clipRange({ start: 10, end: Infinity }, 10), { start: 10, end: 10 });
  assertThrows(
    () => clipRange({ start: 11, end: 12 }, 10),
    RangeError,
    "Cannot read from byte 11: the content has 10 bytes",
  );
});
