/**
 * Compares the tables of figures in the documents with a report of `bench/compare.ts`. A table is one of figures when the
 * report has a table with all of its columns but the first and all of its rows; it may leave out columns and rows, and from
 * the names of rows what its own heading says: the row "compress" of a table about "level 3" is "compress, level 3".
 *
 * Run `deno run -A _tools/check_figures.ts [--write] [REPORT]`, where the report is bench/report/report.md unless given;
 * `--write` puts the report's figures into the documents. It prints the tables that it found and one line a difference,
 * and fails when there is one.
 */
import { listFiles } from "./command.ts";
import { ROOT } from "./zig.ts";

/** Fewer columns than these may be anything. */
const COLUMNS_MIN = 3;

/** Cells of a table, without their padding. */
export interface FigureTable {
  readonly heading: readonly string[];
  /** The line of the first row, from 0. */
  readonly start: number;
  readonly rows: readonly (readonly string[])[];
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
    tables.push({
      heading: cellsOf(lines[at - 1]!),
      start: at + 1,
      rows: lines.slice(at + 1, end).map(cellsOf),
    });
  }
  return tables;
}

/** The rows of a document's table as a table of the report has them; undefined where it is none of these figures. */
export function measuredRows(
  { heading, rows }: FigureTable,
  report: FigureTable,
): readonly (readonly string[])[] | undefined {
  const [subject = "", ...columns] = heading;
  if (heading.length < COLUMNS_MIN || rows.length === 0) return undefined;
  const places = columns.map((column) => report.heading.indexOf(column, 1));
  if (places.includes(-1)) return undefined;
  const found = rows.map(([name]) =>
    report.rows.find(([full = ""]) =>
      full === name || (full.startsWith(`${name}, `) && subject.includes(full.slice(name!.length + 2)))
    )
  );
  if (found.includes(undefined)) return undefined;
  return found.map((row, i) => [rows[i]![0]!, ...places.map((place) => row![place] ?? "")]);
}

if (import.meta.main) {
  const write = Deno.args.includes("--write");
  const path = Deno.args.find((argument) => !argument.startsWith("--")) ?? "bench/report/report.md";
  const report = await Deno.readTextFile(new URL(path, ROOT)).catch((error) => {
    console.error(`Cannot read ${path}: ${error.message}; bench/compare.ts writes it`);
    Deno.exit(1);
  });
  const measured = figureTables(report);
  let differences = 0;
  for (const document of await listFiles("*.md")) {
    const text = await Deno.readTextFile(new URL(document, ROOT));
    const lines = text.split("\n");
    for (const table of figureTables(text)) {
      const wanted = measured.map((each) => measuredRows(table, each)).find((rows) => rows !== undefined);
      if (wanted === undefined) continue;
      console.log(`${document}:${table.start - 1}: ${table.heading[0]}`);
      for (const [index, row] of table.rows.entries()) {
        const [now, then] = [row.join(" | "), wanted[index]!.join(" | ")];
        if (now === then) continue;
        differences++;
        console.error(`${document}:${table.start + index + 1}: ${now}\n  the report has: ${then}`);
        lines[table.start + index] = `| ${then} |`;
      }
    }
    if (write) await Deno.writeTextFile(new URL(document, ROOT), lines.join("\n"));
  }
  if (differences > 0 && !write) Deno.exit(1);
}
