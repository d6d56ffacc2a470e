/**
 * Findings on references to arrays: casts against what they are, and arithmetic with them.
 */
import type { Expression, Statement } from "./_ast.ts";
import type { Reporter } from "./_reporter.ts";
import { ReferenceKinds } from "./_references.ts";
import { expressionsOf, subexpressionsOf, walk } from "./_scopes.ts";
import type { Program, Scope } from "./_scopes.ts";

const TAKES_REFERENCE = /^(array|free|len)_([hp])([HM])$/;

/** Checks one program. */
export function checkReferences(program: Program, reporter: Reporter): void {
  const kinds = ReferenceKinds.of(program);
  const check = (statements: readonly Statement[], scope: Scope | undefined): void => {
    for (const statement of walk(statements)) {
      for (const expression of expressionsOf(statement)) {
        for (const part of subexpressionsOf(expression)) checkExpression(part, scope, kinds, reporter);
      }
    }
  };
  check(program.main, undefined);
  for (const name of program.reachable) {
    const scope = program.functions.get(name);
    if (scope !== undefined) check(scope.definition.body, scope);
  }
}

function checkExpression(
  expression: Expression,
  scope: Scope | undefined,
  kinds: ReferenceKinds,
  reporter: Reporter,
): void {
  const kindOf = (part: Expression): "H" | "M" | undefined => {
    const kind = kinds.kindOf(part, scope);
    return kind === "unknown" ? undefined : kind;
  };
  if (expression.type === "call") {
    const [, , part, memory] = TAKES_REFERENCE.exec(expression.callee.text) ?? [];
    const argument = expression.args[0]?.value;
    const kind = memory === undefined || argument === undefined ? undefined : kindOf(argument);
    if (kind === undefined || kind === memory) return;
    const message = `"${expression.callee.text}" is called with an array of ${part}${kind}`;
    reporter.report("0213", argument!, message, {
      hint: `the array was made by alloc_${part}${kind} or its like`,
    });
  } else if (expression.type === "binary") {
    const side = [expression.left, expression.right].find((each) => kindOf(each) !== undefined);
    if (side === undefined) return;
    reporter.report("0304", expression, "this calculates with an array, whose address Python does not show", {
      severity: "warning",
      hint: "keep the array, and add to the index",
    });
  }
}
