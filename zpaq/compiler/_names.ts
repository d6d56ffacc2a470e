/**
 * The names that the language has of itself, and who is meant by a wrong one.
 */

/** The memory arrays by the program that they belong to. */
export const ARRAYS: Readonly<Record<string, "hcomp" | "pcomp">> = {
  hH: "hcomp",
  hM: "hcomp",
  pH: "pcomp",
  pM: "pcomp",
};

function arrayFunctions(): [string, readonly [number, number]][] {
  return Object.keys(ARRAYS).flatMap((array) =>
    ["alloc", "free", "array", "len"].map((verb): [string, readonly [number, number]] => [
      `${verb}_${array}`,
      [1, 1],
    ])
  );
}

/** The functions that programs call, with how many arguments each takes at least and at most. */
export const API: ReadonlyMap<string, readonly [least: number, most: number]> = new Map([
  ["read_b", [0, 0]],
  ["peek_b", [0, 0]],
  ["push_b", [1, 1]],
  ["out", [1, 1]],
  ["error", [0, 0]],
  ["len", [1, 1]],
  ["hash", [1, 2]],
  ...arrayFunctions(),
]);

/** The functions that the original compiler does not have. Programs may use their names for something else. */
export const EXTENSIONS: ReadonlySet<string> = new Set(["hash"]);

/** Whether a program can not give a name another meaning. */
export function isReserved(name: string): boolean {
  return API.has(name) && !EXTENSIONS.has(name);
}

/** Whether a call of this function waits for input. */
export function reads(name: string): boolean {
  return name === "read_b" || name === "peek_b";
}

/** How many single changes make one word another, up to `most`. */
function distance(a: string, b: string, most: number): number {
  if (Math.abs(a.length - b.length) > most) return most + 1;
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (const [i, character] of [...a].entries()) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      const replaced = row[j]! + (character === b[j] ? 0 : 1);
      next.push(Math.min(replaced, row[j + 1]! + 1, next[j]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}

/** The known name that is nearest to a wrong one; undefined where none is near. */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  let best: { readonly name: string; readonly changes: number } | undefined;
  const most = name.length < 4 ? 1 : 2;
  for (const each of known) {
    const changes = distance(name, each, most);
    if (changes <= most && changes < (best?.changes ?? Infinity)) best = { name: each, changes };
  }
  return best?.name;
}
