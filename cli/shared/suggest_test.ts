import { assertEquals } from "@std/assert";
import { nearest } from "./suggest.ts";

const KNOWN = ["zstd", "lz4", "zpaq", "--level", "--list"];

const CASES: readonly [string, string][] = [
  ["zsdt", ', did you mean "zstd"'],
  ["--levle", ', did you mean "--level"'],
  ["--lits", ', did you mean "--list"'],
  ["frobnicate", ""],
  ["-q", ""],
];

for (const [word, text] of CASES) {
  Deno.test(`nearest of "${word}"`, () => assertEquals(nearest(word, KNOWN), text));
}
