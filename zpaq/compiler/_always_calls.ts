/**
 * Functions that are called again by every call of them.
 */
import type { Expression, Statement } from "./_ast.ts";
import { callOrderOf } from "./_call_order.ts";
import { calledFunction, expressionsOf, partsOf, walk } from "./_scopes.ts";
import type { Program } from "./_scopes.ts";

/** The functions of a program that never end, by name: every call of them comes back to them. */
export function endlessFunctions({ functions }: Program): string[] {
  const calls = new Map<string, readonly string[]>();
  for (const [name, { definition }] of functions) {
    calls.set(name, [...certainCalls(definition.body)].filter((callee) => functions.has(callee)));
  }
  const { groups } = callOrderOf(calls);
  return [...functions.keys()].filter((name) => groups.has(name));
}

/** The functions called by the statements that are executed in every case. */
function certainCalls(body: readonly Statement[]): Set<string> {
  const found = new Set<string>();
  for (const statement of body) {
    // The test of a loop is tried at least once, its body is not.
    for (const expression of expressionsOf(statement)) addCertain(expression, found);
    const leaves = walk([statement]).some(({ type }) =>
      type === "return" || type === "assert" || type === "while"
    );
    if (leaves || mayFail(statement)) break;
  }
  return found;
}

function mayFail(statement: Statement): boolean {
  return walk([statement]).some((each) =>
    each.type === "expression" && each.value.type === "call" && each.value.callee.text === "error"
  );
}

function addCertain(expression: Expression, found: Set<string>): void {
  if (expression.type === "call") found.add(calledFunction(expression.callee.text));
  if (expression.type === "boolean") return addCertain(expression.operands[0]!, found);
  if (expression.type === "conditional") return addCertain(expression.test, found);
  if (expression.type === "compare" && expression.links.length > 1) {
    addCertain(expression.first, found);
    return addCertain(expression.links[0]!.operand, found);
  }
  for (const part of partsOf(expression)) addCertain(part, found);
}
