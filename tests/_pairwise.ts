/**
 * Few rows that hold every pair of values of every two factors.
 */

/** What may vary: each factor with its values. */
export type Factors = Readonly<Record<string, readonly unknown[]>>;

/** One value for each factor. */
export type PairwiseRow<T extends Factors> = { -readonly [K in keyof T]: T[K][number] };

/** Rows in which any two values of any two factors meet at least once. */
export function pairwise<const T extends Factors>(factors: T): PairwiseRow<T>[] {
  const names = Object.keys(factors);
  const open = new Set<string>();
  const key = (a: number, i: number, b: number, j: number): string =>
    a < b ? `${a}:${i} ${b}:${j}` : `${b}:${j} ${a}:${i}`;
  for (let a = 0; a < names.length; a++) {
    for (let b = a + 1; b < names.length; b++) {
      for (let i = 0; i < factors[names[a]!]!.length; i++) {
        for (let j = 0; j < factors[names[b]!]!.length; j++) open.add(key(a, i, b, j));
      }
    }
  }
  const rows: PairwiseRow<T>[] = [];
  while (open.size > 0) {
    const chosen = new Map<number, number>();
    for (const part of [...open][0]!.split(" ")) {
      const [factor, value] = part.split(":").map(Number);
      chosen.set(factor!, value!);
    }
    for (let factor = 0; factor < names.length; factor++) {
      if (chosen.has(factor)) continue;
      let best = 0;
      let most = -1;
      for (let value = 0; value < factors[names[factor]!]!.length; value++) {
        let gain = 0;
        for (const [other, at] of chosen) if (open.has(key(factor, value, other, at))) gain++;
        if (gain > most) [best, most] = [value, gain];
      }
      chosen.set(factor, best);
    }
    for (const [a, i] of chosen) for (const [b, j] of chosen) if (a !== b) open.delete(key(a, i, b, j));
    rows.push(
      Object.fromEntries(names.map((name, at) => [name, factors[name]![chosen.get(at)!]])) as PairwiseRow<T>,
    );
  }
  return rows;
}
