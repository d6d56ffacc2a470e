/**
 * How much changed in each file, as `git diff --stat`, `--numstat` and `--shortstat` print it.
 */
import { quoted } from "./output.ts";
import type { ChangeCount } from "./patches.ts";

/** A file with what changed in it. Names have a character for each byte. */
export interface FileCount extends ChangeCount {
  readonly path: string;
  /** Where a moved file was before. */
  readonly source: string | undefined;
}

/** Columns where neither a terminal nor the environment says how many there are. */
const COLUMNS = 80;
/** The least that names and numbers get, whatever the terminal has. */
const COLUMNS_MIN = 22;
const GRAPH_MIN = 6;

/** One line a file: what was added, what was removed, and its name; fields end with a zero instead where that is wanted. */
export function numberLines(files: readonly FileCount[], zero: boolean): string {
  return files.map((file) => {
    const { isBinary, added, removed, path, source } = file;
    const numbers = isBinary ? "-\t-\t" : `${added}\t${removed}\t`;
    if (!zero) return `${numbers}${shownName(file)}\n`;
    return `${numbers}${source === undefined ? "" : `\0${source}\0`}${path}\0`;
  }).join("");
}

/** The sums of all files on one line. */
export function summaryLine(files: readonly FileCount[]): string {
  if (files.length === 0) return "";
  let [added, removed] = [0, 0];
  for (const file of files) {
    if (file.isBinary) continue;
    added += file.added;
    removed += file.removed;
  }
  const parts = [` ${files.length} file${files.length === 1 ? "" : "s"} changed`];
  if (added > 0 || removed === 0) parts.push(`${added} insertion${added === 1 ? "" : "s"}(+)`);
  if (removed > 0 || added === 0) parts.push(`${removed} deletion${removed === 1 ? "" : "s"}(-)`);
  return `${parts.join(", ")}\n`;
}

/** The columns of the terminal that output goes to. */
function terminalColumns(): number {
  const given = Number.parseInt(Deno.env.get("COLUMNS") ?? "", 10);
  if (given > 0) return given;
  return Deno.stdout.isTerminal() ? Deno.consoleSize().columns : COLUMNS;
}

/** Names beside numbers and a graph, and the sums. */
export function graphLines(files: readonly FileCount[]): string {
  if (files.length === 0) return "";
  const names = files.map(shownName);
  const texts = files.filter(({ isBinary }) => !isBinary);
  const most = Math.max(0, ...texts.map(({ added, removed }) => added + removed));
  const binaries = files.filter(({ isBinary }) => isBinary);
  // "Bin 12 -> 345 bytes" stands in the columns of number and graph.
  const binaryWidth = Math.max(
    0,
    ...binaries.map(({ added, removed }) => 14 + `${added}`.length + `${removed}`.length),
  );
  const numberWidth = Math.max(`${most}`.length, binaries.length > 0 ? 3 : 0);
  const longest = Math.max(...names.map(({ length }) => length));
  const wanted = most + 4 > binaryWidth ? most : binaryWidth - 4;
  const { nameWidth, graphWidth } = fitted(numberWidth, longest, wanted);
  const lines = files.map(({ isBinary, added, removed }, i) => {
    const name = ` ${cutName(names[i]!, nameWidth)} | `;
    if (isBinary) {
      const sizes = added + removed === 0 ? "" : ` ${removed} -> ${added} bytes`;
      return `${name}${"Bin".padStart(numberWidth)}${sizes}\n`;
    }
    const number = `${added + removed}`.padStart(numberWidth);
    const [plus, minus] = scaled(added, removed, graphWidth, most);
    return `${name}${number}${added + removed > 0 ? " " : ""}${"+".repeat(plus)}${"-".repeat(minus)}\n`;
  });
  return lines.join("") + summaryLine(files);
}

/** How wide names and graph are, where not everything fits. */
function fitted(
  numberWidth: number,
  longest: number,
  wanted: number,
): { readonly nameWidth: number; readonly graphWidth: number } {
  const columns = Math.max(terminalColumns(), COLUMNS_MIN + numberWidth);
  const left = columns - numberWidth - 6;
  if (longest + wanted <= left) return { nameWidth: longest, graphWidth: wanted };
  const share = Math.max(Math.floor(columns * 3 / 8) - numberWidth - 6, GRAPH_MIN);
  const graphWidth = Math.floor(columns * 3 / 8) - numberWidth - 6 < wanted ? share : wanted;
  return longest > left - graphWidth
    ? { nameWidth: left - graphWidth, graphWidth }
    : { nameWidth: longest, graphWidth: left - longest };
}

/** A name in so many columns: of one that is too long the end, from a slash on where there is one. */
function cutName(name: string, width: number): string {
  if (name.length <= width) return name.padEnd(width);
  const end = name.slice(name.length - (width - 3));
  const slash = end.indexOf("/");
  return `...${(slash < 0 ? end : end.slice(slash)).padEnd(width - 3)}`;
}

/** The signs for added and removed lines, where the file with most changes takes the whole width. */
function scaled(added: number, removed: number, width: number, most: number): [plus: number, minus: number] {
  if (width > most) return [added, removed];
  const scale = (count: number): number => count === 0 ? 0 : 1 + Math.floor(count * (width - 1) / most);
  let total = scale(added + removed);
  if (total < 2 && added > 0 && removed > 0) total = 2;
  if (added < removed) return [scale(added), total - scale(added)];
  return [total - scale(removed), scale(removed)];
}

/** The name of a file; of a moved one both, with what they share once. */
function shownName({ path, source }: FileCount): string {
  if (source === undefined) return quoted(path);
  if (quoted(source) !== source || quoted(path) !== path) return `${quoted(source)} => ${quoted(path)}`;
  let start = 0;
  for (let i = 0; i < source.length && source[i] === path[i]; i++) if (source[i] === "/") start = i + 1;
  // The slash before the part that differs may be the one after it, too.
  const limit = start > 0 ? start - 1 : 0;
  let end = 0;
  for (let i = 0; source.length - i >= limit && path.length - i >= limit; i++) {
    const [left, right] = [source[source.length - i], path[path.length - i]];
    if (left !== right) break;
    if (left === "/") end = i;
  }
  const middle = (name: string): string => name.slice(start, Math.max(start, name.length - end));
  const both = `${middle(source)} => ${middle(path)}`;
  return start + end === 0 ? both : `${source.slice(0, start)}{${both}}${source.slice(source.length - end)}`;
}
