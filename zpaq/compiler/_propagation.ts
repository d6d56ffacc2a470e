/**
 * Values that are known, or computed already, on the way to an operation. What a block knows holds at the start of every
 * block that can be reached from it alone.
 */
import { compute, HASH, isComparison, MIRRORED, OPPOSITE, successorsOf, Variable, writesOf } from "./_ir.ts";
import type { Block, Ending, Graph, Memory, Operation, Operator, Value } from "./_ir.ts";
import { holds } from "./_ir.ts";
import type { Ranges } from "./_ranges.ts";
import { Trail, TrailedMap } from "./_trail.ts";

const NONE = 2 ** 32 - 1;
const COMMUTATIVE: ReadonlySet<Operator> = new Set(["+", "*", "&", "|", "^", "hash"]);

/** How a value is made, to see through it. */
interface Formula {
  readonly operator: Operator;
  readonly a: Value;
  readonly b: Value;
  /** The numbers of the operands then: they still have them, or the formula holds no longer. */
  readonly numbers: readonly [number, number];
}

/** What is known at one point: equal values have equal numbers. */
class Knowledge {
  readonly #trail = new Trail();
  readonly numbers = new TrailedMap<Variable, number>(this.#trail);
  readonly holders = new TrailedMap<number, Value>(this.#trail);
  readonly expressions = new TrailedMap<string, number>(this.#trail);
  readonly formulas = new TrailedMap<number, Formula>(this.#trail);
  /** The version of each memory. */
  readonly memory = new TrailedMap<Memory, number>(this.#trail);

  /** A point to come back to. */
  get mark(): number {
    return this.#trail.length;
  }

  /** Forgets what was found since a point. */
  comeBack(mark: number): void {
    this.#trail.rollBack(mark);
  }
}

/** Replaces values by what is known of them; true if something changed. */
export class Propagation {
  readonly #graph: Graph;
  readonly #ranges: Ranges;
  readonly #share: boolean;
  #known = new Knowledge();
  #numbers = 0;
  changed = false;

  /** With `share`, values that were computed before are taken from there. */
  constructor(graph: Graph, ranges: Ranges, share: boolean) {
    this.#graph = graph;
    this.#ranges = ranges;
    this.#share = share;
  }

  run(): void {
    const predecessors = new Map<Block, Set<Block>>(this.#graph.blocks.map((block) => [block, new Set()]));
    for (const block of this.#graph.blocks) {
      for (const next of successorsOf(block, this.#graph.enter)) predecessors.get(next)!.add(block);
    }
    const only = (block: Block): Block | undefined => {
      const [first, second] = predecessors.get(block)!;
      const isEntry = block === this.#graph.start || block === this.#graph.enter;
      return second === undefined && !isEntry ? first : undefined;
    };
    const children = new Map<Block, Block[]>();
    const roots: Block[] = [];
    for (const block of this.#graph.blocks) {
      const parent = only(block);
      if (parent === undefined) roots.push(block);
      else {
        const others = children.get(parent);
        if (others === undefined) children.set(parent, [block]);
        else others.push(block);
      }
    }
    const visited = new Set<Block>();
    const walk = (root: Block, knowledge: Knowledge): void => {
      this.#known = knowledge;
      const open: [block: Block, mark: number][] = [[root, knowledge.mark]];
      for (let next = open.pop(); next !== undefined; next = open.pop()) {
        const [block, mark] = next;
        if (visited.has(block)) continue;
        visited.add(block);
        // Whatever was walked meanwhile is below the same block: copies for each would take the square of their number.
        knowledge.comeBack(mark);
        this.#block(block);
        for (const child of children.get(block) ?? []) open.push([child, knowledge.mark]);
      }
    };
    for (const root of roots) walk(root, root === this.#graph.start ? this.#initial() : new Knowledge());
    // Blocks of loops that nothing else leads to.
    for (const block of this.#graph.blocks) if (!visited.has(block)) walk(block, new Knowledge());
  }

  /** At first the module's variables are 0. */
  #initial(): Knowledge {
    const knowledge = new Knowledge();
    const zero = this.#numbers++;
    knowledge.expressions.set("#0", zero);
    knowledge.holders.set(zero, 0);
    for (const { operations } of this.#graph.blocks) {
      for (const operation of operations) {
        for (const variable of writesOf(operation)) {
          if (variable.owner === undefined && !variable.temporary) knowledge.numbers.set(variable, zero);
        }
      }
    }
    return knowledge;
  }

  #block(block: Block): void {
    block.operations = block.operations.flatMap((operation) => {
      const result = this.#operation(operation);
      if (result !== operation) this.changed = true;
      return result === undefined ? [] : [result];
    });
    const end = this.#end(block.end);
    if (end !== block.end) this.changed = true;
    block.end = end;
    if (end.type === "call") this.#known.numbers.delete(end.callee.origin);
  }

  #number(value: Value): number {
    if (typeof value === "number") return this.#expression(`#${value}`, value);
    let number = this.#known.numbers.get(value);
    if (number === undefined) {
      number = this.#numbers++;
      this.#known.numbers.set(value, number);
      this.#known.holders.set(number, value);
    }
    return number;
  }

  #expression(key: string, holder: Value | undefined): number {
    let number = this.#known.expressions.get(key);
    if (number === undefined) {
      number = this.#numbers++;
      this.#known.expressions.set(key, number);
    }
    if (holder !== undefined && this.#holder(number) === undefined) this.#known.holders.set(number, holder);
    return number;
  }

  /** Something that has the value with this number now. */
  #holder(number: number): Value | undefined {
    const holder = this.#known.holders.get(number);
    const valid = typeof holder === "number" ||
      holder !== undefined && this.#known.numbers.get(holder) === number;
    return valid ? holder : undefined;
  }

  #best(value: Value): Value {
    return this.#holder(this.#number(value)) ?? value;
  }

  #assign(to: Variable, number: number): void {
    this.#known.numbers.set(to, number);
    const holder = this.#holder(number);
    // Variables of the program are better than intermediate values, which may then be computed where they are used.
    const better = holder instanceof Variable && holder.temporary && !to.temporary;
    if (holder === undefined || better) this.#known.holders.set(number, to);
  }

  #operation(operation: Operation): Operation | undefined {
    switch (operation.type) {
      case "set": {
        const from = this.#best(operation.from);
        const number = this.#number(from);
        if (this.#known.numbers.get(operation.to) === number) return undefined;
        this.#assign(operation.to, number);
        return from === operation.from ? operation : { ...operation, from };
      }
      case "binary":
        return this.#binary(operation);
      case "load": {
        const at = this.#best(operation.at);
        const key = `${operation.memory}${this.#known.memory.get(operation.memory) ?? 0}[${
          this.#number(at)
        }]`;
        const number = this.#expression(key, undefined);
        const holder = this.#holder(number);
        if (holder !== undefined && this.#share) {
          this.#assign(operation.to, number);
          return { type: "set", to: operation.to, from: holder, line: operation.line };
        }
        this.#assign(operation.to, number);
        return at === operation.at ? operation : { ...operation, at };
      }
      case "store": {
        const { memory } = operation;
        const at = this.#best(operation.at);
        const value = this.#narrow(this.#best(operation.value), memory === "M");
        const version = this.#numbers++;
        this.#known.memory.set(memory, version);
        if (memory === "H" || this.#ranges.most(value) <= 255) {
          this.#known.expressions.set(`${memory}${version}[${this.#number(at)}]`, this.#number(value));
        }
        return at === operation.at && value === operation.value ? operation : { ...operation, at, value };
      }
      case "out": {
        const value = this.#narrow(this.#best(operation.value), true);
        return value === operation.value ? operation : { ...operation, value };
      }
      case "input":
        this.#known.numbers.set(operation.to, this.#numbers++);
        this.#known.holders.set(this.#known.numbers.get(operation.to)!, operation.to);
        return operation;
      case "restore":
        for (const variable of operation.frame.variables) this.#known.numbers.delete(variable);
        for (const variable of [...this.#known.numbers.keys()]) {
          if (variable.owner === operation.frame.owner) this.#known.numbers.delete(variable);
        }
        return operation;
      case "table":
        this.#known.memory.set(operation.table.memory, this.#numbers++);
        return operation;
      default:
        return operation;
    }
  }

  /** Leaves a mask out where only the lowest byte counts. */
  #narrow(value: Value, byte: boolean): Value {
    if (!byte) return value;
    if (typeof value === "number") return value & 255;
    const formula = this.#formula(value);
    if (formula?.operator === "&" && typeof formula.b === "number" && (formula.b & 255) === 255) {
      return formula.a;
    }
    return value;
  }

  /** How a variable's value was made, if its operands still have the values that they had. */
  #formula(value: Value): Formula | undefined {
    if (typeof value === "number") return undefined;
    const formula = this.#known.formulas.get(this.#number(value));
    if (formula === undefined) return undefined;
    const [a, b] = formula.numbers.map((number) => this.#holder(number));
    return a === undefined || b === undefined ? undefined : { ...formula, a, b };
  }

  #binary(operation: Operation & { readonly type: "binary" }): Operation {
    const { to, line } = operation;
    const [a, b, operator] = this.#simplify(
      operation.operator,
      this.#best(operation.a),
      this.#best(operation.b),
    );
    if (operator === undefined) {
      this.#assign(to, this.#number(a));
      return { type: "set", to, from: a, line };
    }
    const numbers = [this.#number(a), this.#number(b)] as const;
    const key = COMMUTATIVE.has(operator) && numbers[0] > numbers[1]
      ? `${numbers[1]}${operator}${numbers[0]}`
      : `${numbers[0]}${operator}${numbers[1]}`;
    const number = this.#expression(key, undefined);
    const holder = this.#holder(number);
    // Sharing what takes one cheap instruction costs more than doing it again.
    const cheap = typeof b === "number" && b <= 255;
    if (holder !== undefined && this.#share && !cheap) {
      this.#assign(to, number);
      return { type: "set", to, from: holder, line };
    }
    this.#known.formulas.set(number, { operator, a, b, numbers });
    this.#assign(to, number);
    const same = a === operation.a && b === operation.b && operator === operation.operator;
    return same ? operation : { type: "binary", to, operator, a, b, line };
  }

  /** The same value by less; without an operator it is the first operand. */
  #simplify(operator: Operator, left: Value, right: Value): readonly [Value, Value, Operator | undefined] {
    // Long: a list of rules, tried in order.
    const is = (value: Value): readonly [Value, Value, undefined] => [value, 0, undefined];
    let [a, b] = [left, right];
    if (typeof a === "number" && typeof b === "number") return is(compute(operator, a, b));
    if (typeof a === "number" && COMMUTATIVE.has(operator)) [a, b] = [b, a];
    if (typeof a === "number" && isComparison(operator)) [a, b, operator] = [b, a, MIRRORED[operator]];
    const most = this.#ranges.most(a);
    if (isComparison(operator)) {
      const known = this.#comparison(operator, a, b);
      if (known !== undefined) return is(known ? 1 : 0);
      if (most <= 1 && typeof b === "number" && b <= 1 && (operator === "==" || operator === "!=")) {
        return (operator === "==") === (b === 1) ? is(a) : [a, 1, "^"];
      }
      return [a, b, operator];
    }
    if (a === b && !(typeof a === "number")) {
      if (operator === "-" || operator === "^") return is(0);
      if (operator === "&" || operator === "|") return is(a);
    }
    if (typeof b !== "number") {
      if (a === 0 && ["*", "/", "%", "&", "<<", ">>"].includes(operator)) return is(0);
      if ((operator === "<<" || operator === ">>") && this.#ranges.most(b) > 31) return [a, b, operator];
      return [a, b, operator];
    }
    const [formula, exponent] = [this.#formula(a), Math.log2(b)];
    const power = Number.isInteger(exponent);
    const inner = formula !== undefined && typeof formula.b === "number" ? formula.b : undefined;
    switch (operator) {
      case "+":
      case "-": {
        if (b === 0) return is(a);
        const amount = operator === "+" ? b : (2 ** 32 - b) >>> 0;
        if (inner !== undefined && (formula!.operator === "+" || formula!.operator === "-")) {
          const sum = compute("+", amount, formula!.operator === "+" ? inner : (2 ** 32 - inner) >>> 0);
          return sum === 0
            ? is(formula!.a)
            : sum > 2 ** 31
            ? [formula!.a, 2 ** 32 - sum, "-"]
            : [formula!.a, sum, "+"];
        }
        return amount > 2 ** 31 ? [a, 2 ** 32 - amount, "-"] : [a, amount, "+"];
      }
      case "*":
        if (b === 0) return is(0);
        if (b === 1) return is(a);
        if (b === HASH.times && formula?.operator === "+") {
          const sides = this.#hashed(formula);
          if (sides !== undefined) return [...sides, "hash"];
        }
        return power ? [a, exponent, "<<"] : [a, b, "*"];
      case "/":
        if (b === 0) return is(0);
        if (b === 1) return is(a);
        if (most < b) return is(0);
        return power ? this.#simplify(">>", a, exponent) : [a, b, "/"];
      case "%":
        if (b <= 1) return is(0);
        if (most < b) return is(a);
        return power ? this.#simplify("&", a, b - 1) : [a, b, "%"];
      case "&":
        if (b === 0) return is(0);
        if (b === NONE || Number.isInteger(Math.log2(b + 1)) && most <= b) return is(a);
        if (inner !== undefined && formula!.operator === "&") {
          return this.#simplify("&", formula!.a, (inner & b) >>> 0);
        }
        return [a, b, "&"];
      case "|":
        return b === 0 ? is(a) : [a, b, "|"];
      case "^":
        if (b === 0) return is(a);
        if (inner !== undefined && formula!.operator === "^") {
          return this.#simplify("^", formula!.a, (inner ^ b) >>> 0);
        }
        return [a, b, "^"];
      case "<<":
      case ">>":
        if (b === 0) return is(a);
        if (b > 31 || operator === ">>" && most < 2 ** b) return is(0);
        if (inner !== undefined && formula!.operator === operator) {
          return this.#simplify(operator, formula!.a, inner + b);
        }
        return [a, b, operator];
    }
    return [a, b, operator];
  }

  /** What is hashed, if a sum is two values and the machine's 512. */
  #hashed({ a, b }: Formula): readonly [Value, Value] | undefined {
    if (typeof b !== "number") {
      // 512 was added to one side first.
      for (const [side, other] of [[a, b], [b, a]] as const) {
        const inner = this.#formula(side);
        if (inner?.operator === "+" && inner.b === HASH.plus) return [inner.a, other];
      }
      return undefined;
    }
    if (b < HASH.plus || b > HASH.plus + 255) return undefined;
    const sum = this.#formula(a);
    return b === HASH.plus && sum?.operator === "+" ? [sum.a, sum.b] : [a, b - HASH.plus];
  }

  /** Whether a comparison is known to hold, or not to. */
  #comparison(operator: "==" | "!=" | "<" | ">" | "<=" | ">=", a: Value, b: Value): boolean | undefined {
    if (typeof a === "number" && typeof b === "number") return holds(operator, a, b);
    if (a === b) return holds(operator, 0, 0);
    if (typeof b !== "number") return undefined;
    const { most, none } = this.#ranges.of(a);
    const never = b > most && !(none && b === NONE);
    switch (operator) {
      case "==":
        return never ? false : undefined;
      case "!=":
        return never ? true : undefined;
      case "<":
        return b === 0 ? false : !none && most < b ? true : undefined;
      case ">=":
        return b === 0 ? true : !none && most < b ? false : undefined;
      case ">":
        return b === NONE || !none && most <= b ? false : undefined;
      case "<=":
        return b === NONE || !none && most <= b ? true : undefined;
    }
  }

  #end(end: Ending): Ending {
    if (end.type !== "branch") return end;
    let [a, b, operator] = [this.#best(end.a), this.#best(end.b), end.operator];
    if (typeof a === "number" && typeof b !== "number") [a, b, operator] = [b, a, MIRRORED[operator]];
    const known = this.#comparison(operator, a, b);
    if (known !== undefined) return { type: "jump", to: known ? end.yes : end.no, line: end.line };
    // A test of a comparison's result is the comparison.
    const formula = this.#formula(a);
    if (
      b === 0 && formula !== undefined && isComparison(formula.operator) &&
      (operator === "!=" || operator === "==")
    ) {
      const inner = operator === "!=" ? formula.operator : OPPOSITE[formula.operator];
      return { ...end, a: formula.a, b: formula.b, operator: inner };
    }
    const same = a === end.a && b === end.b && operator === end.operator;
    return same ? end : { ...end, a, b, operator };
  }
}
