/**
 * Lines in which two texts differ, for the eye: the shortest way from one to the other, where the texts are not too long.
 */

/** A line that both have, or that only the old or the new one has. */
export interface LineChange {
  readonly mark: " " | "-" | "+";
  readonly line: string;
}

/** Lines on both sides that are compared one by one; beyond, what is between the equal ends is shown as replaced. */
const CELLS_MAX = 4_000_000;
/** Equal lines that are shown around a change. */
const CONTEXT = 3;

function linesOf(text: string): string[] {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

/** All lines, marked. */
function compare(before: readonly string[], after: readonly string[]): LineChange[] {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start++;
  let [oldEnd, newEnd] = [before.length, after.length];
  while (oldEnd > start && newEnd > start && before[oldEnd - 1] === after[newEnd - 1]) {
    [oldEnd, newEnd] = [oldEnd - 1, newEnd - 1];
  }
  const equal = (line: string): LineChange => ({ mark: " ", line });
  const middle = compareMiddle(before.slice(start, oldEnd), after.slice(start, newEnd));
  return [...before.slice(0, start).map(equal), ...middle, ...before.slice(oldEnd).map(equal)];
}

function compareMiddle(before: readonly string[], after: readonly string[]): LineChange[] {
  const removed = (line: string): LineChange => ({ mark: "-", line });
  const added = (line: string): LineChange => ({ mark: "+", line });
  const width = after.length + 1;
  if (before.length * after.length === 0 || before.length * after.length > CELLS_MAX) {
    return [...before.map(removed), ...after.map(added)];
  }
  // By where both start, how many lines what follows has in common.
  const common = new Uint32Array((before.length + 1) * width);
  for (let i = before.length - 1; i >= 0; i--) {
    for (let j = after.length - 1; j >= 0; j--) {
      common[i * width + j] = before[i] === after[j]
        ? common[(i + 1) * width + j + 1]! + 1
        : Math.max(common[(i + 1) * width + j]!, common[i * width + j + 1]!);
    }
  }
  const changes: LineChange[] = [];
  let [i, j] = [0, 0];
  while (i < before.length && j < after.length) {
    if (before[i] === after[j]) {
      changes.push({ mark: " ", line: before[i++]! });
      j++;
    } else if (common[(i + 1) * width + j]! >= common[i * width + j + 1]!) {
      changes.push(removed(before[i++]!));
    } else changes.push(added(after[j++]!));
  }
  return [...changes, ...before.slice(i).map(removed), ...after.slice(j).map(added)];
}

/** The changes from one text to another as text, with some lines around each and a gap between. */
export function lineChanges(before: string, after: string): string {
  const all = compare(linesOf(before), linesOf(after));
  const shown = new Set<number>();
  for (const [at, { mark }] of all.entries()) {
    if (mark === " ") continue;
    for (let near = Math.max(0, at - CONTEXT); near <= Math.min(all.length - 1, at + CONTEXT); near++) {
      shown.add(near);
    }
  }
  const lines: string[] = [];
  let last = -1;
  for (const at of [...shown].sort((a, b) => a - b)) {
    if (at > last + 1) lines.push("…");
    lines.push(`${all[at]!.mark} ${all[at]!.line}`);
    last = at;
  }
  if (lines.length === 0) return "No line differs.";
  if (last < all.length - 1) lines.push("…");
  return lines.join("\n");
}
