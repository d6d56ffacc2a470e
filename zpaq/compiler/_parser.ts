/**
 * From tokens to statements, by recursive descent. After an error it goes on behind the line, so that one run finds many.
 */
import type {
  Argument,
  BinaryOperator,
  CompareLink,
  CompareOperator,
  Expression,
  Name,
  Parameter,
  Statement,
} from "./_ast.ts";
import type { Reporter } from "./_reporter.ts";
import type { Span } from "./_source_text.ts";
import type { Token, TokenKind } from "./_tokens.ts";

/** How a part is parsed. */
export interface ParseSettings {
  /** Whether what goes beyond the original's language is refused. */
  readonly strictSubset: boolean;
}

/** Thrown to leave a statement that makes no sense; the finding was reported. */
class Lost extends Error {}

/** Nesting of expressions and blocks beyond this is refused: nobody writes it, and the stack is finite. */
const DEPTH_MAX = 100;
/** Operators of one strength in a row, indexes in a row, and branches of one "if". */
const CHAIN_MAX = 1000;
const ELIF_MAX = 4000;

const KEYWORDS: ReadonlySet<string> = new Set(
  "False None True and as assert async await break class continue def del elif else except finally for from global if import in is lambda nonlocal not or pass raise return try while with yield"
    .split(" "),
);
const UNSUPPORTED: ReadonlySet<string> = new Set(
  "import from del raise yield with try class lambda async await except finally".split(" "),
);
const BINARY: readonly (readonly BinaryOperator[])[] = [
  ["|"],
  ["^"],
  ["&"],
  ["<<", ">>"],
  ["+", "-"],
  ["*", "//", "%", "/", "@"],
];
const COMPARISONS: ReadonlySet<string> = new Set(["<", ">", "==", ">=", "<=", "!="]);

