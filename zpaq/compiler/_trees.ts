/**
 * Expressions of the machine: values that are used once are computed where they are used.
 */
import { readsOf, readsOfEnd, Variable, writesOf } from "./_ir.ts";
import type { Block, Comparison, Ending, Graph, Memory, Operation, Operator, Value } from "./_ir.ts";
import type { Ranges } from "./_ranges.ts";

/** A value and how it is made. */
export type Node = Value | BinaryNode | LoadNode;

/** An operator on two values. */
export interface BinaryNode {
  readonly type: "binary";
  readonly operator: Operator;
  readonly a: Node;
  readonly b: Node;
  /** The largest result. */
  readonly most: number;
}

/** An element of an array. */
export interface LoadNode {
  readonly type: "load";
  readonly memory: Memory;
  readonly at: Node;
}

/** What is done with values, in order. */
export type Step =
  & { readonly line: number }
  & (
    | { readonly type: "set"; readonly to: Variable; readonly value: Node }
    | { readonly type: "store"; readonly memory: Memory; readonly at: Node; readonly value: Node }
    | { readonly type: "out"; readonly value: Node }
    | { readonly type: "other"; readonly operation: Operation }
    | {
      readonly type: "branch";
      readonly operator: Comparison;
      readonly a: Node;
      readonly b: Node;
      readonly end: Ending & { readonly type: "branch" };
    }
  );

const SIZE_MAX = 40;

interface Waiting {
  readonly to: Variable;
  readonly value: Node;
  readonly line: number;
  readonly reads: ReadonlySet<Variable>;
  readonly memories: ReadonlySet<Memory>;
  readonly size: number;
}

/** The variables that a value is made of. */
export function* leavesOf(node: Node): Generator<Variable, void, undefined> {
  if (node instanceof Variable) yield node;
  else if (typeof node === "object") {
    if (node.type === "load") yield* leavesOf(node.at);
    else {
      yield* leavesOf(node.a);
      yield* leavesOf(node.b);
    }
  }
}

/** Variables that are set once and read once. */
export function singleUses(graph: Graph): ReadonlySet<Variable> {
  const [sets, uses] = [new Map<Variable, number>(), new Map<Variable, number>()];
  const add = (counts: Map<Variable, number>, value: Value): void => {
    if (value instanceof Variable) counts.set(value, (counts.get(value) ?? 0) + 1);
  };
  for (const { operations, end } of graph.blocks) {
    for (const operation of operations) {
      for (const variable of writesOf(operation)) add(sets, variable);
      for (const value of readsOf(operation)) add(uses, value);
    }
    for (const value of readsOfEnd(end)) add(uses, value);
  }
  return new Set(
    [...uses].filter(([variable, count]) => count === 1 && sets.get(variable) === 1).map(([variable]) =>
      variable
    ),
  );
}

/** The steps of a block. */
export function stepsOf(block: Block, single: ReadonlySet<Variable>, ranges: Ranges): Step[] {
  // Long: closures over what waits, read and written by each kind of operation.
  const steps: Step[] = [];
  let waiting: Waiting[] = [];
  const flush = (which: (each: Waiting) => boolean): void => {
    // What waits longest may be read by what waits after it.
    const due = waiting.filter(which);
    waiting = waiting.filter((each) => !due.includes(each));
    for (const { to, value, line } of due) steps.push({ type: "set", to, value, line });
  };
  let [reads, memories, size]: [Set<Variable>, Set<Memory>, number] = [new Set(), new Set(), 0];
  const take = (value: Value): Node => {
    if (!(value instanceof Variable)) return value;
    const found = waiting.find(({ to }) => to === value);
    if (found === undefined) {
      reads.add(value);
      return value;
    }
    waiting = waiting.filter((each) => each !== found);
    for (const each of found.reads) reads.add(each);
    for (const each of found.memories) memories.add(each);
    size += found.size;
    return found.value;
  };
  const begin = (): void => void ([reads, memories, size] = [new Set(), new Set(), 1]);
  const lastReads = lastReadsOf(block);
  let at = 0;
  const settle = (to: Variable, value: Node, line: number): void => {
    // What is read before it is set, on the next way round, has to be set.
    if (single.has(to) && (lastReads.get(to) ?? -1) > at && size < SIZE_MAX) {
      waiting.push({ to, value, line, reads, memories, size });
      return;
    }
    flush((each) => each.reads.has(to));
    steps.push({ type: "set", to, value, line });
  };
  for (const [i, operation] of block.operations.entries()) {
    begin();
    at = i;
    const { line } = operation;
    switch (operation.type) {
      case "set":
        settle(operation.to, take(operation.from), line);
        break;
      case "binary": {
        const { operator, to } = operation;
        settle(to, {
          type: "binary",
          operator,
          a: take(operation.a),
          b: take(operation.b),
          most: ranges.most(to),
        }, line);
        break;
      }
      case "load": {
        const node = take(operation.at);
        memories.add(operation.memory);
        settle(operation.to, { type: "load", memory: operation.memory, at: node }, line);
        break;
      }
      case "store": {
        const [node, value] = [take(operation.at), take(operation.value)];
        flush((each) => each.memories.has(operation.memory));
        steps.push({ type: "store", memory: operation.memory, at: node, value, line });
        break;
      }
      case "out":
        steps.push({ type: "out", value: take(operation.value), line });
        break;
      default:
        flush(() => true);
        steps.push({ type: "other", operation, line });
    }
  }
  const { end } = block;
  if (end.type === "branch") {
    begin();
    const [a, b] = [take(end.a), take(end.b)];
    flush(() => true);
    steps.push({ type: "branch", operator: end.operator, a, b, end, line: end.line });
  } else flush(() => true);
  return steps;
}

/** The operation that reads each variable last; the end of the block comes after all of them. */
function lastReadsOf(block: Block): ReadonlyMap<Variable, number> {
  const last = new Map<Variable, number>();
  const read = (values: readonly Value[], at: number): void => {
    for (const value of values) if (value instanceof Variable) last.set(value, at);
  };
  for (const [i, operation] of block.operations.entries()) read(readsOf(operation), i);
  read(readsOfEnd(block.end), block.operations.length);
  return last;
}
