/**
 * Loads and stores of cells that registers hold already, seen when cells are settled.
 */
import type { Variable } from "./_ir.ts";
import { effectOf } from "./_machine_code.ts";
import type { Item } from "./_machine_code.ts";

const BITS: Readonly<Record<string, number>> = { a: 1, b: 2, c: 4, d: 8 };

/** Leaves out what changes nothing. */
export function cleanCells(items: readonly Item[], cells: ReadonlyMap<Variable, number>): Item[] {
  /** Cells whose value each register has. */
  const held: Record<string, Set<number>> = { a: new Set(), b: new Set(), c: new Set(), d: new Set() };
  return items.filter((item) => {
    if (item.type === "label") {
      for (const register of Object.keys(held)) held[register]!.clear();
      return true;
    }
    if (item.type === "cell") {
      const cell = cells.get(item.variable)!;
      if (item.word === "r=a") {
        if (held.a!.has(cell)) return false;
        for (const register of Object.keys(held)) held[register]!.delete(cell);
        held.a!.add(cell);
        return true;
      }
      const own = held[item.word[0]!]!;
      if (own.has(cell)) return false;
      own.clear();
      own.add(cell);
      return true;
    }
    const [, to, from] = /^([abcd])=([abcd])$/.exec(item.type === "plain" ? item.word : "") ?? [];
    if (to !== undefined && from !== undefined) {
      held[to] = new Set(held[from]);
      return true;
    }
    const { writes } = effectOf(item);
    for (const [register, bit] of Object.entries(BITS)) if ((writes & bit) !== 0) held[register]!.clear();
    return true;
  });
}