/** Parses the tokens of one part. */
export class Parser {
  readonly #tokens: readonly Token[];
  readonly #reporter: Reporter;
  readonly #settings: ParseSettings;
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly Token[], reporter: Reporter, settings: ParseSettings) {
    this.#tokens = tokens;
    this.#reporter = reporter;
    this.#settings = settings;
  }

  /** All statements. */
  parse(): Statement[] {
    const statements: Statement[] = [];
    while (!this.#isKind("end")) {
      if (this.#isKind("indent") || this.#isKind("dedent")) {
        this.#reporter.report("0110", this.#peek, "the line is indented where no block is open");
        this.#at++;
        continue;
      }
      statements.push(...this.#statement());
    }
    return statements;
  }

  get #peek(): Token {
    return this.#tokens[this.#at]!;
  }

  #isKind(kind: TokenKind): boolean {
    return this.#peek.kind === kind;
  }

  #is(text: string): boolean {
    const { kind, text: actual } = this.#peek;
    return actual === text && (kind === "operator" || kind === "name");
  }

  #take(): Token {
    return this.#tokens[this.#at++]!;
  }

  #accept(text: string): Token | undefined {
    return this.#is(text) ? this.#take() : undefined;
  }

  #expect(...texts: string[]): Token {
    for (const text of texts) {
      const token = this.#accept(text);
      if (token !== undefined) return token;
    }
    return this.#unexpected(texts.map((text) => `"${text}"`));
  }

  /** Reports the token at hand and leaves the statement. */
  #unexpected(expected: readonly string[]): never {
    const token = this.#peek;
    const names: Record<string, string> = {
      newline: "the end of the line",
      indent: "an indent",
      dedent: "the end of the block",
      end: "the end of the section",
    };
    const found = names[token.kind] ?? `"${token.text}"`;
    if (UNSUPPORTED.has(token.text) && token.kind === "name") {
      this.#reporter.report("0120", token, `"${token.text}" is not supported`);
    } else {
      this.#reporter.report(
        "0110",
        token,
        `${found} stands here, expected ${expected.slice(0, 5).join(" or ")}`,
      );
    }
    throw new Lost();
  }

  #extension(span: Span, what: string): void {
    if (this.#settings.strictSubset) {
      this.#reporter.report("0130", span, `${what} is an extension of the original language`);
    }
  }

  /** Runs `parse` one level deeper. */
  #nested<T>(parse: () => T): T {
    if (++this.#depth > DEPTH_MAX) {
      this.#reporter.report("0110", this.#peek, `more than ${DEPTH_MAX} levels are nested here`);
      this.#depth--;
      throw new Lost();
    }
    try {
      return parse();
    } finally {
      this.#depth--;
    }
  }

  /** One line or one compound statement; on an error, what could be read of it. */
  #statement(): Statement[] {
    const depth = this.#depth;
    try {
      return this.#nested(() => this.#compound() ?? this.#simpleLine());
    } catch (error) {
      if (!(error instanceof Lost)) throw error;
      this.#depth = depth;
      this.#skipStatement();
      return [];
    }
  }

  /** Passes over the rest of a line and the block after it. */
  #skipStatement(): void {
    while (!this.#isKind("newline") && !this.#isKind("end") && !this.#isKind("dedent")) {
      this.#at++;
    }
    if (this.#isKind("newline")) this.#at++;
    if (!this.#isKind("indent")) return;
    let blocks = 0;
    do {
      if (this.#isKind("indent")) blocks++;
      if (this.#isKind("dedent")) blocks--;
      this.#at++;
    } while (blocks > 0 && !this.#isKind("end"));
  }

  #compound(): Statement[] | undefined {
    if (this.#isKind("operator") && this.#peek.text === "@") {
      this.#reporter.report("0120", this.#peek, "decorators are not supported");
      throw new Lost();
    }
    if (!this.#isKind("name")) return undefined;
    const word = this.#peek;
    switch (word.text) {
      case "if":
        return [this.#if()];
      case "while":
        return [this.#while()];
      case "for":
        return [this.#for()];
      case "def":
        return [this.#def()];
    }
    if (!UNSUPPORTED.has(word.text) && word.text !== "nonlocal") return undefined;
    const code = word.text === "nonlocal" ? "0206" : "0120";
    const hint = word.text === "nonlocal" ? { hint: "functions share variables through global ones" } : {};
    this.#reporter.report(code, word, `"${word.text}" is not supported`, hint);
    throw new Lost();
  }

  #simpleLine(): Statement[] {
    const statements = [this.#simple()];
    while (this.#accept(";") !== undefined) {
      if (this.#isKind("newline")) break;
      statements.push(this.#simple());
    }
    if (!this.#isKind("newline")) this.#unexpected(["the end of the line", '";"']);
    this.#at++;
    return statements;
  }

  #simple(): Statement {
    const word = this.#peek;
    if (word.kind === "name") {
      switch (word.text) {
        case "pass":
        case "break":
        case "continue":
          this.#at++;
          return { type: word.text, start: word.start, end: word.end };
        case "return": {
          this.#at++;
          const bare = this.#isKind("newline") || this.#is(";");
          const value = bare ? undefined : this.#test();
          return { type: "return", value, start: word.start, end: value?.end ?? word.end };
        }
        case "global": {
          this.#at++;
          const names = [this.#name()];
          while (this.#accept(",") !== undefined) names.push(this.#name());
          return { type: "global", names, start: word.start, end: names.at(-1)!.end };
        }
        case "assert": {
          this.#at++;
          this.#extension(word, '"assert"');
          const test = this.#test();
          if (this.#accept(",") !== undefined) this.#test();
          return { type: "assert", test, start: word.start, end: test.end };
        }
      }
    }
    return this.#assignment();
  }

  #name(): Name {
    const { kind, text, start, end } = this.#peek;
    if (kind !== "name" || KEYWORDS.has(text)) this.#unexpected(["a name"]);
    this.#at++;
    return { text, start, end };
  }

  #assignment(): Statement {
    const first = this.#tests();
    const { start } = first;
    const operator = this.#peek;
    if (operator.kind === "operator" && /^(?:[-+*%&|^@\/]|\/\/|<<|>>|\*\*)=$/.test(operator.text)) {
      this.#at++;
      this.#checkTarget(first);
      const value = this.#test();
      const binary = operator.text.slice(0, -1) as BinaryOperator;
      return {
        type: "augmented",
        operator: binary,
        at: operator,
        target: first,
        value,
        start,
        end: value.end,
      };
    }
    if (this.#accept(":") !== undefined) {
      this.#extension(operator, "an annotation");
      this.#test();
      this.#checkTarget(first);
      if (this.#accept("=") === undefined) return { type: "pass", start, end: first.end };
      const value = this.#test();
      return { type: "assign", targets: [first], value, start, end: value.end };
    }
    if (!this.#is("=")) return { type: "expression", value: first, start, end: first.end };
    const parts = [first];
    while (this.#accept("=") !== undefined) parts.push(this.#tests());
    const value = parts.pop()!;
    if (parts.length > 1) this.#extension(operator, "an assignment to several targets");
    for (const target of parts) this.#checkTarget(target);
    return { type: "assign", targets: parts, value, start, end: value.end };
  }

  #checkTarget(target: Expression): void {
    if (target.type === "name" || target.type === "wrong") return;
    if (target.type === "index" && (target.base.type === "name" || target.base.type === "index")) return;
    if (target.type === "tuple") {
      this.#extension(target, "an assignment to several targets");
      for (const item of target.items) this.#checkTarget(item);
      return;
    }
    this.#reporter.report("0204", target, "only a variable or one element of an array can be assigned");
  }

  /** One expression, or several with commas between them. */
  #tests(): Expression {
    const first = this.#test();
    if (!this.#is(",")) return first;
    const items = [first];
    while (this.#accept(",") !== undefined) {
      if (this.#isKind("newline") || this.#is("=") || this.#is(")")) break;
      items.push(this.#test());
    }
    return { type: "tuple", items, start: first.start, end: items.at(-1)!.end };
  }

  #if(): Statement {
    const branches: { readonly start: number; readonly test: Expression; readonly then: Statement[] }[] = [];
    do {
      if (branches.length === ELIF_MAX) this.#tooLong(`one "if" has more than ${ELIF_MAX} branches`);
      const { start } = this.#take();
      branches.push({ start, test: this.#test(), then: this.#suite() });
    } while (this.#is("elif"));
    let otherwise = this.#else();
    for (const branch of branches.toReversed()) {
      otherwise = [{ type: "if", ...branch, otherwise, end: this.#last }];
    }
    return otherwise[0]!;
  }

  #tooLong(message: string): never {
    this.#reporter.report("0110", this.#peek, message);
    throw new Lost();
  }

  /** Where the last token ended. */
  get #last(): number {
    return this.#tokens[this.#at - 1]!.end;
  }

  #else(): Statement[] {
    return this.#accept("else") === undefined ? [] : this.#suite();
  }

  #while(): Statement {
    const word = this.#take();
    const test = this.#test();
    const body = this.#suite();
    return { type: "while", test, body, otherwise: this.#else(), start: word.start, end: this.#last };
  }

  #for(): Statement {
    const word = this.#take();
    this.#extension(word, '"for"');
    const variable = this.#name();
    this.#expect("in");
    const source = this.#test();
    let range: readonly Expression[] = [];
    if (source.type === "call" && source.callee.text === "range") {
      range = source.args.map(({ value }) => value);
      const wrong = source.args.find(({ name }) => name !== undefined);
      if (wrong !== undefined || range.length < 1 || range.length > 3) {
        this.#reporter.report("0202", source, '"range" takes one to three arguments');
      }
    } else {
      this.#reporter.report("0121", source, '"for" runs over "range" only');
    }
    const body = this.#suite();
    return {
      type: "for",
      variable,
      range,
      body,
      otherwise: this.#else(),
      start: word.start,
      end: this.#last,
    };
  }

  #def(): Statement {
    const word = this.#take();
    const name = this.#name();
    this.#expect("(");
    const parameters: Parameter[] = [];
    while (!this.#is(")")) {
      const star = this.#accept("*") ?? this.#accept("**");
      if (star !== undefined) {
        this.#reporter.report("0122", star, "functions take a fixed number of arguments");
      }
      const parameter = this.#name();
      if (this.#accept(":") !== undefined) this.#test();
      const standard = this.#accept("=") === undefined ? undefined : this.#test();
      parameters.push({ ...parameter, standard });
      if (this.#accept(",") === undefined) break;
    }
    this.#expect(")", ",");
    const arrow = this.#accept("->");
    if (arrow !== undefined) {
      this.#extension(arrow, "an annotation");
      this.#test();
    }
    return { type: "def", name, parameters, body: this.#suite(), start: word.start, end: this.#last };
  }

  #suite(): Statement[] {
    this.#expect(":");
    if (!this.#isKind("newline")) return this.#simpleLine();
    this.#at++;
    if (!this.#isKind("indent")) this.#unexpected(["an indented block"]);
    this.#at++;
    const statements: Statement[] = [];
    while (!this.#isKind("dedent") && !this.#isKind("end")) {
      if (this.#isKind("indent")) {
        this.#reporter.report("0110", this.#peek, "the line is indented where no block is open");
        this.#at++;
        continue;
      }
      statements.push(...this.#statement());
    }
    if (this.#isKind("dedent")) this.#at++;
    return statements;
  }

  #test(): Expression {
    return this.#nested(() => {
      const lambda = this.#accept("lambda");
      if (lambda !== undefined) {
        this.#reporter.report("0120", lambda, '"lambda" is not supported');
        throw new Lost();
      }
      const then = this.#or();
      const word = this.#accept("if");
      if (word === undefined) return then;
      this.#extension(word, "a conditional expression");
      const test = this.#or();
      this.#expect("else");
      const otherwise = this.#test();
      return { type: "conditional", test, then, otherwise, start: then.start, end: otherwise.end };
    });
  }

  #or(): Expression {
    return this.#boolean("or", () => this.#boolean("and", () => this.#not()));
  }

  #boolean(operator: "and" | "or", parse: () => Expression): Expression {
    const first = parse();
    if (!this.#is(operator)) return first;
    const operands = [first];
    while (this.#accept(operator) !== undefined) operands.push(parse());
    return { type: "boolean", operator, operands, start: first.start, end: operands.at(-1)!.end };
  }

  #not(): Expression {
    const word = this.#accept("not");
    if (word === undefined) return this.#comparison();
    const operand = this.#nested(() => this.#not());
    return { type: "unary", operator: "not", operand, start: word.start, end: operand.end };
  }

  #comparison(): Expression {
    const first = this.#binary(0);
    const links: CompareLink[] = [];
    for (let found = this.#compareOperator(); found !== undefined; found = this.#compareOperator()) {
      if (found.operator === "in" || found.operator === "not in") {
        this.#reporter.report("0121", found.at, `"${found.operator}" is not supported`);
      }
      links.push({ ...found, operand: this.#binary(0) });
    }
    if (links.length === 0) return first;
    return { type: "compare", first, links, start: first.start, end: links.at(-1)!.operand.end };
  }

  #compareOperator(): { readonly operator: CompareOperator; readonly at: Span } | undefined {
    const token = this.#peek;
    if (token.kind === "operator" && COMPARISONS.has(token.text)) {
      this.#at++;
      return { operator: token.text as CompareOperator, at: token };
    }
    if (this.#accept("in") !== undefined) return { operator: "in", at: token };
    if (this.#accept("is") !== undefined) {
      const not = this.#accept("not");
      return not === undefined
        ? { operator: "is", at: token }
        : { operator: "is not", at: { start: token.start, end: not.end } };
    }
    if (!this.#is("not") || this.#tokens[this.#at + 1]?.text !== "in") return undefined;
    this.#at++;
    return { operator: "not in", at: { start: token.start, end: this.#take().end } };
  }

  /** Operators of one strength and all stronger ones, from the weakest on. */
  #binary(strength: number): Expression {
    const operators = BINARY[strength];
    if (operators === undefined) return this.#factor();
    let left = this.#binary(strength + 1);
    let length = 0;
    while (this.#isKind("operator") && operators.includes(this.#peek.text as BinaryOperator)) {
      if (++length > CHAIN_MAX) {
        this.#tooLong(`more than ${CHAIN_MAX} operators are in a row here: use several statements`);
      }
      const at = this.#take();
      const operator = at.text as BinaryOperator;
      if (operator === "@") this.#reporter.report("0123", at, "there are no matrices to multiply");
      const right = this.#binary(strength + 1);
      left = { type: "binary", operator, at, left, right, start: left.start, end: right.end };
    }
    return left;
  }

  #factor(): Expression {
    const sign = this.#accept("+") ?? this.#accept("-") ?? this.#accept("~");
    if (sign === undefined) return this.#power();
    const operand = this.#nested(() => this.#factor());
    const operator = sign.text as "+" | "-" | "~";
    return { type: "unary", operator, operand, start: sign.start, end: operand.end };
  }

  #power(): Expression {
    const left = this.#primary();
    const at = this.#accept("**");
    if (at === undefined) return left;
    const right = this.#nested(() => this.#factor());
    return { type: "binary", operator: "**", at, left, right, start: left.start, end: right.end };
  }

  #primary(): Expression {
    let base = this.#atom();
    for (let length = 0;; length++) {
      const { start } = base;
      if (length > CHAIN_MAX) this.#tooLong(`more than ${CHAIN_MAX} indexes are in a row here`);
      if (this.#is("[")) {
        this.#at++;
        const index = this.#test();
        if (this.#is(":") || this.#is(",")) {
          this.#reporter.report("0122", this.#peek, "slices are not supported: an index is one number");
          throw new Lost();
        }
        const { end } = this.#expect("]");
        if (base.type === "index") this.#extension({ start, end }, "an index after an index");
        base = { type: "index", base, index, start, end };
      } else if (this.#is("(")) {
        if (base.type !== "name") {
          this.#reporter.report("0122", base, "only a function's name can be called");
          throw new Lost();
        }
        base = this.#call({ text: base.text, start, end: base.end });
      } else if (this.#is(".")) {
        this.#reporter.report("0122", this.#peek, "values have no attributes");
        throw new Lost();
      } else {
        return base;
      }
    }
  }

  #call(callee: Name): Expression {
    this.#expect("(");
    const args: Argument[] = [];
    while (!this.#is(")")) {
      const star = this.#accept("*") ?? this.#accept("**");
      if (star !== undefined) this.#reporter.report("0122", star, "arguments are given one by one");
      const value = this.#test();
      if (this.#is("=") && value.type === "name") {
        this.#extension(value, "an argument by name");
        this.#at++;
        args.push({ name: { text: value.text, start: value.start, end: value.end }, value: this.#test() });
      } else {
        args.push({ name: undefined, value });
      }
      if (this.#is("for")) {
        this.#reporter.report("0122", this.#peek, "comprehensions are not supported");
        throw new Lost();
      }
      if (this.#accept(",") === undefined) break;
    }
    const { end } = this.#expect(")", ",");
    return { type: "call", callee, args, start: callee.start, end };
  }

  #atom(): Expression {
    const token = this.#peek;
    const { kind, text, start, end } = token;
    if (kind === "number") {
      this.#at++;
      return { type: "number", value: token.value!, start, end };
    }
    if (kind === "string") return this.#strings();
    if (kind === "name") {
      if (text === "None" || text === "True" || text === "False") {
        this.#at++;
        return { type: "constant", name: text, start, end };
      }
      const name = this.#name();
      return { type: "name", ...name };
    }
    if (this.#accept("...") !== undefined) return { type: "constant", name: "...", start, end };
    if (this.#accept("(") !== undefined) return this.#parenthesis(start);
    if (this.#accept("{") !== undefined) return this.#dict(start);
    if (text === "[" && kind === "operator") {
      this.#reporter.report("0122", token, "there are no lists: arrays are hH, hM, pH and pM", {
        hint: "set the size of an array in the header: pm = 4 makes pM an array of 16 bytes",
      });
      throw new Lost();
    }
    return this.#unexpected(["a value"]);
  }

  #strings(): Expression {
    const first = this.#peek;
    const bytes = /^\w*[bB]/.test(first.text);
    let text = "";
    while (this.#isKind("string")) text += stringValue(this.#take().text);
    const place = { start: first.start, end: this.#last };
    if (!bytes) return { type: "string", text, ...place };
    this.#extension(place, "a bytes literal");
    return {
      type: "bytes",
      values: Array.from(text, (character) => character.charCodeAt(0) & 255),
      ...place,
    };
  }

  #parenthesis(start: number): Expression {
    if (this.#is(")")) return { type: "tuple", items: [], start, end: this.#take().end };
    const inner = this.#tests();
    const { end } = this.#expect(")", ",");
    return { ...inner, start, end };
  }

  #dict(start: number): Expression {
    const entries: { key: Expression; value: Expression }[] = [];
    while (!this.#is("}")) {
      const key = this.#test();
      if (!this.#is(":")) {
        this.#reporter.report("0122", key, "there are no sets");
        throw new Lost();
      }
      this.#at++;
      entries.push({ key, value: this.#test() });
      if (this.#accept(",") === undefined) break;
    }
    const { end } = this.#expect("}", ",");
    return { type: "dict", entries, start, end };
  }
}

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", "\n": "" };

/** The text of a string literal. */
export function stringValue(literal: string): string {
  const [, prefix = "", quote = ""] = /^(\w*)("""|'''|"|')/.exec(literal) ?? [];
  const from = prefix.length + quote.length;
  const inner = literal.slice(from, literal.endsWith(quote) ? literal.length - quote.length : literal.length);
  if (/r/i.test(prefix)) return inner;
  return inner.replace(
    /\\(?:x([0-9a-fA-F]{2})|([0-7]{1,3})|(.))/gs,
    (_, hex?: string, octal?: string, character = "") =>
      hex !== undefined
        ? String.fromCharCode(parseInt(hex, 16))
        : octal !== undefined
        ? String.fromCharCode(parseInt(octal, 8))
        : ESCAPES[character] ?? character,
  );
}
