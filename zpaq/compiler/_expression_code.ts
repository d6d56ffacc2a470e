/**
 * Instructions that compute values. A holds the value at hand, B the right side of an operation, C and D the indexes into M
 * and H; intermediate values wait in R.
 */
import type { BinaryOperator, Expression, Name } from "./_ast.ts";
import { constantOf } from "./_constants.ts";
import type { Emitter, Label } from "./_emitter.ts";
import { ARRAYS } from "./_names.ts";
import type { Reporter } from "./_reporter.ts";
import { partsOf } from "./_scopes.ts";
import type { Span } from "./_source_text.ts";
import { PUSHED_CELL, PUSHED_FLAG, TEMPORARIES_MAX } from "./_storage.ts";
import type { Frame } from "./_storage.ts";

const NONE = 2 ** 32 - 1;
const OPERATION_WORDS: Readonly<Record<string, string>> = {
  "+": "a+=",
  "-": "a-=",
  "*": "a*=",
  "//": "a/=",
  "/": "a/=",
  "%": "a%=",
  "&": "a&=",
  "|": "a|=",
  "^": "a^=",
};
const COMMUTATIVE: ReadonlySet<string> = new Set(["+", "*", "&", "|", "^"]);
/** The comparison that sets the flag, and whether a set flag means that it holds. */
const COMPARISONS: Readonly<Record<string, readonly [word: string, holds: boolean]>> = {
  "<": ["a<", true],
  ">=": ["a<", false],
  ">": ["a>", true],
  "<=": ["a>", false],
  "==": ["a==", true],
  "is": ["a==", true],
  "!=": ["a==", false],
  "is not": ["a==", false],
};

/** What values are made of in one function. */
export interface CodeContext {
  readonly emitter: Emitter;
  readonly reporter: Reporter;
  readonly frame: Frame;
  /** Names with a known value. */
  readonly constants: ReadonlyMap<string, number>;
  readonly globals: ReadonlyMap<string, number>;
  /** log2 of the elements of the arrays of this program. */
  readonly sizes: Readonly<Record<string, number>>;
  /** Whether anything is ever pushed back. */
  readonly pushes: boolean;
  /** Calls a function of the program; the arguments are evaluated by `argument`. The result is in A. */
  call(
    name: string,
    args: readonly { readonly parameter: number; readonly value: Expression | "A" }[],
    code: ExpressionCode,
  ): void;
  /** Waits for the next input value, which is then in A. */
  waitForInput(): void;
  /** The cell of each parameter of a function, with the default values. */
  parametersOf(
    name: string,
  ): readonly { readonly name: string; readonly standard: number | undefined }[] | undefined;
}

/** Whether evaluating has effects: only calls do. */
export function hasEffects(expression: Expression): boolean {
  return expression.type === "call" && expression.callee.text !== "len" ||
    partsOf(expression).some(hasEffects);
}

/** Makes code for expressions of one function. */
export class ExpressionCode {
  readonly context: CodeContext;
  #used = 0;

  constructor(context: CodeContext) {
    this.context = context;
  }

  /** Runs `make` with a cell for an intermediate value. */
  withCell(span: Span, make: (cell: number) => void): void {
    if (this.#used >= TEMPORARIES_MAX) {
      this.context.reporter.report(
        "0402",
        span,
        "the expression holds too many intermediate values: divide it",
      );
      return;
    }
    make(this.context.frame.temporaries + this.#used++);
    this.#used--;
  }

  /** The value of an expression that is known now. */
  constant(expression: Expression): number | undefined {
    if (expression.type === "call" && expression.callee.text === "len") {
      const [argument] = expression.args;
      if (argument?.value.type === "name") {
        return 2 ** (this.context.sizes[argument.value.text] ?? 0) % 2 ** 32;
      }
    }
    const locals = this.context.frame.variables;
    if (expression.type === "name" && locals.has(expression.text)) return undefined;
    return constantOf(expression, this.context.constants);
  }

  /** The cell of a variable. */
  cellOf(name: Name): number {
    const { frame, globals } = this.context;
    return frame.variables.get(name.text) ?? globals.get(name.text)!;
  }

  /** Puts a number into A. */
  number(value: number): void {
    const { emitter } = this.context;
    if (value === 0) emitter.emit("a=0");
    else if (value <= 255) emitter.emit("a=", value);
    else if (NONE - value <= 255) {
      this.number(NONE - value);
      emitter.emit("a!");
    } else {
      let [rest, shift] = [value, 0];
      while (rest % 2 === 0) [rest, shift] = [rest / 2, shift + 1];
      if (rest <= 255) {
        emitter.emit("a=", rest);
        emitter.emit("a<<=", shift);
      } else {
        this.number(Math.floor(value / 256));
        emitter.emit("a<<=", 8);
        if (value % 256 > 0) emitter.emit("a|=", value % 256);
      }
    }
  }

  /** Does what an expression does, without its value. */
  effects(expression: Expression): void {
    if (!hasEffects(expression)) return;
    const name = expression.type === "call" ? expression.callee.text : "";
    if (name !== "out" && name !== "push_b") return this.value(expression);
    const [argument] = (expression as Expression & { readonly type: "call" }).args;
    if (name === "push_b") return this.#push(argument!.value);
    this.value(argument!.value);
    this.context.emitter.emit("out");
  }

  #push(value: Expression): void {
    const { emitter } = this.context;
    this.value(value);
    emitter.emit("r=a", PUSHED_CELL);
    this.number(1);
    emitter.emit("r=a", PUSHED_FLAG);
  }

