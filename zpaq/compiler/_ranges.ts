/**
 * How large the values of variables can get, wherever they are set.
 */
import { isComparison, readsOf, type Variable, writesOf } from "./_ir.ts";
import type { Graph, Operation, Operator, Value } from "./_ir.ts";

/** The largest number below NONE that a value can be, and whether it can be NONE. */
export interface Range {
  readonly most: number;
  readonly none: boolean;
}

const NONE = 2 ** 32 - 1;
const ANY: Range = { most: NONE, none: true };
/** What the module's variables are at first. */
const ZERO: Range = { most: 0, none: false };
const ROUNDS_MAX = 4;
/** Where growing ranges go to, so that they settle. */
const STEPS = [1, 31, 255, 256, 65_535, 2 ** 24 - 1, 2 ** 31 - 1];

function join(a: Range | undefined, b: Range | undefined): Range | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return { most: Math.max(a.most, b.most), none: a.none || b.none };
}

function rangeOfNumber(value: number): Range {
  return value === NONE ? { most: 0, none: true } : { most: value, none: false };
}

/** All bits below the highest one. */
function bitsOf(most: number): number {
  return most >= 2 ** 31 ? NONE : 2 ** Math.ceil(Math.log2(most + 1)) - 1;
}

/** A variable's range, and the last round in which it grew. */
interface Growth {
  range: Range | undefined;
  round: number;
}

/** An operation that sets a variable, with the ranges of what it sets and reads. */
interface Source {
  readonly operation: Operation;
  readonly to: Variable;
  readonly growth: Growth;
  readonly reads: readonly Growth[];
}

/** Ranges of all variables of a graph. */
export class Ranges {
  readonly #ranges = new Map<Variable, Growth>();

  constructor(graph: Graph) {
    const sources = graph.blocks.flatMap(({ operations }) => this.#sourcesOf(operations));
    let changed = true;
    for (let round = 0; changed; round++) {
      changed = false;
      for (const { operation, to, growth, reads } of sources) {
        // What reads the same as in the round before has the same result.
        if (round > 0 && !reads.some((each) => each.round >= round - 1)) continue;
        const before = growth.range;
        const initial = to.temporary ? undefined : ZERO;
        let after = join(before ?? initial, this.#result(operation, graph));
        if (
          after === undefined ||
          before !== undefined && before.most === after.most && before.none === after.none
        ) continue;
        if (round > ROUNDS_MAX) {
          after = { most: STEPS.find((step) => step >= after!.most) ?? NONE, none: after.none };
        }
        growth.range = after;
        growth.round = round;
        changed = true;
      }
    }
  }

  #sourcesOf(operations: readonly Operation[]): Source[] {
    return operations.flatMap((operation) => {
      if (operation.type === "restore") return [];
      const reads = readsOf(operation).flatMap((value) =>
        typeof value === "number" ? [] : [this.#growthOf(value)]
      );
      return writesOf(operation).map((to) => ({ operation, to, growth: this.#growthOf(to), reads }));
    });
  }

  #growthOf(variable: Variable): Growth {
    let growth = this.#ranges.get(variable);
    if (growth === undefined) this.#ranges.set(variable, growth = { range: undefined, round: -1 });
    return growth;
  }

  /** The largest value. */
  most(value: Value): number {
    if (typeof value === "number") return value;
    const { most, none } = this.of(value);
    return none ? NONE : most;
  }

  /** The range of a value. */
  of(value: Value): Range {
    return this.#known(value) ?? ANY;
  }

  /** Undefined as long as nothing was found that sets an intermediate value. */
  #known(value: Value): Range | undefined {
    if (typeof value === "number") return rangeOfNumber(value);
    return this.#ranges.get(value)?.range ?? (value.temporary ? undefined : ZERO);
  }

  #result(operation: Operation, graph: Graph): Range | undefined {
    switch (operation.type) {
      case "set":
        return this.#known(operation.from);
      case "load":
        return operation.memory === "M" ? { most: 255, none: false } : ANY;
      case "input":
        return { most: 255, none: graph.part === "pcomp" };
      case "binary": {
        if (isComparison(operation.operator)) return { most: 1, none: false };
        if (readsOf(operation).some((value) => this.#known(value) === undefined)) return undefined;
        const most = this.#binary(operation.operator, operation.a, operation.b);
        return most >= NONE ? ANY : { most, none: false };
      }
      default:
        return ANY;
    }
  }

  /** The largest result of an operator. */
  #binary(operator: Operator, left: Value, right: Value): number {
    const [a, b] = [this.most(left), this.most(right)];
    const exact = (value: number): number => value > NONE ? NONE : value;
    switch (operator) {
      case "+":
        return exact(a + b);
      case "*":
        return exact(a * b);
      case "&":
        return Math.min(a, b);
      case "|":
      case "^":
        return bitsOf(Math.max(a, b));
      case "/":
        return typeof right === "number" && right > 0 ? Math.floor(a / right) : a;
      case "%":
        return b === 0 ? 0 : Math.min(a, b - 1);
      case ">>":
        return typeof right === "number" ? (right > 31 ? 0 : a >>> right) : a;
      case "<<":
        return b > 31 ? NONE : exact(a * 2 ** b);
      default:
        return NONE;
    }
  }
}
