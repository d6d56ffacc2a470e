/**
 * Which bits of each variable anything depends on: masks that only take others away are left out.
 */
import { isComparison, readsOf, readsOfEnd, Variable } from "./_ir.ts";
import type { Graph, Memory, Operation } from "./_ir.ts";

const ALL = 2 ** 32 - 1;

/** All bits up to the highest one. */
function upTo(bits: number): number {
  return bits === 0 ? 0 : ALL >>> Math.clz32(bits);
}

/**
 * Leaves out masks; true if there were some. `sizes` is the log2 of arrays whose indexes wrap as the program's own do,
 * undefined for others.
 */
export function removeMasks(graph: Graph, sizes: Readonly<Record<Memory, number | undefined>>): boolean {
  const demanded = demandedBits(graph, sizes);
  let removed = false;
  for (const block of graph.blocks) {
    block.operations = block.operations.map((operation) => {
      if (operation.type !== "binary" || operation.operator !== "&" || typeof operation.b !== "number") {
        return operation;
      }
      const bits = demanded.get(operation.to) ?? 0;
      if ((operation.b & bits) >>> 0 !== bits) return operation;
      removed = true;
      return { type: "set", to: operation.to, from: operation.a, line: operation.line };
    });
  }
  return removed;
}

function demandedBits(
  graph: Graph,
  sizes: Readonly<Record<Memory, number | undefined>>,
): ReadonlyMap<Variable, number> {
  const demanded = new Map<Variable, number>();
  let changed = true;
  const demand = (value: unknown, bits: number): void => {
    if (!(value instanceof Variable)) return;
    const before = demanded.get(value) ?? 0;
    const after = (before | bits) >>> 0;
    if (after === before) return;
    demanded.set(value, after);
    changed = true;
  };
  while (changed) {
    changed = false;
    for (const { operations, end } of graph.blocks.toReversed()) {
      for (const value of readsOfEnd(end)) demand(value, ALL);
      for (const operation of operations.toReversed()) {
        for (const [value, bits] of needsOf(operation, demanded, sizes)) demand(value, bits);
      }
    }
  }
  return demanded;
}

/** The bits of its operands that the results of an operation depend on. */
function needsOf(
  operation: Operation,
  demanded: ReadonlyMap<Variable, number>,
  sizes: Readonly<Record<Memory, number | undefined>>,
): (readonly [unknown, number])[] {
  const ofIndex = (memory: Memory): number => {
    const size = sizes[memory];
    return size === undefined ? ALL : 2 ** size - 1;
  };
  switch (operation.type) {
    case "set":
      return [[operation.from, demanded.get(operation.to) ?? 0]];
    case "load":
      return [[operation.at, ofIndex(operation.memory)]];
    case "store":
      return [[operation.at, ofIndex(operation.memory)], [
        operation.value,
        operation.memory === "M" ? 255 : ALL,
      ]];
    case "out":
      return [[operation.value, 255]];
    case "binary":
      break;
    default:
      return readsOf(operation).map((value) => [value, ALL]);
  }
  const { operator, to, a, b } = operation;
  const bits = demanded.get(to) ?? 0;
  const both = (each: number): (readonly [unknown, number])[] => [[a, each], [b, each]];
  if (bits === 0) return [];
  if (isComparison(operator)) return both(ALL);
  switch (operator) {
    case "+":
    case "-":
    case "*":
    case "hash":
      return both(upTo(bits));
    case "&":
      if (typeof b === "number") return [[a, (bits & b) >>> 0]];
      return typeof a === "number" ? [[b, (bits & a) >>> 0]] : both(bits);
    case "|":
    case "^":
      return both(bits);
    case "<<":
      return typeof b === "number" ? [[a, b > 31 ? 0 : bits >>> b]] : [[a, upTo(bits)], [b, ALL]];
    case ">>":
      return typeof b === "number" ? [[a, b > 31 ? 0 : (bits << b) >>> 0]] : both(ALL);
    default:
      return both(ALL);
  }
}
