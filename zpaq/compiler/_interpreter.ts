/**
 * Running a program as Python does: whole numbers of any size, one statement after the other. It is what compiled code is
 * compared with, and made to be right, not fast.
 */
import { LimitExceededError, SluiceError } from "@sluice/internal";
import type { BinaryOperator, Expression, Statement } from "./_ast.ts";
import { applyBinary, constantOf } from "./_constants.ts";
import type { HeaderData } from "./_header.ts";
import { HASH } from "./_ir.ts";
import { ARRAYS } from "./_names.ts";
import { tableValues } from "./_scopes.ts";
import type { Program, Scope } from "./_scopes.ts";
import type { SourceText, Span } from "./_source_text.ts";

/** An array that a program allocated: where its first element is. */
class Reference {
  constructor(readonly array: string, readonly address: bigint) {}
}

type Value = bigint | Reference;
/** Yields where it waits for input, and is given it. */
type Running<T> = Generator<void, T, bigint>;
/** How a block ended. */
type Outcome = "end" | "break" | "continue" | { readonly value: Value };

const U32 = 2n ** 32n;
const NONE = U32 - 1n;
/** Python's own limit. */
const CALLS_MAX = 1000;
/** So many calls are told of an error. */
const CHAIN_MAX = 8;
/** Numbers grow to so many bits; nobody means more. */
const BITS_MAX = 1n << 65536n;

/** Everything that one section's program has. */
export class Interpreter {
  readonly #program: Program;
  readonly #source: SourceText;
  readonly #constants: ReadonlyMap<string, number>;
  readonly #h: Uint32Array<ArrayBuffer>;
  readonly #m: Uint8Array<ArrayBuffer>;
  readonly #globals = new Map<string, Value>();
  #budget: number;
  #pushback: bigint | undefined;
  /** Where the calls that are open were made. */
  readonly #open: Span[] = [];
  /** The call that waits for a byte, if one does. */
  #waiting: Running<Value> | undefined;
  #started = false;
  /** What `out` gave and nobody took yet. */
  readonly output: number[] = [];

  constructor(program: Program, header: HeaderData, source: SourceText, budget: number) {
    this.#program = program;
    this.#source = source;
    this.#budget = budget;
    const { hh, hm, ph, pm, components } = header;
    const [h, m] = program.part === "hcomp" ? [hh, hm] : [ph, pm];
    this.#h = new Uint32Array(2 ** h);
    this.#m = new Uint8Array(2 ** m);
    this.#constants = new Map(Object.entries({ hh, hm, ph, pm, n: components.length, NONE: Number(NONE) }));
    for (const name of program.globals) this.#globals.set(name, 0n);
  }

  /** The contexts: the first cells of H. */
  contexts(count: number): Uint32Array<ArrayBuffer> {
    const contexts = new Uint32Array(count);
    for (let i = 0; i < count; i++) contexts[i] = this.#h[i % this.#h.length]!;
    return contexts;
  }

  /** Gives the program one value: to the call that waits for it, or to a new one. */
  feed(value: number): void {
    if (!this.#started) {
      this.#started = true;
      this.#block(this.#program.main, undefined).next();
    }
    const resumed = this.#waiting !== undefined;
    const call = this.#waiting ?? this.#enter(BigInt(value));
    try {
      this.#waiting = call.next(resumed ? BigInt(value) : 0n).done === true ? undefined : call;
    } catch (error) {
      if (!(error instanceof RangeError && error.message.includes("call stack"))) throw error;
      const { definition } = this.#program.functions.get(this.#program.part)!;
      this.#fail(this.#open.at(-1) ?? definition, `${this.#open.length} calls are open, which is too deep`);
    }
  }

