/**
 * How large parts of a program are.
 */
import type { Expression, Statement } from "./_ast.ts";
import { expressionsOf, partsOf, walk } from "./_scopes.ts";

/** Parts of the syntax tree of an expression. */
export function expressionSize(expression: Expression): number {
  return partsOf(expression).reduce((sum, part) => sum + expressionSize(part), 1);
}

/** Parts of the syntax tree of a statement, those in its blocks among them. */
export function statementSize(statement: Statement): number {
  let size = 0;
  for (const each of walk([statement])) {
    size += expressionsOf(each).reduce((sum, expression) => sum + expressionSize(expression), 1);
  }
  return size;
}
