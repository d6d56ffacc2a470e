/**
 * The range of every variable, result and expression of a program, wherever in it they are: what the source says, not what
 * the order of its statements adds to that.
 */
import type { Expression, FunctionDefinition, Statement } from "./_ast.ts";
import { integerOf } from "./_constants.ts";
import { between, binaryInterval, either, exactly, UNKNOWN } from "./_intervals.ts";
import type { Interval } from "./_intervals.ts";
import { expressionsOf, subexpressionsOf, walk } from "./_scopes.ts";
import type { Program, Scope } from "./_scopes.ts";

/** Variables that still grow after so many rounds may have any value. */
const ROUNDS_MAX = 6;
const BYTE = between(0, 255);
const TRUTH = between(0, 1);

/** Ranges of one program. */
export class ValueRanges {
  readonly #program: Program;
  readonly #constants: ReadonlyMap<string, number>;
  readonly #ranges = new Map<string, Interval>();
  #changed = true;
  #round = 0;

  constructor(program: Program, constants: ReadonlyMap<string, number>) {
    this.#program = program;
    this.#constants = constants;
    const entry = program.functions.get(program.part)?.definition.parameters[0]?.text;
    if (entry !== undefined) this.#ranges.set(`${program.part}.${entry}`, BYTE);
    for (; this.#changed; this.#round++) {
      // Long chains of functions would take as many rounds: nothing is said of them.
      if (this.#round > 2 * ROUNDS_MAX) {
        this.#ranges.clear();
        break;
      }
      this.#changed = false;
      this.#statements(program.main, undefined);
      for (const scope of program.functions.values()) this.#statements(scope.definition.body, scope);
    }
  }

  /** The range of an expression in a function, or in the module. */
  of(expression: Expression, scope: Scope | undefined): Interval {
    const constant = integerOf(expression, this.#constants);
    if (
      constant !== undefined && (expression.type !== "name" || scope?.locals.has(expression.text) !== true)
    ) {
      return exactly(Number(constant));
    }
    switch (expression.type) {
      case "name":
        return this.#ranges.get(this.#keyOf(expression.text, scope)) ?? UNKNOWN;
      case "index": {
        const { base } = expression;
        if (base.type !== "name") return UNKNOWN;
        const table = this.#program.tables.get(base.text);
        if (table !== undefined) {
          return table.reduce((range, value) => either(range, exactly(value)), exactly(table[0] ?? 0));
        }
        return base.text === "hM" || base.text === "pM" ? BYTE : UNKNOWN;
      }
      case "call": {
        const { text } = expression.callee;
        if (text === "read_b" || text === "peek_b") return BYTE;
        if (text === "hash" && !this.#program.functions.has(text)) return between(0, 2 ** 32 - 1);
        return this.#ranges.get(`${text}()`) ?? UNKNOWN;
      }
      case "unary": {
        const { low, high, known } = this.of(expression.operand, scope);
        if (expression.operator === "not") return TRUTH;
        if (expression.operator === "+") return { low, high, known };
        const shift = expression.operator === "~" ? 1 : 0;
        return { low: -high - shift, high: -low - shift, known };
      }
      case "binary":
        return binaryInterval(
          expression.operator,
          this.of(expression.left, scope),
          this.of(expression.right, scope),
        );
      case "compare":
        return TRUTH;
      case "boolean":
        return expression.operands.map((each) => this.of(each, scope)).reduce(either);
      case "conditional":
        return either(this.of(expression.then, scope), this.of(expression.otherwise, scope));
      default:
        return UNKNOWN;
    }
  }

  #keyOf(name: string, scope: Scope | undefined): string {
    return scope?.locals.has(name) === true ? `${scope.definition.name.text}.${name}` : `.${name}`;
  }

  #join(key: string, range: Interval): void {
    const before = this.#ranges.get(key);
    let after = either(before, range);
    if (before !== undefined && after.low === before.low && after.high === before.high) {
      if (after.known === before.known) return;
    } else if (this.#round >= ROUNDS_MAX) after = UNKNOWN;
    if (before === UNKNOWN && after === UNKNOWN) return;
    this.#ranges.set(key, before === UNKNOWN ? UNKNOWN : after);
    this.#changed ||= before !== UNKNOWN;
  }

  #statements(statements: readonly Statement[], scope: Scope | undefined): void {
    for (const statement of walk(statements)) {
      if (statement.type === "assign") {
        for (const target of statement.targets) this.#assign(target, statement.value, scope);
      } else if (statement.type === "augmented") {
        const { target, operator, value } = statement;
        if (target.type !== "name") continue;
        const key = this.#keyOf(target.text, scope);
        const before = this.#ranges.get(key);
        if (before !== undefined) {
          this.#join(key, binaryInterval(operator, before, this.of(value, scope)));
        }
      } else if (statement.type === "for") {
        const [first, second, third] = statement.range.map((each) => this.of(each, scope));
        const [start, stop] = second === undefined ? [exactly(0), first!] : [first!, second];
        const up = third === undefined || third.low > 0;
        this.#join(
          this.#keyOf(statement.variable.text, scope),
          up ? { low: start.low, high: Math.max(start.low, stop.high - 1), known: stop.known } : UNKNOWN,
        );
      } else if (statement.type === "return" && scope !== undefined) {
        const value = statement.value === undefined ? exactly(0) : this.of(statement.value, scope);
        this.#join(`${scope.definition.name.text}()`, value);
      }
      this.#arguments(statement, scope);
    }
  }

  #assign(target: Expression, value: Expression, scope: Scope | undefined): void {
    if (target.type === "tuple") {
      const values = value.type === "tuple" ? value.items : [];
      for (const [i, item] of target.items.entries()) {
        if (values[i] !== undefined) this.#assign(item, values[i], scope);
        else if (item.type === "name") this.#join(this.#keyOf(item.text, scope), UNKNOWN);
      }
    } else if (target.type === "name") this.#join(this.#keyOf(target.text, scope), this.of(value, scope));
  }

  /** What functions are called with. */
  #arguments(statement: Statement, scope: Scope | undefined): void {
    for (const call of callsOf(statement)) {
      const definition = this.#program.functions.get(call.callee.text)?.definition;
      if (definition === undefined) continue;
      for (const [i, { name, value }] of call.args.entries()) {
        const parameter = name?.text ?? definition.parameters[i]?.text;
        if (parameter !== undefined) this.#join(`${call.callee.text}.${parameter}`, this.of(value, scope));
      }
      this.#standards(definition, call);
    }
  }

  #standards(definition: FunctionDefinition, { args }: Call): void {
    for (const { text, standard } of definition.parameters.slice(args.length)) {
      const value = standard === undefined ? undefined : integerOf(standard, this.#constants);
      if (value !== undefined) this.#join(`${definition.name.text}.${text}`, exactly(Number(value)));
    }
  }
}

type Call = Expression & { readonly type: "call" };

/** The calls in a statement itself, not in its blocks. */
function callsOf(statement: Statement): readonly Call[] {
  return expressionsOf(statement).flatMap((expression) =>
    subexpressionsOf(expression).filter((each) => each.type === "call")
  );
}