  #enter(value: bigint): Running<Value> {
    this.#pushback = undefined;
    const scope = this.#program.functions.get(this.#program.part)!;
    return this.#run(scope, new Map([[scope.definition.parameters[0]!.text, value]]));
  }

  #fail(span: Span, state: string, code: "RUN_FAILED" | "PROGRAM_ERROR" = "RUN_FAILED"): never {
    throw new SluiceError(`Cannot run ${this.#source.name} at ${this.#placeOf(span)}: ${state}`, {
      format: "zpaqlpy",
      code,
      offset: span.start,
    });
  }

  /** A line, and the lines of the calls that led there. */
  #placeOf({ start }: Span): string {
    const calls = this.#open.slice(-CHAIN_MAX).reverse().map((call) =>
      `, called at line ${this.#source.lineOf(call.start)}`
    );
    return `line ${this.#source.lineOf(start)}${calls.join("")}`;
  }

  *#run(scope: Scope, locals: Map<string, Value>, call?: Span): Running<Value> {
    if (this.#open.length >= CALLS_MAX) this.#fail(scope.definition, `more than ${CALLS_MAX} calls are open`);
    if (call !== undefined) this.#open.push(call);
    const outcome = yield* this.#block(scope.definition.body, { scope, locals });
    if (call !== undefined) this.#open.pop();
    return typeof outcome === "object" ? outcome.value : 0n;
  }

  *#block(statements: readonly Statement[], frame: Frame | undefined): Running<Outcome> {
    for (const statement of statements) {
      const outcome = yield* this.#statement(statement, frame);
      if (outcome !== "end") return outcome;
    }
    return "end";
  }

  *#statement(statement: Statement, frame: Frame | undefined): Running<Outcome> {
    if (this.#budget-- <= 0) {
      throw new LimitExceededError(
        `Cannot run ${this.#source.name} at ${this.#placeOf(statement)}: the budget is used up`,
        { format: "zpaqlpy", code: "BUDGET_EXCEEDED", offset: statement.start, limit: 0, unit: "statements" },
      );
    }
    switch (statement.type) {
      case "assign": {
        const { targets, value } = statement;
        if (frame === undefined && tableValues(value) !== undefined) return "end";
        const values = value.type === "tuple"
          ? yield* this.#items(value.items, frame)
          : [yield* this.#value(value, frame)];
        for (const target of targets) {
          const parts = target.type === "tuple" ? target.items : [target];
          if (parts.length !== values.length) {
            this.#fail(statement, `${values.length} values go to ${parts.length} targets`);
          }
          for (const [i, part] of parts.entries()) yield* this.#assign(part, values[i]!, frame);
        }
        return "end";
      }
      case "augmented":
        yield* this.#augment(statement, frame);
        return "end";
      case "expression":
        if (statement.value.type !== "string") yield* this.#value(statement.value, frame);
        return "end";
      case "assert":
        if (!(yield* this.#truth(statement.test, frame))) {
          this.#fail(statement, "the assertion does not hold");
        }
        return "end";
      case "return":
        return { value: statement.value === undefined ? 0n : yield* this.#value(statement.value, frame) };
      case "break":
      case "continue":
        return statement.type;
      case "if": {
        let chain = statement;
        while (!(yield* this.#truth(chain.test, frame))) {
          const next = chain.otherwise[0];
          if (chain.otherwise.length !== 1 || next?.type !== "if") {
            return yield* this.#block(chain.otherwise, frame);
          }
          chain = next;
        }
        return yield* this.#block(chain.then, frame);
      }
      case "while":
        while (yield* this.#truth(statement.test, frame)) {
          const outcome = yield* this.#block(statement.body, frame);
          if (outcome === "break") return "end";
          if (typeof outcome === "object") return outcome;
        }
        return yield* this.#block(statement.otherwise, frame);
      case "for":
        return yield* this.#for(statement, frame);
      default:
        return "end";
    }
  }

  *#for(statement: Statement & { readonly type: "for" }, frame: Frame | undefined): Running<Outcome> {
    const bounds = yield* this.#numbers(statement.range, frame);
    const [start, stop, step] = bounds.length === 1
      ? [0n, bounds[0]!, 1n]
      : [bounds[0]!, bounds[1]!, bounds[2] ?? 1n];
    if (step === 0n) this.#fail(statement, "the step of a range is 0");
    for (let i = start; step > 0n ? i < stop : i > stop; i += step) {
      this.#set(statement.variable.text, i, frame);
      const outcome = yield* this.#block(statement.body, frame);
      if (outcome === "break") return "end";
      if (typeof outcome === "object") return outcome;
    }
    return yield* this.#block(statement.otherwise, frame);
  }

  #set(name: string, value: Value, frame: Frame | undefined): void {
    if (frame?.scope.locals.has(name) === true) frame.locals.set(name, value);
    else this.#globals.set(name, value);
  }

  *#assign(target: Expression, value: Value, frame: Frame | undefined): Running<void> {
    if (target.type === "name") return this.#set(target.text, value, frame);
    this.#store(yield* this.#place(target, frame), value, target);
  }

  /** The target of an augmented assignment is looked up once, before the value. */
  *#augment(statement: Statement & { readonly type: "augmented" }, frame: Frame | undefined): Running<void> {
    const { target, operator, value } = statement;
    const place = target.type === "name" ? undefined : yield* this.#place(target, frame);
    const before = place === undefined ? yield* this.#value(target, frame) : this.#load(place);
    const result = this.#binary(operator, before, yield* this.#value(value, frame), statement);
    if (place === undefined) this.#set((target as Expression & { type: "name" }).text, result, frame);
    else this.#store(place, result, target);
  }

  #tableOf(expression: Expression, frame: Frame | undefined): readonly number[] | undefined {
    if (expression.type !== "name" || frame?.scope.locals.has(expression.text) === true) return undefined;
    return this.#program.tables.get(expression.text);
  }

  /** The array and the index that an element stands for. */
  *#place(expression: Expression, frame: Frame | undefined): Running<Place> {
    const { base, index } = expression as Expression & { readonly type: "index" };
    const array = base.type === "name" && ARRAYS[base.text] !== undefined
      ? new Reference(base.text, 0n)
      : yield* this.#value(base, frame);
    const at = yield* this.#number(index, frame);
    if (!(array instanceof Reference)) {
      this.#fail(base, "a number is no array: array_hH and its like make one of it");
    }
    const cells = array.array.endsWith("H") ? this.#h : this.#m;
    const place = array.address + at;
    if (place < 0n || place >= BigInt(cells.length)) {
      this.#fail(expression, `the index ${place} is outside the ${cells.length} elements of ${array.array}`);
    }
    return { cells, at: Number(place) };
  }

  #load({ cells, at }: Place): bigint {
    return BigInt(cells[at]!);
  }

  #store({ cells, at }: Place, value: Value, span: Span): void {
    const number = value instanceof Reference ? value.address : value;
    if (cells instanceof Uint8Array && (number < 0n || number > 255n)) {
      this.#fail(span, `${number} is no byte`);
    }
    cells[at] = Number(BigInt.asUintN(32, number));
  }

  *#items(items: readonly Expression[], frame: Frame | undefined): Running<Value[]> {
    const values: Value[] = [];
    for (const item of items) values.push(yield* this.#value(item, frame));
    return values;
  }

  *#numbers(items: readonly Expression[], frame: Frame | undefined): Running<bigint[]> {
    const values: bigint[] = [];
    for (const item of items) values.push(yield* this.#number(item, frame));
    return values;
  }

  *#number(expression: Expression, frame: Frame | undefined): Running<bigint> {
    const value = yield* this.#value(expression, frame);
    return value instanceof Reference ? value.address : value;
  }

  *#truth(expression: Expression, frame: Frame | undefined): Running<boolean> {
    const value = yield* this.#value(expression, frame);
    return value instanceof Reference || value !== 0n;
  }

  *#value(expression: Expression, frame: Frame | undefined): Running<Value> {
    switch (expression.type) {
      case "name": {
        const { text } = expression;
        if (frame?.scope.locals.has(text) === true) {
          return frame.locals.get(text) ?? this.#fail(expression, `"${text}" has no value yet`);
        }
        const constant = this.#constants.get(text);
        return constant === undefined ? this.#globals.get(text) ?? 0n : BigInt(constant);
      }
      case "index": {
        const table = this.#tableOf(expression.base, frame);
        if (table === undefined) return this.#load(yield* this.#place(expression, frame));
        const at = yield* this.#number(expression.index, frame);
        const value = table[Number(BigInt.asIntN(53, at))];
        if (value === undefined || at < 0n) {
          this.#fail(expression, `the index ${at} is outside the ${table.length} elements of the table`);
        }
        return BigInt(value);
      }
      case "call":
        return yield* this.#call(expression, frame);
      case "unary": {
        if (expression.operator === "not") return (yield* this.#truth(expression.operand, frame)) ? 0n : 1n;
        const operand = yield* this.#number(expression.operand, frame);
        return expression.operator === "-" ? -operand : expression.operator === "~" ? ~operand : operand;
      }
      case "binary": {
        const left = yield* this.#value(expression.left, frame);
        return this.#binary(
          expression.operator,
          left,
          yield* this.#value(expression.right, frame),
          expression,
        );
      }
      case "boolean":
        return yield* this.#boolean(expression, frame);
      case "compare":
        return (yield* this.#compare(expression, frame)) ? 1n : 0n;
      case "conditional": {
        const test = yield* this.#truth(expression.test, frame);
        return yield* this.#value(test ? expression.then : expression.otherwise, frame);
      }
      default:
        return BigInt(constantOf(expression) ?? 0);
    }
  }

  *#boolean(expression: Expression & { readonly type: "boolean" }, frame: Frame | undefined): Running<Value> {
    let value: Value = 0n;
    for (const operand of expression.operands) {
      value = yield* this.#value(operand, frame);
      const truth = value instanceof Reference || value !== 0n;
      if (truth === (expression.operator === "or")) return value;
    }
    return value;
  }

  *#compare(
    expression: Expression & { readonly type: "compare" },
    frame: Frame | undefined,
  ): Running<boolean> {
    let left = yield* this.#number(expression.first, frame);
    for (const { operator, operand } of expression.links) {
      const right = yield* this.#number(operand, frame);
      const holds = operator === "<"
        ? left < right
        : operator === ">"
        ? left > right
        : operator === "<="
        ? left <= right
        : operator === ">="
        ? left >= right
        : (left === right) === (operator === "==" || operator === "is");
      if (!holds) return false;
      left = right;
    }
    return true;
  }

  #binary(operator: BinaryOperator, left: Value, right: Value, span: Span): Value {
    if (left instanceof Reference && right instanceof Reference) {
      this.#fail(span, "two arrays can not be calculated with");
    }
    const [a, b] = [left, right].map((side) => side instanceof Reference ? side.address : side) as [
      bigint,
      bigint,
    ];
    const value = applyBinary(operator === "/" ? "//" : operator, a, b);
    if (value === undefined) {
      this.#fail(span, b === 0n ? "it divides by zero" : `${b} is no operand of "${operator}"`);
    }
    if (value > BITS_MAX || value < -BITS_MAX) this.#fail(span, "the number has more than 65536 bits");
    const reference = left instanceof Reference ? left : right instanceof Reference ? right : undefined;
    return reference === undefined ? value : new Reference(reference.array, value);
  }

  *#call(expression: Expression & { readonly type: "call" }, frame: Frame | undefined): Running<Value> {
    const { callee: { text }, args } = expression;
    if (text === "len") {
      const { value } = args[0]!;
      const table = this.#tableOf(value, frame);
      if (table !== undefined) return BigInt(table.length);
      return BigInt(value.type === "name" && value.text.endsWith("H") ? this.#h.length : this.#m.length);
    }
    const scope = this.#program.functions.get(text);
    if (scope === undefined) {
      return yield* this.#api(
        text,
        yield* this.#items(args.map(({ value }) => value), frame),
        expression,
      );
    }
    const { parameters } = scope.definition;
    const locals = new Map<string, Value>();
    for (const [i, { name, value }] of args.entries()) {
      locals.set(name?.text ?? parameters[i]!.text, yield* this.#value(value, frame));
    }
    for (const { text, standard } of parameters) {
      if (!locals.has(text)) locals.set(text, BigInt(constantOf(standard!)!));
    }
    return yield* this.#run(scope, locals, expression);
  }

  *#api(name: string, args: readonly Value[], span: Span): Running<Value> {
    const value = args[0] ?? 0n;
    const number = value instanceof Reference ? value.address : value;
    switch (name) {
      case "read_b": {
        const kept = this.#pushback;
        this.#pushback = undefined;
        return kept ?? (yield);
      }
      case "peek_b":
        return this.#pushback ??= yield;
      case "hash": {
        const other = args[1] ?? 0n;
        const added = other instanceof Reference ? other.address : other;
        return BigInt.asUintN(32, (number + added + BigInt(HASH.plus)) * BigInt(HASH.times));
      }
      case "push_b":
        this.#pushback = number;
        return 0n;
      case "out":
        this.output.push(Number(BigInt.asUintN(8, number)));
        return 0n;
      case "error":
        return this.#fail(span, "it called error()", "PROGRAM_ERROR");
    }
    const [verb, array] = name.split("_") as [string, string];
    if (verb === "array") {
      return value instanceof Reference ? value : new Reference(array, number & 0x7fffffffn);
    }
    if (verb === "len") {
      if (array.endsWith("H")) return this.#length([number - 2n], this.#h, span);
      return this.#length([number - 5n, number - 4n, number - 3n, number - 2n], this.#m, span);
    }
    const own = this.#program.functions.get(`addr_${name}`)!;
    const parameter = own.definition.parameters[0]!.text;
    const result = yield* this.#run(own, new Map([[parameter, number]]), span);
    const address = result instanceof Reference ? result.address : result;
    return verb === "alloc" ? new Reference(array, address) : 0n;
  }

  /** A big-endian number in cells. */
  #length(places: readonly bigint[], cells: Place["cells"], span: Span): bigint {
    return places.reduce((sum, place) => {
      if (place < 0n || place >= BigInt(cells.length)) {
        this.#fail(span, "this is no array that was allocated");
      }
      return sum * 256n + BigInt(cells[Number(place)]!);
    }, 0n);
  }
}

/** A call that is open. */
interface Frame {
  readonly scope: Scope;
  readonly locals: Map<string, Value>;
}

/** One element of an array. */
interface Place {
  readonly cells: Uint32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>;
  readonly at: number;
}
