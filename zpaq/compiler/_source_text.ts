/**
 * A source file and where its lines are.
 */

/** A part of a source: offsets in UTF-16 code units, the end exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A place as people count: from 1, in code points. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Text with an index of its lines. */
export class SourceText {
  readonly name: string;
  readonly text: string;
  readonly #starts: number[] = [0];

  constructor(text: string, name: string) {
    this.text = text;
    this.name = name;
    for (const { index, 0: end } of text.matchAll(/\r\n|\r|\n/g)) this.#starts.push(index + end.length);
  }

  /** How many lines there are. */
  get lineCount(): number {
    return this.#starts.length;
  }

  /** Where a line starts, counted from 1; the end of the text after the last. */
  lineStart(line: number): number {
    return this.#starts[line - 1] ?? this.text.length;
  }

  /** The line of an offset, from 1. */
  lineOf(offset: number): number {
    let [low, high] = [0, this.#starts.length];
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if (this.#starts[middle]! <= offset) low = middle;
      else high = middle;
    }
    return low + 1;
  }

  /** Line and column of an offset. */
  positionOf(offset: number): Position {
    const line = this.lineOf(offset);
    return { line, column: [...this.text.slice(this.lineStart(line), offset)].length + 1 };
  }

  /** A line without its end. */
  line(line: number): string {
    return this.text.slice(this.lineStart(line), this.lineStart(line + 1)).replace(/[\r\n]+$/, "");
  }
}
