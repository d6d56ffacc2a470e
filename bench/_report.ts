/**
 * One Markdown report of a whole run, with a plot for each module: how far each target was reached or passed.
 */

import { versionLines } from "./_versions.ts";

/** A line of a table of targets. */
interface Outcome {
  readonly name: string;
  /** Measured over wanted, or the other way round where less is better: 1 and above is met. */
  readonly score: number;
  readonly measured: string;
  readonly wanted: string;
}

const TARGET_LINE = /^\| (.+?) +\| +(<=|>=) ([\d.]+) ?(\S*) \| +([\d.]+) ?\S* \| +(?:met|missed) \|$/;

const WIDTH = 900;
const ROW_HEIGHT = 22;
const NAME_WIDTH = 470;
const SCORE_MAX = 3;

/** The targets among the lines that a comparison printed. */
function outcomesOf(lines: readonly string[]): Outcome[] {
  return lines.flatMap((line) => {
    const match = TARGET_LINE.exec(line);
    if (match === null) return [];
    const [, name, bound, wanted, unit, measured] = match;
    const score = bound === ">=" ? Number(measured) / Number(wanted) : Number(wanted) / Number(measured);
    return [{ name: name!, score, measured: `${measured}${unit}`, wanted: `${bound} ${wanted}${unit}` }];
  });
}

function escape(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** Bars of the scores, with a line where a target is just met. */
function plot(title: string, outcomes: readonly Outcome[]): string {
  const height = (outcomes.length + 2) * ROW_HEIGHT;
  const scale = (WIDTH - NAME_WIDTH - 80) / SCORE_MAX;
  const met = NAME_WIDTH + scale;
  const rows = outcomes.map(({ name, score, measured, wanted }, i) => {
    const y = (i + 1.5) * ROW_HEIGHT;
    const width = Math.min(score, SCORE_MAX) * scale;
    return `<text x="${NAME_WIDTH - 8}" y="${y + 14}" text-anchor="end">${escape(name)}</text>` +
      `<rect x="${NAME_WIDTH}" y="${y + 3}" width="${width.toFixed(1)}" height="14" fill="${
        score >= 1 ? "#2a7f9e" : "#c0603a"
      }"><title>${escape(`${measured}, wanted ${wanted}`)}</title></rect>` +
      `<text x="${NAME_WIDTH + width + 6}" y="${y + 14}">${escape(measured)}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" ` +
    `font-family="system-ui, sans-serif" font-size="12" fill="#333">` +
    `<rect width="100%" height="100%" fill="#fff"/>` +
    `<text x="10" y="16" font-size="14" font-weight="bold">${escape(title)}: measured over wanted</text>` +
    `<line x1="${met}" y1="${ROW_HEIGHT}" x2="${met}" y2="${
      height - 8
    }" stroke="#888" stroke-dasharray="4 3"/>` +
    `${rows.join("")}</svg>\n`;
}

/** Runs a comparison and gives the lines that it printed, which are shown all the same. */
export async function captureLog(run: () => Promise<void>): Promise<string[]> {
  const lines: string[] = [];
  const { log } = console;
  console.log = (...values: unknown[]) => {
    lines.push(...values.join(" ").split("\n"));
    log(...values);
  };
  try {
    await run();
  } finally {
    console.log = log;
  }
  return lines;
}

/** Writes report.md and a plot for each module that has targets into a folder. */
export async function writeReport(
  folder: string,
  command: string,
  machine: string,
  sections: ReadonlyMap<string, readonly string[]>,
): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  const parts = ["# sluice and its peers", `\`${command}\`  \n${machine}`, await versionLines()];
  for (const [name, lines] of sections) {
    const outcomes = outcomesOf(lines);
    parts.push(`## ${name}`);
    if (outcomes.length > 0) {
      await Deno.writeTextFile(`${folder}/${name}.svg`, plot(name, outcomes));
      parts.push(`![Targets of ${name}](${name}.svg)`);
    }
    parts.push(lines.join("\n").trim());
  }
  await Deno.writeTextFile(`${folder}/report.md`, `${parts.join("\n\n")}\n`);
}
