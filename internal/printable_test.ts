import { assertEquals } from "@std/assert";
import { printable } from "./printable.ts";

Deno.test("printable leaves nothing that a terminal acts on", () => {
  assertEquals(printable("plain grün 😀 a/b c"), "plain grün 😀 a/b c");
  assertEquals(printable("\x1b[31mred\x07\r\n\x7f\x9b1m"), "\\x1b[31mred\\x07\\x0d\\x0a\\x7f\\x9b1m");
  assertEquals(printable("a\u202eb\u2028c"), "a\\u202eb\\u2028c");
  assertEquals(printable("f\udcff"), "f\\xff");
});
