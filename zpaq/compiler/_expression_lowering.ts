/**
 * From expressions to operations, in Python's order of evaluation.
 */
import type { BinaryOperator, CompareOperator, Expression } from "./_ast.ts";
import { constantOf } from "./_constants.ts";
import { plainValue } from "./_unrolling.ts";
import { OPPOSITE, Variable } from "./_ir.ts";
import type { Block, Comparison, Memory, Operator, Table, Value } from "./_ir.ts";
import type { LoweringContext } from "./_lowering_context.ts";
import { ARRAYS } from "./_names.ts";
import { partsOf } from "./_scopes.ts";

const NONE = 2 ** 32 - 1;
const TAG = 2 ** 31;
/** Exponents up to this are multiplied out. */
const POWER_MAX = 8;

type Index = Expression & { readonly type: "index" };
type Call = Expression & { readonly type: "call" };

/** Where an element is: in one of the arrays, or after a reference that says which. */
export interface Place {
  readonly memory: Memory | "unknown";
  readonly at: Value;
}

/** Whether evaluating has effects: only calls do. */
export function hasEffects(expression: Expression): boolean {
  return expression.type === "call" && expression.callee.text !== "len" ||
    partsOf(expression).some(hasEffects);
}

function operatorOf(operator: CompareOperator): Comparison {
  return operator === "is" ? "==" : operator === "is not" ? "!=" : operator as Comparison;
}

/** Lowers expressions. */
export class ExpressionLowering {
  readonly #to: LoweringContext;

  constructor(lowering: LoweringContext) {
    this.#to = lowering;
  }

  /** The known value of an expression; lengths and elements of constant tables among them. */
  constant(expression: Expression): number | undefined {
    if (expression.type === "call" && expression.callee.text === "len") {
      const { value } = expression.args[0]!;
      if (value.type !== "name") return undefined;
      return this.#table(value)?.values.length ?? 2 ** this.#to.sizeOf(value.text) % 2 ** 32;
    }
    if (expression.type === "index") {
      const at = this.constant(expression.index);
      return at === undefined ? undefined : this.#table(expression.base)?.values[at];
    }
    return this.#to.constant(expression);
  }

  #table(expression: Expression): Table | undefined {
    if (expression.type !== "name" || this.#to.activation.locals.has(expression.text)) return undefined;
    return this.#to.tables.get(expression.text);
  }

  /** The value of an expression: a number, or the variable that has it now. */
  value(expression: Expression): Value {
    const known = this.constant(expression);
    if (known !== undefined) return known;
    switch (expression.type) {
      case "name":
        return this.#to.variable(expression.text) ?? 0;
      case "index":
        return this.load(this.place(expression));
      case "call":
        return this.#call(expression);
      case "unary":
        return this.#unary(expression);
      case "binary": {
        const left = this.#kept(this.value(expression.left), [expression.right]);
        return this.binary(expression.operator, left, this.value(expression.right), expression.right);
      }
      case "conditional":
      case "boolean":
        return this.#choice(expression);
      case "compare":
        return expression.links.length === 1 ? this.#comparison(expression) : this.#choice(expression);
      default:
        return constantOf(expression) ?? 0;
    }
  }

