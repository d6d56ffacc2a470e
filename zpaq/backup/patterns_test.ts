import { assertEquals } from "@std/assert";
import { fitsPattern, renamed } from "./_patterns.ts";

Deno.test("zpaq: names are replaced, or puts a folder before all", () => {
  assertEquals(renamed("s/a", ["s"], ["r"]), "r/a");
  assertEquals(renamed("sx/a", ["s"], ["r"]), "sx/a");
  assertEquals(renamed("b", ["a", "b"], ["x"]), "b");
  assertEquals(renamed("/abs/a", [], ["out"]), "out/abs/a");
  assertEquals(renamed("s/", ["s/"], ["r/"]), "r/");
});

Deno.test("zpaq: patterns stand for names and for what is in folders", () => {
  assertEquals(["a.txt", "d/a.txt", "d"].map((name) => fitsPattern(name, "*.txt")), [true, true, false]);
  assertEquals(fitsPattern("d/x", "d"), true);
});
