import { assertEquals } from "@std/assert";
import { figureTables } from "./check_figures.ts";

Deno.test("tables of figures are found with their headings and rows, whatever their padding", () => {
  const text =
    "text\n\n| MB/s |    C |\n| ---- | ---: |\n| read | 1.00 |\n| w    |    2 |\n\n| no | table |\n";
  assertEquals(figureTables(text), [{ heading: "MB/s | C", start: 4, rows: ["read | 1.00", "w | 2"] }]);
});
