/**
 * How two texts differ, and the hunks of a patch that says so. Texts have a character for each byte.
 */
import { compareLines } from "./line_changes.ts";
import { slideGroups } from "./line_groups.ts";

/** Bytes in which git passes over what two texts end with, where no lines around changes are printed. */
const TAIL_STEP = 1024;
/** Bytes of a line that are repeated after the places of a hunk. */
const HEADING_MAX = 80;
const HUNK_LINE_MAX = 127;

/** Lines that follow each other and differ. */
export interface Difference {
  readonly before: number;
  readonly removed: number;
  readonly after: number;
  readonly added: number;
}

/** How two versions of a text differ. */
export interface Comparison {
  readonly before: readonly string[];
  readonly after: readonly string[];
  readonly differences: readonly Difference[];
}

/** The lines of a text with their ends. */
function linesOf(text: string): string[] {
  const lines: string[] = [];
  for (let at = 0; at < text.length;) {
    const end = text.indexOf("\n", at) + 1 || text.length;
    lines.push(text.slice(at, end));
    at = end;
  }
  return lines;
}

/** The same number for the same lines of all texts. */
function numbered(
  texts: readonly (readonly string[])[],
): { readonly kinds: Int32Array[]; readonly count: number } {
  const numbers = new Map<string, number>();
  const kinds = texts.map((lines) =>
    Int32Array.from(lines, (line) => {
      const known = numbers.get(line);
      if (known !== undefined) return known;
      numbers.set(line, numbers.size);
      return numbers.size - 1;
    })
  );
  return { kinds, count: numbers.size };
}

/** How many bytes at the end of both texts git does not look at: whole steps, without the start of the first line. */
function tailOf(before: string, after: string): number {
  const shortest = Math.min(before.length, after.length);
  const from = (text: string, tail: number): string =>
    text.slice(text.length - tail, text.length - tail + TAIL_STEP);
  let tail = 0;
  while (tail + TAIL_STEP <= shortest && from(before, tail + TAIL_STEP) === from(after, tail + TAIL_STEP)) {
    tail += TAIL_STEP;
  }
  const end = before.indexOf("\n", before.length - tail) + 1 || before.length;
  return before.length - end;
}

/** Finds the differences of two texts that are printed with so many lines around them. */
export function compareTexts(beforeText: string, afterText: string, context: number): Comparison {
  const tail = context === 0 ? tailOf(beforeText, afterText) : 0;
  const [before, after] = [beforeText, afterText].map((text) =>
    linesOf(text.slice(0, text.length - tail))
  ) as [
    string[],
    string[],
  ];
  const { kinds: [oldKinds, newKinds], count } = numbered([before, after]);
  const { removed, added } = compareLines(oldKinds!, newKinds!, count);
  const old = { lines: before, kinds: oldKinds!, changed: removed };
  const young = { lines: after, kinds: newKinds!, changed: added };
  slideGroups(old, young);
  slideGroups(young, old);
  const differences: Difference[] = [];
  for (let i = 0, j = 0; i < before.length || j < after.length;) {
    const [first, second] = [i, j];
    while (removed[i] === 1) i++;
    while (added[j] === 1) j++;
    if (i > first || j > second) {
      differences.push({ before: first, removed: i - first, after: second, added: j - second });
    } else {
      i++;
      j++;
    }
  }
  return { before, after, differences };
}

/** All hunks of a comparison, with so many lines around differences. */
export function hunks({ before, after, differences }: Comparison, context: number): string {
  let text = "";
  let heading = "";
  let searched = -1;
  for (let at = 0; at < differences.length;) {
    let last = at;
    for (; last + 1 < differences.length; last++) {
      const { before: start, removed } = differences[last]!;
      if (differences[last + 1]!.before - (start + removed) > 2 * context) break;
    }
    const [first, end] = [differences[at]!, differences[last]!];
    const [start, startAfter] = [Math.max(first.before - context, 0), Math.max(first.after - context, 0)];
    const stop = Math.min(end.before + end.removed + context, before.length);
    const stopAfter = Math.min(end.after + end.added + context, after.length);
    const tail = Math.min(stop - end.before - end.removed, stopAfter - end.after - end.added);
    const ends = [end.before + end.removed + tail, end.after + end.added + tail] as const;
    // The last line before a hunk that starts at the margin, of this hunk or of those before it.
    heading = headingBefore(before, start - 1, searched) ?? heading;
    searched = start - 1;
    text += hunkLine(placeOf(start, ends[0]), placeOf(startAfter, ends[1]), heading);
    let next = start;
    for (const { before: from, removed, after: to, added } of differences.slice(at, last + 1)) {
      text += marked(" ", before, next, from) + marked("-", before, from, from + removed) +
        marked("+", after, to, to + added);
      next = from + removed;
    }
    text += marked(" ", before, next, ends[0]);
    at = last + 1;
  }
  return text;
}

/** The number of the first line of a part and how many it has; one is left out. */
function placeOf(start: number, end: number): string {
  const count = end - start;
  return `${count === 0 ? start : start + 1}${count === 1 ? "" : `,${count}`}`;
}

function hunkLine(before: string, after: string, heading: string): string {
  const line = `@@ -${before} +${after} @@`;
  return heading === "" ? `${line}\n` : `${`${line} ${heading}`.slice(0, HUNK_LINE_MAX)}\n`;
}

/** The nearest line up to a limit that starts with a letter, `_` or `$`. */
function headingBefore(lines: readonly string[], start: number, limit: number): string | undefined {
  for (let at = start; at > limit && at >= 0; at--) {
    if (/^[A-Za-z_$]/.test(lines[at]!)) return lines[at]!.slice(0, HEADING_MAX).replace(/[ \t\n\r]+$/, "");
  }
  return undefined;
}

/** Lines with a mark before each; the last one of a text may lack its end. */
function marked(mark: string, lines: readonly string[], start: number, end: number): string {
  let text = "";
  for (let at = start; at < end; at++) {
    const line = lines[at]!;
    text += line.endsWith("\n") ? mark + line : `${mark}${line}\n\\ No newline at end of file\n`;
  }
  return text;
}
