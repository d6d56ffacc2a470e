/**
 * The operations between syntax and instructions as text, for people who look into the compiler.
 */
import { Variable } from "./_ir.ts";
import type { Block, Ending, Graph, Operation, Value } from "./_ir.ts";

/** All blocks of a section. */
export function formatGraph(graph: Graph): string {
  const numbers = new Map<Variable, string>();
  const nameOf = (value: Value): string => {
    if (!(value instanceof Variable)) return `${value}`;
    let name = numbers.get(value);
    if (name === undefined) {
      name = value.temporary
        ? `t${numbers.size}`
        : `${value.owner === undefined ? "" : `${value.owner}.`}${value.name}`;
      numbers.set(value, name);
    }
    return name;
  };
  const lines = graph.blocks.flatMap((block) => [
    `${labelOf(block)}:${
      block === graph.start ? " (first call)" : block === graph.enter ? " (every other call)" : ""
    }`,
    ...block.operations.map((operation) => `  ${formatOperation(operation, nameOf)}`),
    `  ${formatEnding(block.end, nameOf)}`,
  ]);
  return `${graph.part}\n${lines.join("\n")}\n`;
}

function labelOf(block: Block): string {
  return `b${block.id}`;
}

function formatOperation(operation: Operation, nameOf: (value: Value) => string): string {
  switch (operation.type) {
    case "set":
      return `${nameOf(operation.to)} = ${nameOf(operation.from)}`;
    case "binary":
      return `${nameOf(operation.to)} = ${nameOf(operation.a)} ${operation.operator} ${nameOf(operation.b)}`;
    case "load":
      return `${nameOf(operation.to)} = ${operation.memory}[${nameOf(operation.at)}]`;
    case "store":
      return `${operation.memory}[${nameOf(operation.at)}] = ${nameOf(operation.value)}`;
    case "out":
      return `out ${nameOf(operation.value)}`;
    case "input":
      return `${nameOf(operation.to)} = input`;
    case "table":
      return `table ${operation.table.name}: ${operation.table.values.length} elements in ${operation.table.memory}`;
    default:
      return `${operation.type} ${operation.frame.variables.map(nameOf).join(", ")}`;
  }
}

function formatEnding(end: Ending, nameOf: (value: Value) => string): string {
  switch (end.type) {
    case "jump":
      return `jump ${labelOf(end.to)}`;
    case "branch":
      return `if ${nameOf(end.a)} ${end.operator} ${nameOf(end.b)} jump ${labelOf(end.yes)} else ${
        labelOf(end.no)
      }`;
    case "call":
      return `call ${end.callee.name}, then ${labelOf(end.next)}`;
    case "return":
      return `return from ${end.routine.name}`;
    case "read":
      return `read, then ${labelOf(end.next)}`;
    default:
      return end.type;
  }
}
