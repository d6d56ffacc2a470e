/**
 * Compares the tables of figures in the documents with a report of `bench/compare.ts`: a table with the same heading
 * has to have the same rows, figure by figure.
 *
 * Run `deno run -A _tools/check_figures.ts [--write] [REPORT]`, where the report is bench/report/report.md unless given;
 * `--write` puts the report's rows into the documents. It prints one line a difference and fails when there is one.
 */
import { listFiles } from "./command.ts";
import { ROOT } from "./zig.ts";

/** Lines of a table with its heading, without the padding of their cells. */
interface FigureTable {
  readonly heading: string;
  readonly start: number;
  readonly rows: readonly string[];
}

function cellsOf(line: string): string[] {
  return line.split("|").slice(1, -1).map((cell) => cell.trim());
}

/** A table is a heading, a line of dashes and rows. */
export function figureTables(text: string): FigureTable[] {
  const lines = text.split("\n");
  const tables: FigureTable[] = [];
  for (let at = 1; at < lines.length; at++) {
    if (!/^\|[\s:|-]+\|$/.test(lines[at]!) || !lines[at - 1]!.startsWith("|")) continue;
    let end = at + 1;
    while (lines[end]?.startsWith("|")) end++;
    const rows = lines.slice(at + 1, end).map((line) => cellsOf(line).join(" | "));
    tables.push({ heading: cellsOf(lines[at - 1]!).join(" | "), start: at + 1, rows });
  }
  return tables;
}

if (import.meta.main) {
  const write = Deno.args.includes("--write");
  const path = Deno.args.find((argument) => !argument.startsWith("--")) ?? "bench/report/report.md";
  const report = await Deno.readTextFile(new URL(path, ROOT)).catch((error) => {
    console.error(`Cannot read ${path}: ${error.message}; bench/compare.ts writes it`);
    Deno.exit(1);
  });
  const measured = new Map(figureTables(report).map((table) => [table.heading, table.rows]));
  let differences = 0;
  for (const document of await listFiles("*.md")) {
    const text = await Deno.readTextFile(new URL(document, ROOT));
    const lines = text.split("\n");
    for (const { heading, start, rows } of figureTables(text)) {
      const found = measured.get(heading);
      if (found === undefined) continue;
      const byName = new Map(found.map((row) => [row.split(" | ")[0], row]));
      for (const [index, row] of rows.entries()) {
        const wanted = byName.get(row.split(" | ")[0]);
        if (wanted === row) continue;
        differences++;
        console.error(
          `${document}:${start + index + 1}: ${row}\n  the report has: ${wanted ?? "no such row"}`,
        );
        if (wanted !== undefined) lines[start + index] = `| ${wanted} |`;
      }
    }
    if (write) await Deno.writeTextFile(new URL(document, ROOT), lines.join("\n"));
  }
  if (differences > 0 && !write) Deno.exit(1);
}
