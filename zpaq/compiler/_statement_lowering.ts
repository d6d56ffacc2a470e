/**
 * From statements to operations.
 */
import type { Expression, Statement } from "./_ast.ts";
import type { ExpressionLowering, Place } from "./_expression_lowering.ts";
import { hasEffects } from "./_expression_lowering.ts";
import type { Variable } from "./_ir.ts";
import type { Block, Value } from "./_ir.ts";
import type { LoweringContext } from "./_lowering_context.ts";
import { integerOf } from "./_constants.ts";
import { assignedIn } from "./_scopes.ts";
import { expressionSize } from "./_sizes.ts";
import { numbersOf, plainValue, roundsOf } from "./_unrolling.ts";

const U32 = 2n ** 32n;
/** Conditions of so many parts are written twice, before a loop and after it. */
const TEST_SIZE_MAX = 5;

/** Lowers statements. */
export class StatementLowering {
  readonly #to: LoweringContext;
  readonly #expressions: ExpressionLowering;

  constructor(lowering: LoweringContext, expressions: ExpressionLowering) {
    this.#to = lowering;
    this.#expressions = expressions;
  }

  block(statements: readonly Statement[]): void {
    for (const [i, statement] of statements.entries()) {
      this.#to.line = statement.start;
      if (statement.type === "while") this.#while(statement, statements.slice(0, i));
      else this.#statement(statement);
    }
  }

