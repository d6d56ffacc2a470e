import { assertEquals } from "@std/assert";
import { figureTables, measuredRows } from "./check_figures.ts";

Deno.test("tables of figures are found with their headings and rows, whatever their padding", () => {
  const text =
    "text\n\n| MB/s |    C |\n| ---- | ---: |\n| read | 1.00 |\n| w    |    2 |\n\n| no | table |\n";
  assertEquals(figureTables(text), [{
    heading: ["MB/s", "C"],
    start: 4,
    rows: [["read", "1.00"], ["w", "2"]],
  }]);
});

Deno.test("a table of a document may have fewer columns and rows than the report's, and no others", () => {
  const [report] = figureTables(
    "| op | C | ours | WASM |\n|---|---|---|---|\n| read, level 1 | 1 | 2 | 3 |\n| read, level 3 | 4 | 5 | 6 |\n| write, level 3 | 7 | 8 | 9 |\n",
  );
  const rowsOf = (text: string) => measuredRows(figureTables(text)[0]!, report!);
  assertEquals(rowsOf("| MB/s, level 3 | C | WASM |\n|---|---|---|\n| write | 0 | 0 |\n| read | 0 | 0 |\n"), [
    ["write", "7", "9"],
    ["read", "4", "6"],
  ]);
  assertEquals(rowsOf("| MB/s | C | ours |\n|---|---|---|\n| read, level 1 | 0 | 0 |\n"), [[
    "read, level 1",
    "1",
    "2",
  ]]);
  assertEquals(rowsOf("| MB/s, level 2 | C | ours |\n|---|---|---|\n| read | 0 | 0 |\n"), undefined);
  assertEquals(rowsOf("| MB/s, level 3 | C | node |\n|---|---|---|\n| read | 0 | 0 |\n"), undefined);
  assertEquals(rowsOf("| MB/s, level 3 | C |\n|---|---|\n| read | 0 |\n"), undefined);
});
