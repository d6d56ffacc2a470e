/**
 * Hints on what a program does not need: statements that nothing reaches, variables that nothing reads, functions that
 * nothing calls.
 */
import type { Expression, Name, Statement } from "./_ast.ts";
import type { Reporter } from "./_reporter.ts";
import { blocksOf, expressionsOf, subexpressionsOf, walk } from "./_scopes.ts";
import type { Program, Scope } from "./_scopes.ts";

const LEAVES: ReadonlySet<string> = new Set(["return", "break", "continue"]);

/** Looks through the programs of a source. */
export function findUnused(programs: readonly Program[], reporter: Reporter, callsAreKnown: boolean): void {
  const hint = (span: { readonly start: number; readonly end: number }, message: string): void =>
    reporter.report("0305", span, message, { severity: "hint" });
  const seen = new Set<number>();
  for (const program of programs) {
    for (const scope of program.functions.values()) {
      const { name, body, start } = scope.definition;
      // Functions that both programs have are looked at once.
      if (seen.has(start)) continue;
      seen.add(start);
      for (const statement of unreached(body)) hint(statement, "nothing reaches this statement");
      for (const local of unreadLocals(scope)) hint(local, `nothing reads "${local.text}"`);
      const isCalled = programs.some((each) => each.reachable.has(name.text));
      if (callsAreKnown && !isCalled) hint(name, `nothing calls "${name.text}"`);
    }
  }
}

/** The first statement of each row that follows a statement which leaves. */
function* unreached(block: readonly Statement[]): Generator<Statement, void, undefined> {
  const at = block.findIndex(({ type }) => LEAVES.has(type));
  if (at >= 0 && block[at + 1] !== undefined) yield block[at + 1]!;
  for (const statement of block) for (const inner of blocksOf(statement)) yield* unreached(inner);
}

/** Local variables that are set and never read; parameters and variables of loops are left out. */
function unreadLocals({ definition, locals }: Scope): Name[] {
  const read = new Set<string>(definition.parameters.map(({ text }) => text));
  const set = new Map<string, Name>();
  const visit = (expression: Expression): void => {
    for (const part of subexpressionsOf(expression)) if (part.type === "name") read.add(part.text);
  };
  const target = (expression: Expression): void => {
    if (expression.type === "tuple") expression.items.forEach(target);
    else if (expression.type !== "name") visit(expression);
    else if (!set.has(expression.text)) set.set(expression.text, expression);
  };
  for (const statement of walk(definition.body)) {
    if (statement.type === "assign") {
      statement.targets.forEach(target);
      visit(statement.value);
    } else if (statement.type === "augmented") {
      target(statement.target);
      visit(statement.value);
    } else {
      if (statement.type === "for") read.add(statement.variable.text);
      expressionsOf(statement).forEach(visit);
    }
  }
  return [...set].filter(([name]) => locals.has(name) && !read.has(name)).map(([, name]) => name);
}
