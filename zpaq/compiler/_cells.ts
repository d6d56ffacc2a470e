/**
 * Which of the machine's 256 cells R each variable lives in: variables that are never needed at the same time share one.
 */
import { BitsPool } from "./_bits.ts";
import type { Bits } from "./_bits.ts";
import type { Variable } from "./_ir.ts";
import { effectOf, MachineLiveness } from "./_machine_code.ts";
import type { Item, Label } from "./_machine_code.ts";

/** Cells of the machine. */
export const CELL_COUNT = 256;

/** Of more variables than cells that all keep their values, so many get one. */
const KEPT_MAX = 224;

/** Cells of all variables, and the variables that got none. */
export interface Cells {
  readonly cells: ReadonlyMap<Variable, number>;
  readonly homeless: readonly Variable[];
}

/** A pair of variables with the same value at one point. */
interface Move {
  readonly from: number;
  readonly to: number;
  readonly weight: number;
}

/** Gives out cells. Variables of `fixed` must get one. */
export function allocateCells(items: readonly Item[], first: Label, fixed: ReadonlySet<Variable>): Cells {
  const liveness = new MachineLiveness(items);
  const count = liveness.variables.length;
  const weights = new Float64Array(count);
  for (const item of items) {
    if (item.type === "cell") weights[liveness.indexOf(item.variable)]! += 8 ** Math.min(item.depth, 6);
  }
  const surplus = surplusOf(liveness, first, weights, fixed);
  if (surplus.length > 0) return { cells: new Map(), homeless: surplus };
  const conflicts = new Conflicts(count);
  const moves: Move[] = [];
  const source = movesOf(items);
  liveness.visit((at, { cells }) => {
    const item = items[at]!;
    if (item.type !== "cell") return;
    const own = liveness.indexOf(item.variable);
    if (item.word !== "r=a") return;
    const from = source.get(at);
    const same = from === undefined ? -1 : liveness.indexOf(from);
    conflicts.addAll(own, cells, same);
    if (same >= 0) moves.push({ from: same, to: own, weight: 8 ** Math.min(item.depth, 6) });
  });
  // What is needed from the very start keeps the zero that every cell has then.
  const initial = liveness.beforeLabel(first);
  for (const each of initial) conflicts.addAll(each, initial, -1);
  conflicts.close();
  const leaders = merge(moves, conflicts, count);
  const members = new Map<number, number[]>();
  for (let i = 0; i < count; i++) {
    const leader = leaders(i);
    members.set(leader, [...members.get(leader) ?? [], i]);
    if (leader !== i) weights[leader]! += weights[i]!;
  }
  for (const variable of fixed) {
    const index = liveness.indexOf(variable);
    if (index !== undefined) weights[leaders(index)] = Infinity;
  }
  const chosen = new Map<number, number>();
  const homeless: Variable[] = [];
  const order = [...members.keys()].sort((a, b) =>
    weights[b] === weights[a] ? a - b : weights[b]! - weights[a]!
  );
  for (const leader of order) {
    const taken = new Uint8Array(CELL_COUNT);
    for (const each of members.get(leader)!) {
      for (const other of conflicts.of(each)) {
        const cell = chosen.get(leaders(other));
        if (cell !== undefined) taken[cell] = 1;
      }
    }
    const cell = taken.indexOf(0);
    if (cell >= 0) chosen.set(leader, cell);
    else homeless.push(...members.get(leader)!.map((i) => liveness.variables[i]!));
  }
  const cells = new Map<Variable, number>();
  for (let i = 0; i < count; i++) {
    const cell = chosen.get(leaders(i));
    if (cell !== undefined) cells.set(liveness.variables[i]!, cell);
  }
  return { cells, homeless };
}

/** Variables that keep their values from call to call and are too many for cells: those that are used least. */
function surplusOf(
  liveness: MachineLiveness,
  first: Label,
  weights: Float64Array,
  fixed: ReadonlySet<Variable>,
): Variable[] {
  const kept = [...liveness.beforeLabel(first)].filter((index) => !fixed.has(liveness.variables[index]!));
  if (kept.length <= CELL_COUNT) return [];
  return kept.sort((a, b) => weights[b]! - weights[a]! || a - b).slice(KEPT_MAX).map((index) =>
    liveness.variables[index]!
  );
}

/** Stores of a value that another variable has as well: A was loaded from it, or stored to it. */
function movesOf(items: readonly Item[]): Map<number, Variable> {
  const sources = new Map<number, Variable>();
  let held: Variable | undefined;
  for (const [i, item] of items.entries()) {
    if (item.type === "label") held = undefined;
    else if (item.type === "cell" && item.word === "r=a") {
      if (held !== undefined && held !== item.variable) sources.set(i, held);
      held = item.variable;
    } else if (item.type === "cell" && item.word === "a=r") held = item.variable;
    else if ((effectOf(item).writes & 1) !== 0) held = undefined;
  }
  return sources;
}

/** Joins variables that are copies of each other and never differ while both are needed. */
function merge(moves: readonly Move[], conflicts: Conflicts, count: number): (index: number) => number {
  const parents = Array.from({ length: count }, (_, i) => i);
  const leader = (index: number): number => {
    let found = index;
    while (parents[found] !== found) found = parents[found]!;
    return found;
  };
  for (const { from, to } of [...moves].sort((a, b) => b.weight - a.weight)) {
    const [a, b] = [leader(from), leader(to)];
    if (a === b || conflicts.has(a, b)) continue;
    parents[b] = a;
    conflicts.merge(a, b);
  }
  return leader;
}

/** Which variables must not share a cell. */
class Conflicts {
  readonly #pool: BitsPool;
  readonly #rows = new Map<number, Bits>();

  constructor(count: number) {
    this.#pool = new BitsPool(count);
  }

  #row(index: number): Bits {
    let row = this.#rows.get(index);
    if (row === undefined) this.#rows.set(index, row = this.#pool.make());
    return row;
  }

  /** A variable conflicts with others, but not with itself and not with the one that has the same value. */
  addAll(index: number, others: Bits, same: number): void {
    const row = this.#row(index);
    const had = same >= 0 && row.has(same);
    row.addAll(others);
    row.delete(index);
    if (same >= 0 && !had) row.delete(same);
  }

  /** Makes every conflict one of both sides. */
  close(): void {
    for (const [index, row] of [...this.#rows]) {
      for (const other of row) this.#row(other).add(index);
    }
  }

  has(a: number, b: number): boolean {
    return this.#rows.get(a)?.has(b) === true;
  }

  of(index: number): Iterable<number> {
    return this.#rows.get(index) ?? [];
  }

  /** The first takes over what the second conflicts with. */
  merge(a: number, b: number): void {
    const row = this.#rows.get(b);
    if (row === undefined) return;
    this.#row(a).addAll(row);
    for (const other of row) this.#row(other).add(a);
  }
}