  /** Puts a value into A. B, C and D are lost. */
  value(expression: Expression): void {
    const { emitter } = this.context;
    const known = this.constant(expression);
    if (known !== undefined) return this.number(known);
    switch (expression.type) {
      case "name":
        return emitter.emit("a=r", this.cellOf(expression));
      case "index":
        return this.#load(expression);
      case "call":
        return this.#call(expression);
      case "unary":
        return this.#unary(expression);
      case "binary":
        return this.binary(expression.operator, expression.left, expression.right, expression);
      case "conditional": {
        const [otherwise, end] = [emitter.label(), emitter.label()];
        this.branch(expression.test, otherwise, false);
        this.value(expression.then);
        emitter.jump("jmp", end);
        emitter.place(otherwise);
        this.value(expression.otherwise);
        return emitter.place(end);
      }
      case "boolean": {
        const end = emitter.label();
        for (const [i, operand] of expression.operands.entries()) {
          this.value(operand);
          if (i === expression.operands.length - 1) break;
          emitter.emit("a==", 0);
          emitter.jump(expression.operator === "or" ? "jf" : "jt", end);
        }
        return emitter.place(end);
      }
      default:
        return this.#truth(expression);
    }
  }

  /** A condition as 1 or 0. */
  #truth(expression: Expression): void {
    const { emitter } = this.context;
    const [no, end] = [emitter.label(), emitter.label()];
    this.branch(expression, no, false);
    emitter.emit("a=", 1);
    emitter.jump("jmp", end);
    emitter.place(no);
    emitter.emit("a=0");
    emitter.place(end);
  }

  #unary(expression: Expression & { readonly type: "unary" }): void {
    const { emitter } = this.context;
    if (expression.operator === "not") return this.#truth(expression);
    this.value(expression.operand);
    if (expression.operator === "+") return;
    emitter.emit("a!");
    if (expression.operator === "-") emitter.emit("a++");
  }

  /** Whether a value is had by one instruction, without losing anything. */
  #isSimple(expression: Expression): boolean {
    const known = this.constant(expression);
    return known === undefined ? expression.type === "name" : known <= 255 || known === NONE;
  }

  /** A simple value to a register other than A, or as the number of an operation. */
  #simple(expression: Expression, register: "b" | "c" | "d"): void {
    const { emitter } = this.context;
    const known = this.constant(expression);
    if (known === undefined) emitter.emit(`${register}=r`, this.cellOf(expression as Expression & Name));
    else if (known === 0 || known === NONE) {
      emitter.emit(`${register}=0`);
      if (known === NONE) emitter.emit(`${register}--`);
    } else emitter.emit(`${register}=`, known);
  }

  /**
   * Left value to A, right one to B or, where it is a small number, into the operation itself, whose number is then
   * returned.
   */
  operands(left: Expression, right: Expression): number | undefined {
    const { emitter } = this.context;
    const known = this.constant(right);
    if (known !== undefined && known <= 255) {
      this.value(left);
      return known;
    }
    if (this.#isSimple(right)) {
      this.value(left);
      this.#simple(right, "b");
    } else if (this.#isSimple(left) && !hasEffects(right)) {
      this.value(right);
      emitter.emit("b=a");
      this.value(left);
    } else {
      this.value(left);
      this.withCell(right, (cell) => {
        emitter.emit("r=a", cell);
        this.value(right);
        emitter.emit("b=a");
        emitter.emit("a=r", cell);
      });
    }
    return undefined;
  }

  /** The result of an operator to A. */
  binary(operator: BinaryOperator, left: Expression, right: Expression, span: Span): void {
    if (operator === "**") {
      const one: Expression = { type: "number", value: 1, start: left.start, end: left.end };
      return this.constant(left) === 2
        ? this.binary("<<", one, right, span)
        : this.#power(this.operands(left, right), span);
    }
    const swap = COMMUTATIVE.has(operator) && this.#isSimple(left) && !hasEffects(right);
    const known = swap ? this.operands(right, left) : this.operands(left, right);
    this.apply(operator, known, right);
  }

  /** Applies an operator to A and B, or A and a small number. `right` says what is known of the second. */
  apply(operator: BinaryOperator, known: number | undefined, right: Expression): void {
    const { emitter } = this.context;
    if (operator === "<<" || operator === ">>") return this.#shift(operator, known, right);
    const word = OPERATION_WORDS[operator]!;
    if (known === undefined) return emitter.emit(`${word}b`);
    // "a+= 128" is compiled wrongly by old versions of libzpaq.
    if (operator === "+" && known === 128) {
      emitter.emit(word, 127);
      emitter.emit("a++");
    } else if (known === 1 && (operator === "+" || operator === "-")) {
      emitter.emit(operator === "+" ? "a++" : "a--");
    } else emitter.emit(word, known);
  }

  /** Shifts by 32 and more give 0, where the machine would take the count modulo 32. */
  #shift(operator: "<<" | ">>", known: number | undefined, right: Expression): void {
    const { emitter } = this.context;
    const word = operator === "<<" ? "a<<=" : "a>>=";
    if (known !== undefined) {
      if (known >= 32) emitter.emit("a=0");
      else if (known > 0) emitter.emit(word, known);
      return;
    }
    if (this.most(right) < 32) return emitter.emit(`${word}b`);
    const end = emitter.label();
    emitter.emit("b<>a");
    emitter.emit("a>", 31);
    emitter.emit("b<>a");
    emitter.emit(`${word}b`);
    emitter.jump("jf", end);
    emitter.emit("a=0");
    emitter.place(end);
  }

  /** The largest value that an expression can have, as far as its form tells. */
  most(expression: Expression): number {
    const known = this.constant(expression);
    if (known !== undefined) return known;
    if (expression.type === "compare" || expression.type === "unary" && expression.operator === "not") {
      return 1;
    }
    if (
      expression.type === "index" && expression.base.type === "name" && expression.base.text.endsWith("M")
    ) return 255;
    if (expression.type !== "binary") return NONE;
    const [left, right] = [this.most(expression.left), this.most(expression.right)];
    switch (expression.operator) {
      case "&":
        return Math.min(left, right);
      case "%":
        return right === 0 ? 0 : right - 1;
      case "//":
      case ">>":
        return left;
      case "|":
      case "^":
        return left <= 255 && right <= 255 ? 255 : NONE;
      default:
        return NONE;
    }
  }

  /** As `binary` with the left value in a cell. */
  binaryFromCell(operator: BinaryOperator, cell: number, right: Expression): void {
    const { emitter } = this.context;
    const constant = this.constant(right);
    const known = constant !== undefined && constant <= 255 ? constant : undefined;
    if (known === undefined && this.#isSimple(right)) this.#simple(right, "b");
    else if (known === undefined) {
      this.value(right);
      emitter.emit("b=a");
    }
    emitter.emit("a=r", cell);
    if (operator === "**") this.#power(known, right);
    else this.apply(operator, known, right);
  }

  /** A to the power of B or of a small number, by squaring; 0 to the power of 0 is 1. */
  #power(known: number | undefined, span: Span): void {
    const { emitter } = this.context;
    this.withCell(span, (square) =>
      this.withCell(span, (exponent) =>
        this.withCell(span, (result) => {
          emitter.emit("r=a", square);
          if (known === undefined) emitter.emit("a=b");
          else this.number(known);
          emitter.emit("r=a", exponent);
          this.number(1);
          emitter.emit("r=a", result);
          const [again, even, end] = [emitter.label(), emitter.label(), emitter.label()];
          emitter.place(again);
          emitter.emit("a=r", exponent);
          emitter.emit("a==", 0);
          emitter.jump("jt", end);
          emitter.emit("a&=", 1);
          emitter.emit("a==", 0);
          emitter.jump("jt", even);
          emitter.emit("a=r", result);
          emitter.emit("b=r", square);
          emitter.emit("a*=b");
          emitter.emit("r=a", result);
          emitter.place(even);
          emitter.emit("a=r", square);
          emitter.emit("a*=a");
          emitter.emit("r=a", square);
          emitter.emit("a=r", exponent);
          emitter.emit("a>>=", 1);
          emitter.emit("r=a", exponent);
          emitter.jump("jmp", again);
          emitter.place(end);
          emitter.emit("a=r", result);
        })));
  }

  /** Jumps to `target` when the truth of an expression is `when`, and goes on otherwise. */
  branch(expression: Expression, target: Label, when: boolean): void {
    const { emitter } = this.context;
    const known = this.constant(expression);
    if (known !== undefined) {
      if ((known !== 0) === when) emitter.jump("jmp", target);
    } else if (expression.type === "unary" && expression.operator === "not") {
      this.branch(expression.operand, target, !when);
    } else if (expression.type === "boolean") {
      this.#branchBoolean(expression, target, when);
    } else if (expression.type === "compare") {
      this.#branchCompare(expression, target, when);
    } else {
      this.value(expression);
      emitter.emit("a==", 0);
      emitter.jump(when ? "jf" : "jt", target);
    }
  }

  #branchBoolean(expression: Expression & { readonly type: "boolean" }, target: Label, when: boolean): void {
    const { emitter } = this.context;
    // "or" is decided by the first true operand, "and" by the first false one.
    const decides = expression.operator === "or";
    const end = emitter.label();
    for (const [i, operand] of expression.operands.entries()) {
      const last = i === expression.operands.length - 1;
      if (last || decides === when) this.branch(operand, target, when);
      else this.branch(operand, end, decides);
    }
    emitter.place(end);
  }

  #branchCompare(
    { first, links }: Expression & { readonly type: "compare" },
    target: Label,
    when: boolean,
  ): void {
    const { emitter } = this.context;
    const [link] = links;
    if (links.length === 1) {
      const [word, holds] = COMPARISONS[link!.operator]!;
      const known = this.operands(first, link!.operand);
      if (known === undefined) emitter.emit(`${word}b`);
      else emitter.emit(word, known);
      return emitter.jump(holds === when ? "jt" : "jf", target);
    }
    const no = emitter.label();
    this.withCell(first, (cell) => {
      this.value(first);
      emitter.emit("r=a", cell);
      for (const [i, { operator, operand }] of links.entries()) {
        const [word, holds] = COMPARISONS[operator]!;
        this.value(operand);
        emitter.emit("b=a");
        emitter.emit("a=r", cell);
        emitter.emit(`${word}b`);
        if (i === links.length - 1 && when) return emitter.jump(holds ? "jt" : "jf", target);
        emitter.jump(holds ? "jf" : "jt", when ? no : target);
        if (i === links.length - 1) break;
        emitter.emit("a=b");
        emitter.emit("r=a", cell);
      }
    });
    emitter.place(no);
  }

  /** The kind of a memory array where an expression names one. */
  memoryOf(expression: Expression): "H" | "M" | undefined {
    if (expression.type !== "name" || ARRAYS[expression.text] === undefined) return undefined;
    return expression.text.endsWith("H") ? "H" : "M";
  }

  #load(expression: Expression & { readonly type: "index" }): void {
    const { emitter } = this.context;
    const memory = this.memoryOf(expression.base);
    if (memory === undefined) {
      this.value(this.addressOf(expression));
      return this.loadAt();
    }
    const register = memory === "H" ? "d" : "c";
    if (this.#isSimple(expression.index)) this.#simple(expression.index, register);
    else {
      this.value(expression.index);
      emitter.emit(`${register}=a`);
    }
    emitter.emit(`a=*${register}`);
  }

  /** Where an element of a reference is: references of M have their highest bit set, which an index into M does not see. */
  addressOf({ base, index, start, end }: Expression & { readonly type: "index" }): Expression {
    return { type: "binary", operator: "+", at: base, left: base, right: index, start, end };
  }

  /** The element that the address in A stands for. */
  loadAt(): void {
    const { emitter } = this.context;
    const [isM, end] = [emitter.label(), emitter.label()];
    this.#testReference(isM);
    emitter.emit("d=b");
    emitter.emit("a=*d");
    emitter.jump("jmp", end);
    emitter.place(isM);
    emitter.emit("c=b");
    emitter.emit("a=*c");
    emitter.place(end);
  }

  /** Stores the value of a cell where the address in A stands for. */
  storeAt(cell: number): void {
    const { emitter } = this.context;
    const [isM, end] = [emitter.label(), emitter.label()];
    this.#testReference(isM);
    emitter.emit("d=b");
    emitter.emit("a=r", cell);
    emitter.emit("*d=a");
    emitter.jump("jmp", end);
    emitter.place(isM);
    emitter.emit("c=b");
    emitter.emit("a=r", cell);
    emitter.emit("*c=a");
    emitter.place(end);
  }

  /** The address in A goes to B; a reference of M jumps. */
  #testReference(isM: Label): void {
    const { emitter } = this.context;
    emitter.emit("b=a");
    emitter.emit("a>>=", 31);
    emitter.emit("a==", 0);
    emitter.jump("jf", isM);
  }

  #call(expression: Expression & { readonly type: "call" }): void {
    const { callee: { text }, args } = expression;
    const parameters = this.context.parametersOf(text);
    if (parameters === undefined) return this.#apiCall(text, args[0]?.value, expression);
    const given = args.map(({ name, value }, i) => ({
      parameter: name === undefined ? i : parameters.findIndex((each) => each.name === name.text),
      value,
    }));
    for (const [parameter, { standard }] of parameters.entries()) {
      if (given.some((each) => each.parameter === parameter)) continue;
      const value: Expression = {
        type: "number",
        value: standard!,
        start: expression.start,
        end: expression.end,
      };
      given.push({ parameter, value });
    }
    this.context.call(text, given, this);
  }

  #apiCall(name: string, argument: Expression | undefined, span: Expression): void {
    const { emitter } = this.context;
    switch (name) {
      case "read_b":
        return this.#read(false);
      case "peek_b":
        return this.#read(true);
      case "push_b":
        this.#push(argument!);
        return emitter.emit("a=0");
      case "out":
        this.value(argument!);
        emitter.emit("out");
        return emitter.emit("a=0");
      case "error":
        return emitter.emit("error");
    }
    const [verb, array] = name.split("_") as [string, string];
    if (verb === "len") return this.#length(argument!, array.endsWith("H") ? "H" : "M", span);
    if (verb === "array") {
      this.value(argument!);
      return array.endsWith("M") ? this.#tag() : undefined;
    }
    this.value(argument!);
    if (verb === "free" && array.endsWith("M")) {
      emitter.emit("a<<=", 1);
      emitter.emit("a>>=", 1);
    }
    this.context.call(`addr_${name}`, [{ parameter: 0, value: "A" }], this);
    if (verb === "free") emitter.emit("a=0");
    else if (array.endsWith("M")) this.#tag();
  }

  /** Makes an address of M a reference. */
  #tag(): void {
    const { emitter } = this.context;
    emitter.emit("b=a");
    this.number(2 ** 31);
    emitter.emit("a|=b");
  }

  #read(peek: boolean): void {
    const { emitter, pushes } = this.context;
    if (!pushes) return this.context.waitForInput();
    const [empty, end] = [emitter.label(), emitter.label()];
    emitter.emit("a=r", PUSHED_FLAG);
    emitter.emit("a==", 0);
    emitter.jump("jt", empty);
    if (!peek) {
      emitter.emit("a=0");
      emitter.emit("r=a", PUSHED_FLAG);
    }
    emitter.emit("a=r", PUSHED_CELL);
    emitter.jump("jmp", end);
    emitter.place(empty);
    this.context.waitForInput();
    if (peek) {
      emitter.emit("r=a", PUSHED_CELL);
      this.number(1);
      emitter.emit("r=a", PUSHED_FLAG);
      emitter.emit("a=r", PUSHED_CELL);
    }
    emitter.place(end);
  }

  /** The length of an array that was allocated: a cell in front of it, or four bytes. */
  #length(reference: Expression, memory: "H" | "M", span: Expression): void {
    const { emitter } = this.context;
    this.value(reference);
    if (memory === "H") {
      emitter.emit("a-=", 2);
      emitter.emit("d=a");
      return emitter.emit("a=*d");
    }
    this.withCell(span, (sum) => {
      emitter.emit("a-=", 5);
      emitter.emit("c=a");
      emitter.emit("a=*c");
      for (let i = 0; i < 3; i++) {
        emitter.emit("a<<=", 8);
        emitter.emit("r=a", sum);
        emitter.emit("c++");
        emitter.emit("a=*c");
        emitter.emit("b=r", sum);
        emitter.emit("a+=b");
      }
    });
  }
}