  #statement(statement: Statement): void {
    const to = this.#to;
    switch (statement.type) {
      case "assign":
        return this.#assign(statement);
      case "augmented":
        return this.#augment(statement);
      case "expression":
        if (hasEffects(statement.value)) this.#expressions.value(statement.value);
        return;
      case "return": {
        const { exit, result } = to.activation;
        const value = statement.value === undefined ? 0 : this.#expressions.value(statement.value);
        if (result !== undefined) to.set(result, value);
        return this.#leave(exit);
      }
      case "break":
        return this.#leave(to.activation.loops.at(-1)!.end);
      case "continue":
        return this.#leave(to.activation.loops.at(-1)!.next);
      case "assert": {
        const [good, bad] = [to.block(), to.block()];
        this.#expressions.condition(statement.test, good, bad);
        to.place(bad);
        to.end({ type: "error" });
        return to.place(good);
      }
      case "if":
        return this.#if(statement);
      case "for":
        return this.#for(statement);
    }
  }

  #leave(block: Block): void {
    this.#to.end({ type: "jump", to: block });
    // What follows is never reached.
    this.#to.place(this.#to.block());
  }

  /** A chain of "elif" is a loop here: it may be longer than the stack is deep. */
  #if(statement: Statement & { readonly type: "if" }): void {
    const to = this.#to;
    const end = to.block();
    let chain: Statement & { readonly type: "if" } | undefined = statement;
    while (chain !== undefined) {
      const [yes, no] = [to.block(), to.block()];
      to.line = chain.start;
      this.#expressions.condition(chain.test, yes, no);
      to.place(yes);
      this.block(chain.then);
      to.end({ type: "jump", to: end });
      to.place(no);
      const next: Statement | undefined = chain.otherwise[0];
      if (chain.otherwise.length === 1 && next?.type === "if") chain = next;
      else {
        this.block(chain.otherwise);
        chain = undefined;
      }
    }
    to.place(end);
  }

  /** The test stands after the body, so that a round takes one jump; before it as well where it is short. */
  #while(statement: Statement & { readonly type: "while" }, before: readonly Statement[]): void {
    const to = this.#to;
    const { test, body, otherwise } = statement;
    if (this.#mayUnroll) {
      const rounds = roundsOf(statement, before, to.activation.locals, to.names);
      if (rounds !== undefined && to.unrolling.takes(statement, rounds)) {
        return this.#rounds(statement, Array(rounds).fill(undefined));
      }
    }
    const [again, next, done, end] = [to.block(), to.block(), to.block(), to.block()];
    const { level } = to.settings;
    const twice = level === 2 && !hasEffects(test) && expressionSize(test) <= TEST_SIZE_MAX;
    if (twice) {
      to.copies = true;
      this.#expressions.condition(test, again, done);
    } else to.end({ type: "jump", to: next });
    to.depth++;
    to.place(again);
    this.#loop(body, next, end);
    to.place(next);
    to.line = statement.start;
    this.#expressions.condition(test, again, done);
    to.depth--;
    to.place(done);
    this.block(otherwise);
    to.place(end);
  }

  #loop(body: readonly Statement[], next: Block, end: Block): void {
    const { loops } = this.#to.activation;
    loops.push({ next, end });
    this.block(body);
    loops.pop();
  }

  /** Whether loops are written out: not those that run once, before the first byte. */
  get #mayUnroll(): boolean {
    return this.#to.activation.scope !== undefined;
  }

  /** One round after the other; `counters` are the numbers that the variable of a "for" has. */
  #rounds(
    statement: Statement & { readonly type: "for" | "while" },
    counters: readonly (number | undefined)[],
  ): void {
    const to = this.#to;
    const { known, locals } = to.activation;
    const { body, otherwise } = statement;
    const end = to.block();
    const name = statement.type === "for" ? statement.variable.text : undefined;
    const keeps = name !== undefined && locals.has(name) &&
      ![...assignedIn(body)].some(({ text }) => text === name);
    for (const counter of counters) {
      if (name !== undefined && counter !== undefined) {
        to.line = statement.start;
        to.set(to.variable(name)!, counter);
        if (keeps) known.set(name, counter);
      }
      const next = to.block();
      this.#loop(body, next, end);
      to.place(next);
    }
    if (keeps) known.delete(name);
    this.block(otherwise);
    to.place(end);
  }

  /** The whole number that Python has for an expression. */
  #integer(expression: Expression): bigint | undefined {
    const to = this.#to;
    if (expression.type === "call") {
      const length = this.#expressions.constant(expression);
      return length === undefined ? undefined : BigInt(length);
    }
    return integerOf(expression, to.names) ?? plainValue(expression, to.knownNames);
  }

  #for(statement: Statement & { readonly type: "for" }): void {
    const to = this.#to;
    const { range, variable, body, otherwise } = statement;
    const [first, second, third] = range;
    const step = third === undefined ? 1n : integerOf(third, to.names);
    if (step === undefined || step === 0n) {
      to.reporter.report("0403", third!, "the step of a range is a constant other than 0 here");
      return;
    }
    const stopExpression = second ?? first!;
    const counterStart = second === undefined
      ? 0
      : this.#kept(first!, [stopExpression, ...(third === undefined ? [] : [third])]);
    const limit = this.#integer(stopExpression);
    const stop = limit === undefined ? to.copy(this.#expressions.value(stopExpression)) : limit;
    const own = to.variable(variable.text)!;
    const assigned = [...assignedIn(body)].some(({ text }) => text === variable.text);
    const isLocal = to.activation.locals.has(variable.text);
    const counter = assigned || !isLocal ? to.temporary() : own;
    const [again, next, more, done, end] = [to.block(), to.block(), to.block(), to.block(), to.block()];
    const start = second === undefined ? 0n : this.#integer(first!);
    if (start !== undefined && limit !== undefined && this.#mayUnroll) {
      const numbers = numbersOf(start, limit, step);
      if (numbers !== undefined && to.unrolling.takes(statement, numbers.length)) {
        return this.#rounds(statement, numbers);
      }
    }
    if (start !== undefined && typeof stop === "bigint") {
      if (step > 0n ? start >= stop : start <= stop) to.end({ type: "jump", to: done });
    } else this.#enter(counterStart, stop, step > 0n, again, done, more);
    // The variable keeps its value when there is no round.
    to.place(more);
    to.set(counter, counterStart);
    to.depth++;
    to.place(again);
    if (counter !== own) to.set(own, counter);
    this.#loop(body, next, end);
    to.place(next);
    to.line = statement.start;
    this.#advance(counter, start, stop, step, again, done);
    to.depth--;
    to.place(done);
    this.block(otherwise);
    to.place(end);
  }

  /** Goes on to `more` when there is a first round. */
  #enter(start: Value, stop: Value | bigint, up: boolean, _again: Block, done: Block, more: Block): void {
    const to = this.#to;
    if (typeof stop === "bigint" && stop < 0n) to.end({ type: "jump", to: up ? done : more });
    else to.branch(up ? "<" : ">", start, typeof stop === "bigint" ? Number(stop) : stop, more, done);
  }

  /** The next number of a range, and whether there is one. */
  #advance(
    counter: Variable,
    start: bigint | undefined,
    stop: Value | bigint,
    step: bigint,
    again: Block,
    done: Block,
  ): void {
    const to = this.#to;
    const size = Number(BigInt.asUintN(32, step < 0n ? -step : step));
    const another = to.block();
    const move = (): Value => to.binary(step > 0n ? "+" : "-", counter, size);
    if (typeof stop === "bigint" && start !== undefined) {
      const rounds = ((step > 0n ? stop - start : start - stop) + BigInt(size) - 1n) / BigInt(size);
      const end = BigInt.asUintN(32, start + (rounds > 0n ? rounds : 0n) * step);
      const value = move();
      to.branch("==", value, Number(end), done, another);
      to.place(another);
      to.set(counter, value);
    } else if (step > 0n && (size === 1 || typeof stop === "bigint" && stop + step < U32)) {
      const value = move();
      to.branch("<", value, typeof stop === "bigint" ? Number(stop) : stop, another, done);
      to.place(another);
      to.set(counter, value);
    } else if (typeof stop === "bigint" && step < 0n) {
      // There is another round while the counter is at least its step above the first number that is too small.
      const least = stop - step + 1n;
      if (least >= U32) to.end({ type: "jump", to: done });
      else to.branch(">=", counter, least < 0n ? 0 : Number(least), another, done);
      to.place(another);
      to.set(counter, move());
    } else {
      const limit = typeof stop === "bigint" ? Number(stop) : stop;
      const rest = step > 0n ? to.binary("-", limit, counter) : to.binary("-", counter, limit);
      to.branch(">", rest, size, another, done);
      to.place(another);
      to.set(counter, move());
    }
    to.end({ type: "jump", to: again });
  }

  #kept(expression: Expression, later: readonly Expression[]): Value {
    const value = this.#expressions.value(expression);
    return later.some(hasEffects) ? this.#to.copy(value) : value;
  }

  #assign({ targets, value }: Statement & { readonly type: "assign" }): void {
    const to = this.#to;
    if (targets.length === 1 && targets[0]!.type === "name" && to.activation.scope === undefined) {
      const { text } = targets[0]!;
      // Header data, constants and tables are no variables.
      if (to.constants.has(text) || to.tables.has(text)) return;
    }
    if (value.type === "tuple") {
      const [target] = targets;
      if (targets.length !== 1 || target?.type !== "tuple" || target.items.length !== value.items.length) {
        to.reporter.report("0122", value, "so many values go to as many targets");
        return;
      }
      const values = value.items.map((item) => to.copy(this.#expressions.value(item)));
      for (const [i, item] of target.items.entries()) this.#store(item, values[i]!);
      return;
    }
    const result = this.#expressions.value(value);
    const kept = targets.length > 1 || targets.some((target) => target.type === "index" && hasEffects(target))
      ? to.copy(result)
      : result;
    for (const target of targets) this.#store(target, kept);
  }

  #store(target: Expression, value: Value): void {
    if (target.type === "name") {
      const variable = this.#to.variable(target.text);
      if (variable !== undefined) this.#to.set(variable, value);
    } else {this.#expressions.store(
        this.#expressions.place(target as Expression & { readonly type: "index" }),
        value,
      );}
  }

  /** The place is found once; what was there is read before the value is computed. */
  #augment(statement: Statement & { readonly type: "augmented" }): void {
    const to = this.#to;
    const { target, operator, value } = statement;
    const kept = (before: Value): Value => hasEffects(value) ? to.copy(before) : before;
    if (target.type === "name") {
      const before = kept(to.variable(target.text)!);
      const result = this.#expressions.binary(operator, before, this.#expressions.value(value), value);
      return to.set(to.variable(target.text)!, result);
    }
    const found = this.#expressions.place(target as Expression & { readonly type: "index" });
    const place: Place = { ...found, at: kept(found.at) };
    const before = this.#expressions.load(place);
    const result = this.#expressions.binary(operator, before, this.#expressions.value(value), value);
    this.#expressions.store(place, result);
  }
}
