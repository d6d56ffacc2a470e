/**
 * What kind of array a variable refers to, as far as the whole program tells: then no code has to find out.
 */
import type { Expression, Statement } from "./_ast.ts";
import type { Memory } from "./_ir.ts";
import { expressionsOf as expressionsIn, partsOf, walk } from "./_scopes.ts";
import type { Program, Scope } from "./_scopes.ts";

/** Undefined: nothing but numbers so far; "unknown": it may be either. */
export type ReferenceKind = Memory | "unknown" | undefined;

function join(a: ReferenceKind, b: ReferenceKind): ReferenceKind {
  return a === undefined || a === b ? b : b === undefined ? a : "unknown";
}

/** The kinds of all variables and results of a program. */
export class ReferenceKinds {
  static readonly #known = new WeakMap<Program, ReferenceKinds>();
  readonly #program: Program;
  readonly #kinds = new Map<string, ReferenceKind>();
  #changed = true;

  /** The kinds of a program, found once. */
  static of(program: Program): ReferenceKinds {
    let kinds = ReferenceKinds.#known.get(program);
    if (kinds === undefined) ReferenceKinds.#known.set(program, kinds = new ReferenceKinds(program));
    return kinds;
  }

  private constructor(program: Program) {
    this.#program = program;
    while (this.#changed) {
      this.#changed = false;
      this.#statements(program.main, undefined);
      for (const name of program.reachable) {
        const scope = program.functions.get(name);
        if (scope !== undefined) this.#statements(scope.definition.body, scope);
      }
    }
  }

  /** The kind of what an expression gives. */
  kindOf(expression: Expression, scope: Scope | undefined): ReferenceKind {
    switch (expression.type) {
      case "name":
        return this.#kinds.get(keyOf(expression.text, scope));
      case "index":
        return this.#isBytes(expression.base) ? undefined : "unknown";
      case "conditional":
        return join(this.kindOf(expression.then, scope), this.kindOf(expression.otherwise, scope));
      case "boolean":
        return expression.operands.map((each) => this.kindOf(each, scope)).reduce(join);
      case "binary":
        return join(this.kindOf(expression.left, scope), this.kindOf(expression.right, scope));
      case "call": {
        const [, verb, memory] = /^(alloc|array)_[hp]([HM])$/.exec(expression.callee.text) ?? [];
        return verb === undefined ? this.#kinds.get(resultKey(expression.callee.text)) : memory as Memory;
      }
      default:
        return undefined;
    }
  }

  #isBytes(base: Expression): boolean {
    return base.type === "name" && /^[hp]M$/.test(base.text);
  }

  #join(key: string, kind: ReferenceKind): void {
    const before = this.#kinds.get(key);
    const after = join(before, kind);
    if (before === after) return;
    this.#kinds.set(key, after);
    this.#changed = true;
  }

  #statements(statements: readonly Statement[], scope: Scope | undefined): void {
    for (const statement of walk(statements)) {
      for (const expression of expressionsIn(statement)) this.#calls(expression, scope);
      if (statement.type === "return" && scope !== undefined && statement.value !== undefined) {
        this.#join(resultKey(scope.definition.name.text), this.kindOf(statement.value, scope));
      }
      if (statement.type === "augmented" && statement.target.type === "name") {
        this.#join(keyOf(statement.target.text, scope), this.kindOf(statement.value, scope));
      }
      if (statement.type !== "assign") continue;
      for (const target of statement.targets) {
        const pairs = target.type === "tuple" && statement.value.type === "tuple"
          ? target.items.map((item, i) =>
            [item, statement.value.type === "tuple" ? statement.value.items[i] : undefined] as const
          )
          : [[target, statement.value] as const];
        for (const [to, value] of pairs) {
          if (to.type === "name" && value !== undefined) {
            this.#join(keyOf(to.text, scope), this.kindOf(value, scope));
          }
        }
      }
    }
  }

  /** Arguments give their kinds to parameters. */
  #calls(expression: Expression, scope: Scope | undefined): void {
    for (const part of partsOf(expression)) this.#calls(part, scope);
    if (expression.type !== "call") return;
    const callee = this.#program.functions.get(expression.callee.text);
    if (callee === undefined) return;
    for (const [i, { name, value }] of expression.args.entries()) {
      const parameter = name?.text ?? callee.definition.parameters[i]?.text;
      if (parameter !== undefined) this.#join(keyOf(parameter, callee), this.kindOf(value, scope));
    }
  }
}

function keyOf(name: string, scope: Scope | undefined): string {
  return scope?.locals.has(name) === true ? `${scope.definition.name.text}:${name}` : `:${name}`;
}

function resultKey(name: string): string {
  return `${name}()`;
}
