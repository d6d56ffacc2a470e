/**
 * Patterns of names below a directory, as rsync writes them, compiled to regular expressions.
 */

import { printable } from "@sluice/internal";

/** A pattern that can be matched. */
export interface NamePattern {
  /** Whether it matches a path, whose parts are joined by "/". */
  matches(path: string, isDirectory: boolean): boolean;
}

/** POSIX classes, in ASCII, as the content of a class of a regular expression. */
const POSIX_CLASSES: Readonly<Record<string, string>> = {
  alnum: "0-9A-Za-z",
  alpha: "A-Za-z",
  blank: " \\t",
  cntrl: "\\0-\\x1f\\x7f",
  digit: "0-9",
  graph: "!-~",
  lower: "a-z",
  print: " -~",
  punct: "!-\\/:-@\\[-`\\{-~",
  space: "\\t-\\r ",
  upper: "A-Z",
  xdigit: "0-9A-Fa-f",
};
const NO_SLASH = "[^/]";
const ANYTHING = "[^]*";

function invalid(pattern: string, state: string): RangeError {
  return new RangeError(`Cannot read the pattern "${pattern}": ${state}`);
}

/** A character as a regular expression that matches nothing else. */
function literal(character: string): string {
  return `\\u{${character.codePointAt(0)!.toString(16)}}`;
}

/**
 * Compiles a pattern. A leading "/" ties it to the top of the tree, a trailing one to directories. A pattern with a "/"
 * elsewhere, or with "**", matches the end of the path, another one the last name. "*" and "?" do not match "/", "**"
 * does; "name/***" matches a directory and everything below it.
 *
 * @throws {RangeError} If the pattern is empty, has a NUL, or a class that does not end or is not known.
 */
export function compilePattern(text: string): NamePattern {
  const directoriesOnly = text.length > 1 && text.endsWith("/");
  const pattern = directoriesOnly ? text.slice(0, -1) : text;
  const isAnchored = pattern.startsWith("/");
  const body = isAnchored ? pattern.slice(1) : pattern;
  if (body === "") throw invalid(text, "it names nothing");
  const coversBelow = body.endsWith("***");
  if (text.includes("\0")) throw invalid(printable(text), "no name has a NUL (--from0 splits lists at them)");
  // "**/name" matches at the top too.
  const startsAnywhere = !isAnchored && body.startsWith("**");
  const isWild = /[*?[]/.test(body);
  const source = isWild ? new PatternReader(text, body).read() : Array.from(body, literal).join("");
  const start = isAnchored || startsAnywhere ? "^" : "(?:^|/)";
  const expression = new RegExp(`${start}${source}$`, "u");
  return {
    matches(path, isDirectory): boolean {
      if (directoriesOnly && !isDirectory) return false;
      return expression.test(`${startsAnywhere ? "/" : ""}${path}${coversBelow && isDirectory ? "/" : ""}`);
    },
  };
}

/** Turns a pattern with wildcards into the source of a regular expression. */
class PatternReader {
  readonly #text: string;
  readonly #characters: readonly string[];
  #at = 0;

  /** Reads `body`; messages quote `text`. */
  constructor(text: string, body: string) {
    this.#text = text;
    this.#characters = Array.from(body);
  }

  read(): string {
    let source = "";
    while (this.#at < this.#characters.length) source += this.#readOne();
    return source;
  }

  #next(): string {
    const character = this.#characters[this.#at++];
    if (character === undefined) throw invalid(this.#text, "it ends within a class or after a backslash");
    return character;
  }

  #takes(text: string): boolean {
    if (this.#characters[this.#at] !== text) return false;
    this.#at++;
    return true;
  }

  #readOne(): string {
    const character = this.#next();
    switch (character) {
      case "*": {
        let stars = 1;
        while (this.#takes("*")) stars++;
        return stars === 1 ? `${NO_SLASH}*` : ANYTHING;
      }
      case "?":
        return NO_SLASH;
      case "[":
        return this.#readClass();
      case "\\":
        return literal(this.#next());
      default:
        return literal(character);
    }
  }

  /** The rest of `[…]`: characters, ranges and POSIX classes; "!" or "^" first negates, "]" first is itself. */
  #readClass(): string {
    const isNegated = this.#takes("!") || this.#takes("^");
    let content = "";
    for (let isFirst = true; isFirst || !this.#takes("]"); isFirst = false) {
      content += this.#takes("[") ? this.#readBracket() : this.#readRange(this.#next());
    }
    return `(?!/)[${isNegated ? "^" : ""}${content}]`;
  }

  /** What follows "[" within a class: the name of a POSIX class, or it is itself. */
  #readBracket(): string {
    if (this.#characters[this.#at] !== ":") return this.#readRange("[");
    const end = this.#characters.indexOf("]", this.#at);
    const name = this.#characters.slice(this.#at + 1, end - 1).join("");
    const isWhole = end > this.#at + 1 && this.#characters[end - 1] === ":";
    if (!isWhole || !Object.hasOwn(POSIX_CLASSES, name)) {
      throw invalid(this.#text, "it has a class that is not known");
    }
    this.#at = end + 1;
    return POSIX_CLASSES[name]!;
  }

  #readRange(first: string): string {
    const start = first === "\\" ? this.#next() : first;
    const isRange = this.#characters[this.#at] === "-" && this.#characters[this.#at + 1] !== "]";
    if (!isRange) return literal(start);
    this.#at++;
    const last = this.#next();
    const end = last === "\\" ? this.#next() : last;
    if (end.codePointAt(0)! < start.codePointAt(0)!) {
      throw invalid(this.#text, "a range of it goes backwards");
    }
    return `${literal(start)}-${literal(end)}`;
  }
}
