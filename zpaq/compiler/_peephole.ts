/**
 * Loads and stores of cells that registers hold already, seen when cells are settled.
 */
import type { Variable } from "./_ir.ts";
import { effectOf } from "./_machine_code.ts";
import type { Item } from "./_machine_code.ts";

const BITS: Readonly<Record<string, number>> = { a: 1, b: 2, c: 4, d: 8 };

const REGISTERS = Object.keys(BITS);

/** Leaves out what changes nothing. */
export function cleanCells(items: readonly Item[], cells: ReadonlyMap<Variable, number>): Item[] {
  /** Cells whose value each register has. */
  const held: Record<string, Set<number>> = { a: new Set(), b: new Set(), c: new Set(), d: new Set() };
  return items.filter((item) => {
    if (item.type === "label") {
      for (const register of REGISTERS) held[register]!.clear();
      return true;
    }
    if (item.type === "cell") {
      const cell = cells.get(item.variable)!;
      if (item.word === "r=a") {
        if (held.a!.has(cell)) return false;
        for (const register of REGISTERS) held[register]!.delete(cell);
        held.a!.add(cell);
        return true;
      }
      const own = held[item.word[0]!]!;
      if (own.has(cell)) return false;
      own.clear();
      own.add(cell);
      return true;
    }
    if (item.type === "plain" && item.word.length === 3 && item.word[1] === "=") {
      const [to, from] = [held[item.word[0]!], held[item.word[2]!]];
      if (to !== undefined && from !== undefined) {
        if (to === from) return true;
        to.clear();
        for (const cell of from) to.add(cell);
        return true;
      }
    }
    const { writes } = effectOf(item);
    for (const register of REGISTERS) if ((writes & BITS[register]!) !== 0) held[register]!.clear();
    return true;
  });
}
