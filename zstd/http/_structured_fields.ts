/**
 * The parts of Structured Field Values (RFC 9651) that the headers of compression dictionaries use: byte sequences,
 * strings, and dictionaries whose members are items or inner lists. Parameters are read and dropped.
 */

/** A value of a dictionary's member. Kinds that no header here uses come as `undefined`. */
export type FieldValue =
  | string
  | { readonly token: string }
  | Uint8Array
  | boolean
  | readonly FieldValue[]
  | undefined;

/** What is told to the one place that catches it: the text is no structured field. */
class NotAField extends Error {}

class FieldParser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** One item and nothing after it. */
  item(): FieldValue {
    this.#spaces();
    const value = this.#bareItem();
    this.#parameters();
    this.#spaces();
    this.#end();
    return value;
  }

  /** All members by their keys; the last one of a key counts. */
  dictionary(): Map<string, FieldValue> {
    const members = new Map<string, FieldValue>();
    this.#spaces();
    while (this.#at < this.#text.length) {
      const key = this.#take(/[a-z*][a-z0-9_.*-]*/y);
      let value: FieldValue = true;
      if (this.#skip("=")) value = this.#skip("(") ? this.#innerList() : this.#bareItem();
      this.#parameters();
      members.set(key, value);
      this.#take(/[ \t]*/y);
      if (this.#at === this.#text.length) break;
      if (!this.#skip(",")) throw new NotAField();
      this.#take(/[ \t]*/y);
      if (this.#at === this.#text.length) throw new NotAField();
    }
    return members;
  }

  #innerList(): FieldValue[] {
    const list: FieldValue[] = [];
    while (true) {
      this.#spaces();
      if (this.#skip(")")) return list;
      list.push(this.#bareItem());
      this.#parameters();
      const next = this.#text[this.#at];
      if (next !== " " && next !== ")") throw new NotAField();
    }
  }

  #bareItem(): FieldValue {
    switch (this.#text[this.#at]) {
      case '"':
        return this.#take(/"(?:[ !#-[\]-~]|\\["\\])*"/y).slice(1, -1).replace(/\\(.)/g, "$1");
      case ":":
        return decodeBase64(this.#take(/:[A-Za-z0-9+/]*={0,2}:/y).slice(1, -1));
      case "?":
        return this.#take(/\?[01]/y) === "?1";
      case "@":
      case "%":
        throw new NotAField();
    }
    if (/[-0-9]/.test(this.#text[this.#at] ?? "")) {
      this.#take(/-?\d{1,15}(?:\.\d{1,3})?/y);
      return undefined;
    }
    return { token: this.#take(/[A-Za-z*][!#$%&'*+.^_`|~0-9A-Za-z:/-]*/y) };
  }

  #parameters(): void {
    while (this.#skip(";")) {
      this.#spaces();
      this.#take(/[a-z*][a-z0-9_.*-]*/y);
      if (this.#skip("=")) this.#bareItem();
    }
  }

  #skip(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #spaces(): void {
    this.#take(/ */y);
  }

  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match === null) throw new NotAField();
    this.#at += match[0].length;
    return match[0];
  }

  #end(): void {
    if (this.#at < this.#text.length) throw new NotAField();
  }
}

function decodeBase64(text: string): Uint8Array {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    throw new NotAField();
  }
}

/** Runs a parser; a header that breaks the rules counts as not there, as RFC 9651 wants it. */
function parse<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof NotAField) return undefined;
    throw error;
  }
}

/** The item that a header holds; undefined when it holds none. */
export function parseItem(text: string): FieldValue {
  return parse(() => new FieldParser(text).item());
}

/** The members that a header holds; undefined when it is no dictionary. */
export function parseDictionary(text: string): Map<string, FieldValue> | undefined {
  return parse(() => new FieldParser(text).dictionary());
}

/**
 * Writes a string.
 *
 * @throws {RangeError} If it has characters outside of printable ASCII.
 */
export function formatString(text: string): string {
  if (!/^[ -~]*$/.test(text)) {
    throw new RangeError("Cannot write a header: its text has characters outside of printable ASCII");
  }
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}
