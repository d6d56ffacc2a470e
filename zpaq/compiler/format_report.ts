/**
 * Reports on models as text and as a picture.
 *
 * @module
 */
import { checkArgument } from "@sluice/internal";
import type { ZpaqlPyComponentReport, ZpaqlPyReport } from "./report.ts";

function checkReport(report: ZpaqlPyReport): void {
  checkArgument(Array.isArray(report?.components), "show a report", report, "a report on a model");
}

function tableText({ table }: ZpaqlPyComponentReport): string {
  if (table === undefined) return "";
  const { used, size, unit, collisions } = table;
  const part = (100 * used / size).toFixed(1);
  const shared = collisions === undefined ? "" : `, ${collisions} ${unit === "rows" ? "replaced" : "shared"}`;
  return `${used} of ${size} ${unit} (${part} %)${shared}`;
}

/**
 * A report as text.
 *
 * @example A report's first line
 * ```ts
 * import { formatZpaqlPyReport, reportZpaqlPy } from "@sluice/zpaq/compiler";
 * import { assertStringIncludes } from "@std/assert";
 *
 * const source = `hh = hm = ph = pm = 0
 * n = len({0: "icm 5"})
 * pcomp_invocation = ""
 * def hcomp(c):
 *   hH[0] = hash(c)
 * def pcomp(c):
 *   pass
 * `;
 * const report = reportZpaqlPy(source, [new TextEncoder().encode("ab".repeat(500))]);
 * assertStringIncludes(formatZpaqlPyReport(report, source), "1000 bytes to ");
 * ```
 */
export function formatZpaqlPyReport(report: ZpaqlPyReport, source: string): string {
  checkReport(report);
  checkArgument(typeof source === "string", "show a report", source, "the model's source as a text");
  const { bytes, compressed, components, positions, lines } = report;
  const ratio = bytes === 0 ? "" : ` (${(8 * compressed / bytes).toFixed(3)} bits a byte)`;
  const text = [
    `${bytes} bytes to ${compressed}${ratio}, ${report.nanosecondsPerByte.toFixed(0)} ns and ` +
    `${report.instructionsPerByte.toFixed(1)} instructions a byte`,
    "",
    "component                       alone     saves  table",
  ];
  for (const component of components) {
    const { index, text: own, alone, saves, mixer } = component;
    text.push(
      `${`${index} ${own}`.padEnd(26)} ${alone.toFixed(0).padStart(10)} ${`${saves}`.padStart(9)}  ${
        tableText(component)
      }`.trimEnd(),
    );
    if (mixer !== undefined && mixer.sets.length > 0) {
      text.push(`    weights ${mixer.mean.map((weight) => weight.toFixed(3)).join(" ")}`);
    }
  }
  if (lines.length > 0) {
    const sources = source.split("\n");
    text.push("", "line      saves  instructions");
    for (const { line, saves, instructions } of lines) {
      text.push(
        `${`${line}`.padStart(4)} ${`${saves}`.padStart(10)} ${instructions.toFixed(1).padStart(13)}  ${
          sources[line - 1]?.trim() ?? ""
        }`,
      );
    }
  }
  text.push("", "bytes of each 64th of the data", ...rowsOf(positions), "");
  return text.join("\n");
}

function rowsOf(positions: readonly number[]): string[] {
  const rows: string[] = [];
  for (let i = 0; i < positions.length; i += 8) {
    rows.push(positions.slice(i, i + 8).map((each) => each.toFixed(0).padStart(9)).join(""));
  }
  return rows;
}

const BOX = { width: 170, height: 44, gapX: 50, gapY: 14, margin: 16 } as const;

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/**
 * A report as a picture of the network in SVG: components by the order in which they guess, with what each saves.
 *
 * @example A picture
 * ```ts
 * import { drawZpaqlPyReport, reportZpaqlPy } from "@sluice/zpaq/compiler";
 * import { assert } from "@std/assert";
 *
 * const source = `hh = hm = ph = pm = 0
 * n = len({0: "icm 5"})
 * pcomp_invocation = ""
 * def hcomp(c):
 *   hH[0] = hash(c)
 * def pcomp(c):
 *   pass
 * `;
 * assert(drawZpaqlPyReport(reportZpaqlPy(source, [new Uint8Array(100)])).startsWith("<svg"));
 * ```
 */
export function drawZpaqlPyReport(report: ZpaqlPyReport): string {
  checkReport(report);
  const { components } = report;
  const columns: number[] = [];
  const rows: number[] = [];
  const counts: number[] = [];
  for (const { inputs } of components) {
    const column = Math.max(-1, ...inputs.map((input) => columns[input]!)) + 1;
    columns.push(column);
    rows.push(counts[column] ?? 0);
    counts[column] = (counts[column] ?? 0) + 1;
  }
  const x = (i: number): number => BOX.margin + columns[i]! * (BOX.width + BOX.gapX);
  const y = (i: number): number => BOX.margin + rows[i]! * (BOX.height + BOX.gapY);
  const width = 2 * BOX.margin + counts.length * (BOX.width + BOX.gapX) - BOX.gapX;
  const height = 2 * BOX.margin + Math.max(...counts, 1) * (BOX.height + BOX.gapY) - BOX.gapY;
  const most = Math.max(1, ...components.map(({ saves }) => saves));
  const lines = components.flatMap(({ index, inputs }) =>
    inputs.map((input) => {
      const [x1, y1, x2, y2] = [
        x(input) + BOX.width,
        y(input) + BOX.height / 2,
        x(index),
        y(index) + BOX.height / 2,
      ];
      const middle = (x1 + x2) / 2;
      return `<path d="M${x1} ${y1} C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}" fill="none" stroke="#999"/>`;
    })
  );
  const boxes = components.map(({ index, text, saves }) => {
    const shade = Math.round(255 - 110 * Math.max(0, saves) / most);
    return `<g transform="translate(${x(index)} ${y(index)})">` +
      `<rect width="${BOX.width}" height="${BOX.height}" rx="5" fill="rgb(${shade},255,${shade})" stroke="#555"/>` +
      `<text x="8" y="18">${index} ${escaped(text)}</text>` +
      `<text x="8" y="36" fill="#555">saves ${saves} bytes</text></g>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ` +
    `viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="13">\n` +
    `${[...lines, ...boxes].join("\n")}\n</svg>\n`;
}
