import { assertEquals, assertThrows } from "@std/assert";
import { decodePath, decodePaths, encodePath } from "./path_text.ts";

Deno.test("names of any bytes become text and the same bytes again", () => {
  const names = [[0x61], [0xff], [0xc3, 0xa9, 0xff, 0x62], [0xc3], [0xed, 0xb2, 0x80], [
    0xf0,
    0x9f,
    0x98,
    0x80,
  ], [
    0xef,
    0xbb,
    0xbf,
  ]];
  for (const name of names) {
    assertEquals([...encodePath(decodePath(new Uint8Array(name)))], name);
  }
  assertEquals(decodePath(new Uint8Array([0x61, 0xff])), "a\udcff");
  assertThrows(() => encodePath("\ud800"), RangeError, "lone surrogate");
});

Deno.test("many names are the same as one by one", () => {
  for (const names of [[], ["a"], ["a", "", "é", "a\n"], ["a", "\udcff", "é\udc80x", "b"]]) {
    const bytes = names.flatMap((name) => [...encodePath(name), 0]);
    assertEquals(decodePaths(new Uint8Array(bytes)), names);
  }
});
