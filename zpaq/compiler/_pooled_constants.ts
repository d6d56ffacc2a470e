/**
 * Numbers that take several instructions each time they are needed: variables that are set when the program starts.
 */
import { isComparison, Variable } from "./_ir.ts";
import type { Graph, Operator, Value } from "./_ir.ts";
import { constantSteps } from "./_constant_synthesis.ts";

const NONE = 2 ** 32 - 1;
/** A cell is read by one instruction, and put into a register where it is an operand. */
const STEPS_MIN = 3;
const COUNT_MAX = 16;

/** Whether an operator takes a number without further instructions, or in a way that is as short. */
function isCheap(operator: Operator, value: number): boolean {
  if (value <= 255 || NONE - value <= 255) return true;
  const low = Number.isInteger(Math.log2(value + 1));
  if (operator === "&") return low || Number.isInteger(Math.log2(2 ** 32 - value));
  return isComparison(operator) && low;
}

/** Whether a graph has numbers to pool. */
export function hasPoolable(graph: Graph): boolean {
  let found = false;
  visit(graph, (value) => {
    found = true;
    return value;
  });
  return found;
}

/** Pools the numbers of a graph; false where there is none that is worth it. */
export function poolConstants(graph: Graph): boolean {
  const weights = new Map<number, number>();
  visit(graph, (value, depth) => {
    weights.set(value, (weights.get(value) ?? 0) + 8 ** Math.min(depth, 6));
    return value;
  });
  const pooled = new Map(
    [...weights].sort((a, b) => b[1] - a[1]).slice(0, COUNT_MAX).map(([value]) =>
      [value, new Variable(`(${value})`, undefined, false)] as const
    ),
  );
  if (pooled.size === 0) return false;
  visit(graph, (value) => pooled.get(value) ?? value);
  const { operations, end } = graph.start;
  const sets = [...pooled].map(([from, to]) => ({ type: "set", to, from, line: end.line } as const));
  graph.start.operations = [...operations.slice(0, 1), ...sets, ...operations.slice(1)];
  return true;
}

/** Replaces every number that is expensive where it stands. */
function visit(graph: Graph, replace: (value: number, depth: number) => Value): void {
  for (const block of graph.blocks) {
    if (block === graph.start && block !== graph.enter) continue;
    const change = (value: Value): Value =>
      typeof value === "number" && constantSteps(value).length >= STEPS_MIN
        ? replace(value, block.depth)
        : value;
    block.operations = block.operations.map((operation) => {
      switch (operation.type) {
        case "binary": {
          const { operator, a, b } = operation;
          const right = typeof b === "number" && isCheap(operator, b) ? b : change(b);
          const left = change(a);
          return left === a && right === b ? operation : { ...operation, a: left, b: right };
        }
        case "set":
          return { ...operation, from: change(operation.from) };
        case "store":
          return { ...operation, at: change(operation.at), value: change(operation.value) };
        case "load":
          return { ...operation, at: change(operation.at) };
        default:
          return operation;
      }
    });
    const { end } = block;
    if (end.type === "branch" && typeof end.b === "number" && !isCheap(end.operator, end.b)) {
      block.end = { ...end, b: change(end.b) };
    }
  }
}
