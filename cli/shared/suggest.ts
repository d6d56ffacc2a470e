/**
 * The word that a mistyped one was meant to be.
 */

const DISTANCE_MAX = 2;

/** Text that names the nearest of the known words, where one is near: `, did you mean "zstd"`; else nothing. */
export function nearest(word: string, known: Iterable<string>): string {
  let best: { name: string; distance: number } | undefined;
  for (const name of known) {
    const distance = editDistance(word, name);
    if (best === undefined || distance < best.distance) best = { name, distance };
  }
  // Half of a short word makes another one.
  const limit = Math.min(DISTANCE_MAX, Math.floor(word.replace(/^-+/, "").length / 2));
  return best === undefined || best.distance > limit ? "" : `, did you mean "${best.name}"`;
}

/** How many letters must be added, removed or replaced to make one word the other. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = row[j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row.at(-1)!;
}
