/**
 * Tokens of Python 3: names, numbers, strings, operators, and the lines and indents between them.
 */
import type { Reporter } from "./_reporter.ts";
import type { Span } from "./_source_text.ts";

/** What a token is. */
export type TokenKind = "name" | "number" | "string" | "operator" | "newline" | "indent" | "dedent" | "end";

/** A token. */
export interface Token extends Span {
  readonly kind: TokenKind;
  readonly text: string;
  /** The value of a number. */
  readonly value?: number;
}

/** A comment, which starts at its `#`. */
export interface Comment extends Span {
  readonly text: string;
}

/** What a part of a file consists of. */
export interface Tokens {
  readonly tokens: readonly Token[];
  readonly comments: readonly Comment[];
}

const NAME = /[\p{ID_Start}_][\p{ID_Continue}]*/uy;
const STRING_START = /(?:[rRuUfF]|[bB][rR]?|[rR][bB]|[fF][rR]|[rR][fF])?("""|'''|"|')/y;
const STRING_FIRST: ReadonlySet<string> = new Set("'\"rRuUbBfF");
const NUMBER =
  /(?:0[xX][\p{ID_Continue}]*|0[bBoO][\p{ID_Continue}]*|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d[\d_]*)?[\p{ID_Continue}]*)/uy;
const OPERATOR =
  /\*\*=|\/\/=|>>=|<<=|\.\.\.|!=|->|:=|[-+*\/%@&|^=<>]=|\*\*|\/\/|<<|>>|[-+*\/%@&|^~<>()\[\]{},:.;=]/y;
const CLOSERS: Readonly<Record<string, string>> = { "(": ")", "[": "]", "{": "}" };
const TAB_STOP = 8;
const U32 = 2 ** 32;

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

/** Reads a part of a source, from `start` up to `end`, as a file of its own. */
export class Lexer {
  readonly #reporter: Reporter;
  readonly #text: string;
  readonly #end: number;
  #pos: number;
  readonly #tokens: Token[] = [];
  readonly #comments: Comment[] = [];
  readonly #indents: { readonly columns: number; readonly text: string }[] = [{ columns: 0, text: "" }];
  readonly #open: Token[] = [];

  constructor(reporter: Reporter, start: number, end: number) {
    this.#reporter = reporter;
    this.#text = reporter.source.text.slice(0, end);
    this.#pos = start;
    this.#end = end;
  }

  /** All tokens; the last is "end". */
  read(): Tokens {
    if (this.#text[this.#pos] === "\ufeff") {
      this.#report("0101", this.#pos, this.#pos + 1, "the file starts with a byte order mark");
      this.#pos++;
    }
    while (this.#pos < this.#end) this.#readLine();
    for (const open of this.#open) {
      this.#reporter.report("0109", open, `"${open.text}" is never closed`);
    }
    if (this.#tokens.length > 0 && this.#tokens.at(-1)!.kind !== "newline") {
      this.#push("newline", this.#end, this.#end);
    }
    while (this.#indents.length > 1) {
      this.#indents.pop();
      this.#push("dedent", this.#end, this.#end);
    }
    this.#push("end", this.#end, this.#end);
    return { tokens: this.#tokens, comments: this.#comments };
  }

  #push(kind: TokenKind, start: number, end: number, value?: number): void {
    const text = this.#text.slice(start, end);
    this.#tokens.push(value === undefined ? { kind, text, start, end } : { kind, text, start, end, value });
  }

  #report(number: string, start: number, end: number, message: string, hint?: string): void {
    this.#reporter.report(number, { start, end }, message, hint === undefined ? {} : { hint });
  }

  /** A logical line, which brackets and backslashes carry over line ends. */
  #readLine(): void {
    const start = this.#pos;
    while (/[ \t\f]/.test(this.#text[this.#pos] ?? "")) this.#pos++;
    const first = this.#text[this.#pos];
    if (first !== undefined && first !== "#" && !this.#isLineEnd()) this.#indent(start, this.#pos);
    const count = this.#tokens.length;
    while (this.#pos < this.#end) {
      if (this.#isLineEnd()) {
        const at = this.#pos;
        this.#skipLineEnd();
        if (this.#open.length > 0) continue;
        if (this.#tokens.length > count) this.#push("newline", at, at);
        return;
      }
      this.#readToken();
    }
  }

  #isLineEnd(): boolean {
    return this.#text[this.#pos] === "\n" || this.#text[this.#pos] === "\r";
  }

  #skipLineEnd(): void {
    this.#pos += this.#text.startsWith("\r\n", this.#pos) ? 2 : 1;
  }

  /** Compares a line's white space with the open indents. */
  #indent(start: number, end: number): void {
    const text = this.#text.slice(start, end);
    let columns = 0;
    for (const character of text) {
      if (character === "\t") columns = (Math.floor(columns / TAB_STOP) + 1) * TAB_STOP;
      else columns = character === "\f" ? 0 : columns + 1;
    }
    const last = this.#indents.at(-1)!;
    if (
      columns === last.columns && text !== last.text || columns !== last.columns && mixes(text, last.text)
    ) {
      this.#report(
        "0103",
        start,
        end,
        "tabs and spaces are mixed so that the indent depends on the width of a tab",
      );
    }
    if (columns > last.columns) {
      this.#indents.push({ columns, text });
      this.#push("indent", start, end);
      return;
    }
    while (columns < this.#indents.at(-1)!.columns) {
      this.#indents.pop();
      this.#push("dedent", end, end);
    }
    if (columns !== this.#indents.at(-1)!.columns) {
      this.#report("0102", start, end, "the indent matches no block around it");
    }
  }

  #readToken(): void {
    const start = this.#pos;
    const character = this.#text[start]!;
    if (character === " " || character === "\t" || character === "\f") {
      this.#pos++;
      return;
    }
    if (character === "#") {
      while (this.#pos < this.#end && !this.#isLineEnd()) this.#pos++;
      this.#comments.push({ start, end: this.#pos, text: this.#text.slice(start, this.#pos) });
      return;
    }
    if (character === "\\" && /[\r\n]/.test(this.#text[start + 1] ?? "")) {
      this.#pos++;
      this.#skipLineEnd();
      return;
    }
    // Most tokens start with none of these: that is found out sooner than by the pattern.
    const string = STRING_FIRST.has(character) ? matchAt(STRING_START, this.#text, start) : null;
    if (string !== null) return this.#readString(start, string[0], string[1]!);
    const name = matchAt(NAME, this.#text, start);
    if (name !== null) {
      this.#pos += name[0].length;
      this.#push("name", start, this.#pos);
      return;
    }
    const number = /[\d.]/.test(character) ? matchAt(NUMBER, this.#text, start) : null;
    if (number !== null) return this.#readNumber(start, number[0]);
    const operator = matchAt(OPERATOR, this.#text, start);
    if (operator !== null) return this.#readOperator(start, operator[0]);
    this.#pos += String.fromCodePoint(this.#text.codePointAt(start)!).length;
    this.#report(
      "0100",
      start,
      this.#pos,
      `"${this.#text.slice(start, this.#pos)}" is no character of the language`,
    );
  }

  #readString(start: number, opening: string, quote: string): void {
    this.#pos += opening.length;
    const raw = /r/i.test(opening);
    while (this.#pos < this.#end) {
      if (this.#text.startsWith(quote, this.#pos)) {
        this.#pos += quote.length;
        this.#push("string", start, this.#pos);
        return;
      }
      if (quote.length === 1 && this.#isLineEnd()) break;
      // A backslash keeps a quote from ending the string, in raw strings too.
      this.#pos += this.#text[this.#pos] === "\\"
        ? (this.#text.startsWith("\r\n", this.#pos + 1) ? 3 : 2)
        : 1;
    }
    this.#pos = Math.min(this.#pos, this.#end);
    this.#report("0104", start, this.#pos, `the string is never closed${raw ? ", not even a raw one" : ""}`);
    this.#push("string", start, this.#pos);
  }

  #readNumber(start: number, text: string): void {
    this.#pos += text.length;
    const digits = text.replaceAll("_", "");
    let value = 0;
    if (/^(?:0[xX][\da-fA-F]+|0[bB][01]+|0[oO][0-7]+|[1-9]\d*|0+)$/.test(digits) && !/__|_$/.test(text)) {
      value = Number(digits);
      if (value >= U32) {
        this.#report("0105", start, this.#pos, `${text} is larger than 4294967295, the largest value`);
        value = 0;
      }
    } else if (/^[\d.]+(?:[eE][+-]?\d+)?[jJ]$/.test(digits)) {
      this.#report("0107", start, this.#pos, "there are no imaginary numbers");
    } else if (/^(?:\d+\.\d*|\.\d+|\d+)(?:[eE][+-]?\d+)?$/.test(digits) && /[.eE]/.test(digits)) {
      this.#report(
        "0106",
        start,
        this.#pos,
        "there are no fractions, only whole numbers from 0 to 4294967295",
      );
    } else {
      this.#report("0108", start, this.#pos, `${text} is no number`);
    }
    this.#push("number", start, this.#pos, value);
  }

  #readOperator(start: number, text: string): void {
    this.#pos += text.length;
    this.#push("operator", start, this.#pos);
    if (CLOSERS[text] !== undefined) {
      this.#open.push(this.#tokens.at(-1)!);
    } else if (text === ")" || text === "]" || text === "}") {
      const open = this.#open.at(-1);
      if (open !== undefined && CLOSERS[open.text] === text) this.#open.pop();
      else this.#report("0109", start, this.#pos, `"${text}" closes nothing`);
    }
  }
}

/** Whether two indents can't be compared without knowing how wide a tab is. */
function mixes(a: string, b: string): boolean {
  const [short, long] = a.length < b.length ? [a, b] : [b, a];
  return !long.startsWith(short);
}
