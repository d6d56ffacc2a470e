/**
 * Functions that are called again by every call of them.
 */
import type { Expression, Statement } from "./_ast.ts";
import { calledFunction, expressionsOf, partsOf, walk } from "./_scopes.ts";
import type { Program } from "./_scopes.ts";

/** The calls that are made whatever happens. */
export class AlwaysCalls {
  readonly #calls = new Map<string, ReadonlySet<string>>();

  constructor(program: Program) {
    for (const [name, { definition }] of program.functions) {
      this.#calls.set(name, certainCalls(definition.body));
    }
  }

  /** The functions that never end, by name. */
  endless(): string[] {
    return [...this.#calls.keys()].filter((name) => {
      const seen = new Set(this.#calls.get(name));
      for (const callee of seen) {
        if (callee === name) return true;
        for (const next of this.#calls.get(callee) ?? []) seen.add(next);
      }
      return false;
    });
  }
}

/** The functions called by the statements that are executed in every case. */
function certainCalls(body: readonly Statement[]): Set<string> {
  const found = new Set<string>();
  for (const statement of body) {
    // The test of a loop is tried at least once, its body is not.
    for (const expression of expressionsOf(statement)) addCertain(expression, found);
    const leaves = [...walk([statement])].some(({ type }) =>
      type === "return" || type === "assert" || type === "while"
    );
    if (leaves || mayFail(statement)) break;
  }
  return found;
}

function mayFail(statement: Statement): boolean {
  return [...walk([statement])].some((each) =>
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
