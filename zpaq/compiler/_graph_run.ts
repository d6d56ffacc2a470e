/**
 * Runs a graph as it comes from the syntax tree, before anything is improved or put into registers: what compiled code is
 * compared with. It shares nothing with the parts of the compiler that make instructions.
 */
import { compute, holds } from "./_ir.ts";
import type { Block, Graph, Memory, Operation, Value, Variable } from "./_ir.ts";

const NONE = 2 ** 32 - 1;

/** How a call ended: `open` when it came to something that this cannot follow. */
export type GraphStop = "halt" | "error" | "open";

/** How the arrays of compiled code are made. */
export interface ArraySizes {
  /** log2 of what the program has, and of what its code made of it. */
  readonly own: number;
  readonly whole: number;
}

/** One graph with its variables and arrays. */
export class GraphRun {
  readonly output: number[] = [];
  readonly memory: Readonly<Record<Memory, Map<number, number>>> = { H: new Map(), M: new Map() };
  readonly #graph: Graph;
  readonly #sizes: Readonly<Record<Memory, ArraySizes>>;
  readonly #tables: Readonly<Record<Memory, number>>;
  readonly #variables = new Map<Variable, number>();
  readonly #stack: number[] = [];
  readonly #stackMax: number;
  #budget: number;
  /** Where the next call begins. */
  #next: Block;

  /** `budget` is the number of operations, `stackMax` the number of words that calls may save. */
  constructor(
    graph: Graph,
    sizes: Readonly<Record<Memory, ArraySizes>>,
    budget: number,
    stackMax: number,
  ) {
    this.#graph = graph;
    this.#next = graph.start;
    this.#sizes = sizes;
    this.#budget = budget;
    this.#stackMax = stackMax;
    const size = (memory: Memory): number =>
      graph.tables.reduce((sum, table) => table.memory === memory ? sum + table.values.length : sum, 0);
    this.#tables = { H: size("H"), M: size("M") };
  }

  /** Gives the program one value. */
  call(input: number): GraphStop {
    let block = this.#next;
    for (;;) {
      for (const operation of block.operations) {
        if (this.#budget-- <= 0 || !this.#execute(operation, input)) return "open";
      }
      if (this.#budget-- <= 0) return "open";
      const { end } = block;
      switch (end.type) {
        case "jump":
          block = end.to;
          break;
        case "branch":
          block = holds(end.operator, this.#value(end.a), this.#value(end.b)) ? end.yes : end.no;
          break;
        case "call":
          this.#variables.set(end.callee.origin, end.callee.sites.indexOf(end.next));
          block = end.callee.entry;
          break;
        case "return":
          block = end.routine.sites[this.#value(end.routine.origin)]!;
          break;
        case "read":
          this.#next = end.next;
          return "halt";
        case "halt":
          this.#next = this.#graph.enter;
          return "halt";
        case "error":
          return "error";
      }
    }
  }

  #value(value: Value): number {
    return typeof value === "number" ? value : this.#variables.get(value) ?? 0;
  }

  /** False where the program relies on what arrays do beyond their end. */
  #execute(operation: Operation, input: number): boolean {
    const variables = this.#variables;
    switch (operation.type) {
      case "set":
        variables.set(operation.to, this.#value(operation.from));
        return true;
      case "binary": {
        const { operator, to, a, b } = operation;
        variables.set(to, compute(operator, this.#value(a), this.#value(b)));
        return true;
      }
      case "load": {
        const at = this.#place(operation.memory, this.#value(operation.at));
        if (at === undefined) return false;
        variables.set(operation.to, this.memory[operation.memory].get(at) ?? 0);
        return true;
      }
      case "store": {
        const { memory } = operation;
        const at = this.#place(memory, this.#value(operation.at));
        if (at === undefined) return false;
        const value = this.#value(operation.value);
        this.memory[memory].set(at, memory === "M" ? value & 255 : value);
        return true;
      }
      case "out":
        this.output.push(this.#value(operation.value) & 255);
        return true;
      case "input":
        variables.set(operation.to, input);
        return true;
      case "save":
        this.#stack.push(...operation.frame.variables.map((variable) => this.#value(variable)));
        return this.#stack.length <= this.#stackMax;
      case "restore":
        for (const variable of operation.frame.variables.toReversed()) {
          variables.set(variable, this.#stack.pop()!);
        }
        return true;
      case "table": {
        const { memory, values, base } = operation.table;
        for (const [i, value] of values.entries()) {
          this.memory[memory].set(this.#place(memory, NONE - base - i)!, value);
        }
        return true;
      }
    }
  }

  /** The element that an index means; undefined where that depends on what the code keeps beyond the program's own. */
  #place(memory: Memory, index: number): number | undefined {
    const { own, whole } = this.#sizes[memory];
    if (own === whole) return index % 2 ** own;
    return index < 2 ** own || index > NONE - this.#tables[memory] ? index % 2 ** whole : undefined;
  }
}