  /** A value that stays what it is while other expressions are evaluated. */
  #kept(value: Value, later: readonly Expression[]): Value {
    const changes = value instanceof Variable && !value.temporary && later.some(hasEffects);
    return changes ? this.#to.copy(value) : value;
  }

  #unary(expression: Expression & { readonly type: "unary" }): Value {
    if (expression.operator === "not") {
      if (["boolean", "compare"].includes(expression.operand.type)) return this.#choice(expression);
      return this.#to.binary("==", this.value(expression.operand), 0);
    }
    const value = this.value(expression.operand);
    if (expression.operator === "-") return this.#to.binary("-", 0, value);
    return expression.operator === "~" ? this.#to.binary("^", value, NONE) : value;
  }

  #comparison({ first, links }: Expression & { readonly type: "compare" }): Value {
    const { operator, operand } = links[0]!;
    const left = this.#kept(this.value(first), [operand]);
    return this.#to.binary(operatorOf(operator), left, this.value(operand));
  }

  /** A value that depends on conditions. */
  #choice(expression: Expression): Value {
    const to = this.#to.temporary();
    const end = this.#to.block();
    if (expression.type === "boolean") {
      for (const [i, operand] of expression.operands.entries()) {
        const value = this.value(operand);
        this.#to.set(to, value);
        if (i === expression.operands.length - 1) break;
        const next = this.#to.block();
        if (expression.operator === "or") this.#to.branch("!=", value, 0, end, next);
        else this.#to.branch("==", value, 0, end, next);
        this.#to.place(next);
      }
    } else {
      const [yes, no] = [this.#to.block(), this.#to.block()];
      const test = expression.type === "conditional" ? expression.test : expression;
      this.condition(test, yes, no);
      this.#to.place(yes);
      this.#to.set(to, expression.type === "conditional" ? this.value(expression.then) : 1);
      this.#to.end({ type: "jump", to: end });
      this.#to.place(no);
      this.#to.set(to, expression.type === "conditional" ? this.value(expression.otherwise) : 0);
    }
    this.#to.place(end);
    return to;
  }

  /** Ends the block at hand by a condition. */
  condition(expression: Expression, yes: Block, no: Block): void {
    const known = this.constant(expression);
    if (known !== undefined) return this.#to.end({ type: "jump", to: known === 0 ? no : yes });
    if (expression.type === "unary" && expression.operator === "not") {
      return this.condition(expression.operand, no, yes);
    }
    if (expression.type === "boolean") {
      const { operands, operator } = expression;
      for (const [i, operand] of operands.entries()) {
        if (i === operands.length - 1) return this.condition(operand, yes, no);
        const next = this.#to.block();
        if (operator === "or") this.condition(operand, yes, next);
        else this.condition(operand, next, no);
        this.#to.place(next);
      }
    }
    if (expression.type === "compare") return this.#chain(expression, yes, no);
    this.#to.branch("!=", this.value(expression), 0, yes, no);
  }

  /** A chain stops at the first link that does not hold. */
  #chain({ first, links }: Expression & { readonly type: "compare" }, yes: Block, no: Block): void {
    let left = this.#kept(this.value(first), [links[0]!.operand]);
    for (const [i, { operator, operand }] of links.entries()) {
      const later = links[i + 1];
      const right = this.#kept(this.value(operand), later === undefined ? [] : [later.operand]);
      const next = later === undefined ? yes : this.#to.block();
      this.#to.branch(OPPOSITE[operatorOf(operator)], left, right, no, next);
      if (later !== undefined) this.#to.place(next);
      left = right;
    }
  }

  /** An operator of Python on two values. */
  binary(operator: BinaryOperator, left: Value, right: Value, count: Expression): Value {
    const to = this.#to;
    switch (operator) {
      case "**":
        return this.#power(left, right);
      case "//":
      case "/":
        return to.binary("/", left, right);
      case "<<":
      case ">>":
        // The machine takes counts modulo 32 by itself.
        if (to.settings.machineShifts && this.constant(count) === undefined) {
          return to.binary(operator, left, to.binary("&", right, 31));
        }
        return to.binary(operator, left, right);
      default:
        return to.binary(operator as Operator, left, right);
    }
  }

  /** By squaring; 0 to the power of 0 is 1. */
  #power(base: Value, exponent: Value): Value {
    const to = this.#to;
    if (base === 2) return to.binary("<<", 1, exponent);
    if (typeof exponent === "number" && exponent <= POWER_MAX) {
      let [result, square]: [Value, Value] = [1, base];
      for (let rest = exponent; rest > 0; rest >>= 1) {
        if (rest & 1) result = result === 1 ? square : to.binary("*", result, square);
        if (rest > 1) square = to.binary("*", square, square);
      }
      return result;
    }
    const [result, square, rest] = [to.temporary(), to.temporary(), to.temporary()];
    const [test, body, odd, even, end] = [to.block(), to.block(), to.block(), to.block(), to.block()];
    to.set(result, 1);
    to.set(square, base);
    to.set(rest, exponent);
    to.end({ type: "jump", to: test });
    to.depth++;
    to.place(body);
    to.branch("==", to.binary("&", rest, 1), 0, even, odd);
    to.place(odd);
    to.emit({ type: "binary", to: result, operator: "*", a: result, b: square });
    to.place(even);
    to.emit({ type: "binary", to: square, operator: "*", a: square, b: square });
    to.emit({ type: "binary", to: rest, operator: ">>", a: rest, b: 1 });
    to.place(test);
    to.branch("!=", rest, 0, body, end);
    to.depth--;
    to.place(end);
    return result;
  }

  /** Where an element is. */
  place({ base, index }: Index): Place {
    const to = this.#to;
    const table = this.#table(base);
    if (table !== undefined) {
      // Tables lie backwards from the end of the array: the complement of an index is a negative address.
      const at = to.binary("^", to.binary("+", this.value(index), table.base), NONE);
      return { memory: table.memory, at };
    }
    if (base.type === "name" && ARRAYS[base.text] !== undefined) {
      const at = this.value(index);
      const memory = base.text.endsWith("H") ? "H" : "M";
      this.#checkIndex(at, memory);
      return { memory, at };
    }
    const kind = to.kinds.kindOf(base, to.activation.scope);
    const reference = this.#kept(this.value(base), [index]);
    const at = to.binary("+", reference, this.value(index));
    return { memory: kind ?? "unknown", at };
  }

  /** Fails where an index lies outside of its array. */
  #checkIndex(at: Value, memory: Memory): void {
    const to = this.#to;
    const size = 2 ** to.sizeOf(`${to.program.part[0]}${memory}`);
    if (!to.settings.checked || size > NONE) return;
    const [good, bad] = [to.block(), to.block()];
    to.branch("<", at, size, good, bad);
    to.place(bad);
    to.end({ type: "error" });
    to.place(good);
  }

  /** Does one thing with an element of H and another with one of M, as its reference says. */
  #either({ memory, at }: Place, act: (memory: Memory) => void): void {
    if (memory !== "unknown") {
      if (this.#to.settings.checked) {
        this.#checkIndex(memory === "M" ? this.#to.binary("&", at, TAG - 1) : at, memory);
      }
      return act(memory);
    }
    const to = this.#to;
    const [h, m, end] = [to.block(), to.block(), to.block()];
    to.branch("<", at, TAG, h, m);
    to.place(h);
    this.#checkIndex(at, "H");
    act("H");
    to.end({ type: "jump", to: end });
    to.place(m);
    if (to.settings.checked) this.#checkIndex(to.binary("&", at, TAG - 1), "M");
    act("M");
    to.place(end);
  }

  load(place: Place): Value {
    const to = this.#to;
    if (place.memory !== "unknown") return to.load(place.memory, place.at);
    const result = to.temporary();
    this.#either(place, (memory) => to.emit({ type: "load", to: result, memory, at: place.at }));
    return result;
  }

  store(place: Place, value: Value): void {
    if (place.memory !== "unknown") {
      return this.#to.emit({ type: "store", memory: place.memory, at: place.at, value });
    }
    this.#either(place, (memory) => this.#to.emit({ type: "store", memory, at: place.at, value }));
  }

  #call(expression: Call): Value {
    const to = this.#to;
    const { callee: { text }, args } = expression;
    const scope = to.program.functions.get(text);
    if (scope === undefined) {
      const values = args.map(({ value }, i) =>
        this.#kept(this.value(value), args.slice(i + 1).map((each) => each.value))
      );
      return this.#apiCall(text, values);
    }
    const { parameters } = scope.definition;
    const values: Value[] = parameters.map(({ standard }) =>
      standard === undefined ? 0 : constantOf(standard, to.constants) ?? 0
    );
    for (const [i, { name, value }] of args.entries()) {
      const place = name === undefined ? i : parameters.findIndex((each) => each.text === name.text);
      const known = plainValue(value, to.knownNames);
      values[place] = known === undefined
        ? this.#kept(this.value(value), args.slice(i + 1).map((each) => each.value))
        : Number(known);
    }
    return to.call(text, values);
  }

  #apiCall(name: string, [argument = 0, second = 0]: readonly Value[]): Value {
    const to = this.#to;
    switch (name) {
      case "read_b":
        return this.#read(false);
      case "peek_b":
        return this.#read(true);
      case "hash":
        return to.binary("hash", argument, second);
      case "push_b":
        to.set(to.pushedValue, argument);
        to.set(to.pushed, 1);
        return 0;
      case "out":
        to.emit({ type: "out", value: argument });
        return 0;
      case "error":
        to.end({ type: "error" });
        to.place(to.block());
        return 0;
    }
    const [verb, array] = name.split("_") as [string, string];
    const memory = array.endsWith("H") ? "H" : "M";
    const tag = (value: Value): Value => memory === "M" ? to.binary("|", value, TAG) : value;
    if (verb === "len") return this.#length(argument, memory);
    if (verb === "array") return tag(argument);
    const address = verb === "free" && memory === "M" ? to.binary("&", argument, TAG - 1) : argument;
    const result = to.call(`addr_${name}`, [address]);
    return verb === "free" ? 0 : tag(result);
  }

  #read(peek: boolean): Value {
    const to = this.#to;
    if (!to.pushes) return to.wait();
    const result = to.temporary();
    const [have, empty, end] = [to.block(), to.block(), to.block()];
    to.branch("!=", to.pushed, 0, have, empty);
    to.place(have);
    to.set(result, to.pushedValue);
    if (!peek) to.set(to.pushed, 0);
    to.end({ type: "jump", to: end });
    to.place(empty);
    to.set(result, to.wait());
    if (peek) {
      to.set(to.pushedValue, result);
      to.set(to.pushed, 1);
    }
    to.place(end);
    return result;
  }

  /** The length of an array that was allocated: a cell before it, or four bytes. */
  #length(reference: Value, memory: Memory): Value {
    const to = this.#to;
    if (memory === "H") return to.load("H", to.binary("-", reference, 2));
    let sum: Value = 0;
    for (let i = 5; i >= 2; i--) {
      const byte = to.load("M", to.binary("-", reference, i));
      sum = i === 5 ? byte : to.binary("|", to.binary("<<", sum, 8), byte);
    }
    return sum;
  }
}
