/**
 * The words of a ZPAQ config, with their places.
 */
import { SluiceError } from "@sluice/internal";
import type { SluiceErrorCode } from "@sluice/internal";

/** One word. */
export interface Token {
  readonly text: string;
  /** Place of its first character, from 0. */
  readonly start: number;
  readonly end: number;
  /** Line and column from 1. */
  readonly line: number;
  readonly column: number;
}

/** An error of a config: its place in the message and, as `offset`, in characters. */
export function configError(
  code: SluiceErrorCode,
  token: Pick<Token, "line" | "column" | "start">,
  state: string,
): SluiceError {
  return new SluiceError(
    `Cannot assemble the config at line ${token.line}, column ${token.column}: ${state}`,
    { format: "zpaq", code, offset: token.start },
  );
}

/** Reads words one by one. Words are separated by white space; comments stand in parentheses and nest. */
export class Tokens {
  readonly #source: string;
  #at = 0;
  #line = 1;
  #lineStart = 0;
  /** The word read last. */
  last: Token = { text: "", start: 0, end: 0, line: 1, column: 1 };

  constructor(source: string) {
    this.#source = source;
  }

  #advance(): void {
    if (this.#source[this.#at] === "\n") {
      this.#line++;
      this.#lineStart = this.#at + 1;
    }
    this.#at++;
  }

  #place(): Pick<Token, "line" | "column" | "start"> {
    return { line: this.#line, column: this.#at - this.#lineStart + 1, start: this.#at };
  }

  #skipSpace(): void {
    let depth = 0;
    let opened = this.#place();
    while (this.#at < this.#source.length) {
      const character = this.#source[this.#at]!;
      if (character === "(") {
        if (depth === 0) opened = this.#place();
        depth++;
      } else if (character === ")" && depth > 0) depth--;
      else if (depth === 0 && character > " ") return;
      this.#advance();
    }
    if (depth > 0) throw configError("COMMENT", opened, "the comment has no end");
  }

  /** The next word in lower case; its text is empty at the end. */
  next(): Token {
    this.#skipSpace();
    const place = this.#place();
    while (
      this.#at < this.#source.length && this.#source[this.#at]! > " " && this.#source[this.#at] !== "("
    ) {
      this.#advance();
    }
    const text = this.#source.slice(place.start, this.#at).toLowerCase();
    return this.last = { ...place, text, end: this.#at };
  }

  /** The raw text up to a semicolon, which is passed over. */
  command(): string {
    const place = this.#place();
    const end = this.#source.indexOf(";", this.#at);
    if (end < 0) throw configError("COMMAND", place, 'the command of pcomp has no ";" at its end');
    const text = this.#source.slice(this.#at, end).trim();
    while (this.#at <= end) this.#advance();
    return text;
  }
}
