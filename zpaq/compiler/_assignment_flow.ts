/**
 * Which of a function's variables have a value at each point: in every case, in some, or in none.
 */
import type { Expression, Statement } from "./_ast.ts";
import type { Reporter } from "./_reporter.ts";
import { constantOf } from "./_constants.ts";
import { expressionsOf, partsOf } from "./_scopes.ts";
import type { Scope } from "./_scopes.ts";

/** What is known at a point; undefined stands for a point that is never reached. */
interface Known {
  readonly always: ReadonlySet<string>;
  readonly ever: ReadonlySet<string>;
}

type State = Known | undefined;

function join(a: State, b: State): State {
  if (a === undefined || b === undefined) return a ?? b;
  return {
    always: new Set([...a.always].filter((name) => b.always.has(name))),
    ever: new Set([...a.ever, ...b.ever]),
  };
}

/** Walks over one function. */
export class AssignmentFlow {
  readonly #scope: Scope;
  readonly #reporter: Reporter;
  /** Where `break` of the loops around leads to. */
  readonly #breaks: { state: State }[] = [];

  constructor(scope: Scope, reporter: Reporter) {
    this.#scope = scope;
    this.#reporter = reporter;
  }

  /** Reports reads of variables that have no value. */
  check(): void {
    const parameters = new Set(this.#scope.definition.parameters.map(({ text }) => text));
    this.#block(this.#scope.definition.body, { always: parameters, ever: parameters });
  }

  #block(statements: readonly Statement[], start: State): State {
    let state = start;
    for (const statement of statements) state = this.#statement(statement, state);
    return state;
  }

  #statement(statement: Statement, state: State): State {
    if (state === undefined) return undefined;
    switch (statement.type) {
      case "def":
        return state;
      case "assign":
        this.#read(statement.value, state);
        for (const target of statement.targets) state = this.#assign(target, state);
        return state;
      case "augmented":
        this.#read(statement.target, state);
        this.#read(statement.value, state);
        return this.#assign(statement.target, state);
      case "if": {
        // A chain of "elif" may be longer than the stack is deep.
        let after: State;
        let otherwise: readonly Statement[] = [statement];
        for (;;) {
          const next: Statement | undefined = otherwise[0];
          if (otherwise.length !== 1 || next?.type !== "if") break;
          this.#read(next.test, state);
          after = join(after, this.#block(next.then, state));
          otherwise = next.otherwise;
        }
        return join(after, this.#block(otherwise, state));
      }
      case "while":
        this.#read(statement.test, state);
        return this.#loop(statement.body, statement.otherwise, state, constantOf(statement.test) === 1);
      case "for": {
        for (const bound of statement.range) this.#read(bound, state);
        const inside = this.#set(statement.variable.text, state);
        const skipped = { always: state.always, ever: inside.ever };
        return this.#loop(statement.body, statement.otherwise, inside, false, skipped);
      }
      case "break": {
        const loop = this.#breaks.at(-1);
        if (loop !== undefined) loop.state = join(loop.state, state);
        return undefined;
      }
      case "continue":
        return undefined;
      case "return":
        if (statement.value !== undefined) this.#read(statement.value, state);
        return undefined;
      default:
        for (const expression of expressionsOf(statement)) this.#read(expression, state);
        return state;
    }
  }

  #loop(
    body: readonly Statement[],
    otherwise: readonly Statement[],
    inside: Known,
    endless: boolean,
    skipped: Known = inside,
  ): State {
    const loop: { state: State } = { state: undefined };
    this.#breaks.push(loop);
    const after = this.#block(body, inside);
    this.#breaks.pop();
    const done = endless
      ? undefined
      : { always: skipped.always, ever: new Set([...skipped.ever, ...after?.ever ?? []]) };
    return join(this.#block(otherwise, done), loop.state);
  }

  #assign(target: Expression, state: Known): Known {
    if (target.type === "name") return this.#set(target.text, state);
    if (target.type === "tuple") {
      return target.items.reduce((known, item) => this.#assign(item, known), state);
    }
    for (const part of partsOf(target)) this.#read(part, state);
    return state;
  }

  #set(name: string, known: Known): Known {
    const { always, ever } = known;
    if (always.has(name) || !this.#scope.locals.has(name)) return known;
    return { always: new Set(always).add(name), ever: new Set(ever).add(name) };
  }

  #read(expression: Expression, state: Known): void {
    if (
      expression.type === "name" && this.#scope.locals.has(expression.text) &&
      !state.always.has(expression.text)
    ) {
      const { text } = expression;
      if (state.ever.has(text)) {
        this.#reporter.report("0300", expression, `"${text}" may have no value yet: it is then 0`, {
          severity: "warning",
        });
      } else {
        const hint = `add "global ${text}" if the module's variable is meant`;
        this.#reporter.report("0209", expression, `"${text}" is read before it is assigned`, { hint });
      }
    }
    for (const part of partsOf(expression)) this.#read(part, state);
  }
}
