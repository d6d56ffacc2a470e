/**
 * Groups of changed lines that could as well stand a few lines further up or down: they go where git puts them, together
 * with a change of the other text, or else where indents and empty lines say that something begins.
 */

/** Lines without text have no indent. */
const BLANK = -1;
const INDENT_MAX = 200;
const BLANKS_MAX = 20;
/** How far a group is moved at most. */
const SLIDE_MAX = 100;
/** What a place between two lines costs, by what is around it (git's own weights). */
const COST = {
  startOfText: 1,
  endOfText: 21,
  blank: -30,
  blankAfter: 6,
  deeper: -4,
  deeperAfterBlank: 10,
  shallowerThanBoth: 24,
  shallowerThanBothAfterBlank: 17,
  shallower: 23,
  shallowerAfterBlank: 17,
  indent: 60,
} as const;

/** A text with the lines that are changed. */
export interface ChangedText {
  readonly lines: readonly string[];
  /** A number for each line, the same for the same lines. */
  readonly kinds: Int32Array;
  /** With a zero after the last line. */
  readonly changed: Uint8Array;
}

/** A run of changed lines, which is empty between two lines that follow each other unchanged. */
class Group {
  readonly #text: ChangedText;
  start = 0;
  end = 0;

  constructor(text: ChangedText) {
    this.#text = text;
    while (this.#isChanged(this.end)) this.end++;
  }

  get size(): number {
    return this.end - this.start;
  }

  #isChanged(line: number): boolean {
    return this.#text.changed[line] === 1;
  }

  /** Goes on to the next one; false at the end of the text. */
  next(): boolean {
    if (this.end === this.#text.kinds.length) return false;
    this.start = this.end + 1;
    this.end = this.start;
    while (this.#isChanged(this.end)) this.end++;
    return true;
  }

  /** Goes back to the one before. */
  previous(): void {
    this.end = this.start - 1;
    this.start = this.end;
    while (this.start > 0 && this.#isChanged(this.start - 1)) this.start--;
  }

  /** Moves it up by a line, and joins it with one that it meets there; false where the lines are not the same. */
  slideUp(): boolean {
    const { kinds, changed } = this.#text;
    if (this.start === 0 || kinds[this.start - 1] !== kinds[this.end - 1]) return false;
    changed[--this.start] = 1;
    changed[--this.end] = 0;
    while (this.start > 0 && this.#isChanged(this.start - 1)) this.start--;
    return true;
  }

  /** Moves it down by a line, in the same way. */
  slideDown(): boolean {
    const { kinds, changed } = this.#text;
    if (this.end === kinds.length || kinds[this.start] !== kinds[this.end]) return false;
    changed[this.start++] = 0;
    changed[this.end++] = 1;
    while (this.#isChanged(this.end)) this.end++;
    return true;
  }
}

/** Moves the groups of one text; those of the other one stay. */
export function slideGroups(text: ChangedText, other: ChangedText): void {
  const group = new Group(text);
  const beside = new Group(other);
  do {
    if (group.size > 0) placeGroup(text, group, beside);
    beside.next();
  } while (group.next());
}

function placeGroup(text: ChangedText, group: Group, beside: Group): void {
  let size: number;
  let highest: number;
  /** Where the group ends that stands beside a change of the other text. */
  let matching: number | undefined;
  do {
    size = group.size;
    matching = undefined;
    while (group.slideUp()) beside.previous();
    highest = group.end;
    if (beside.size > 0) matching = group.end;
    while (group.slideDown()) {
      beside.next();
      if (beside.size > 0) matching = group.end;
    }
  } while (size !== group.size);
  if (group.end === highest) return;
  const target = matching ?? bestEnd(text.lines, group, highest);
  while (matching !== undefined ? beside.size === 0 : group.end > target) {
    group.slideUp();
    beside.previous();
  }
}

/** The end of a group that costs least, the lowest of those that cost the same. */
function bestEnd(lines: readonly string[], { end: lowest, size }: Group, highest: number): number {
  let best: { readonly end: number; readonly indent: number; readonly penalty: number } | undefined;
  for (let end = Math.max(highest, lowest - size - 1, lowest - SLIDE_MAX); end <= lowest; end++) {
    const [after, before] = [costAt(lines, end), costAt(lines, end - size)];
    const cost = { end, indent: after.indent + before.indent, penalty: after.penalty + before.penalty };
    const isBetter = best === undefined ||
      COST.indent * Math.sign(cost.indent - best.indent) + cost.penalty - best.penalty <= 0;
    if (isBetter) best = cost;
  }
  return best!.end;
}

/** The columns before the text of a line. */
function indentOf(line: string): number {
  let indent = 0;
  for (const character of line) {
    if (character === " ") indent++;
    else if (character === "\t") indent += 8 - indent % 8;
    else if (character !== "\n" && character !== "\r") return indent;
    if (indent >= INDENT_MAX) return INDENT_MAX;
  }
  return BLANK;
}

/** The blank lines from a line on, and the indent of the first that is none. */
function blanksFrom(
  lines: readonly string[],
  start: number,
  step: 1 | -1,
): { blanks: number; indent: number } {
  let blanks = 0;
  for (let at = start; at >= 0 && at < lines.length; at += step) {
    const indent = indentOf(lines[at]!);
    if (indent !== BLANK) return { blanks, indent };
    if (++blanks === BLANKS_MAX) return { blanks, indent: 0 };
  }
  return { blanks, indent: BLANK };
}

/** What it costs to cut a text before a line. */
function costAt(lines: readonly string[], at: number): { readonly indent: number; readonly penalty: number } {
  const isAtEnd = at >= lines.length;
  const own = isAtEnd ? BLANK : indentOf(lines[at]!);
  const before = blanksFrom(lines, at - 1, -1);
  const after = blanksFrom(lines, at + 1, 1);
  const blanksAfter = own === BLANK ? 1 + after.blanks : 0;
  const blanks = before.blanks + blanksAfter;
  const indent = own === BLANK ? after.indent : own;
  let penalty = COST.blank * blanks + COST.blankAfter * blanksAfter;
  if (before.indent === BLANK && before.blanks === 0) penalty += COST.startOfText;
  if (isAtEnd) penalty += COST.endOfText;
  if (indent === BLANK || before.indent === BLANK || indent === before.indent) return { indent, penalty };
  if (indent > before.indent) penalty += blanks > 0 ? COST.deeperAfterBlank : COST.deeper;
  else if (after.indent !== BLANK && after.indent > indent) {
    penalty += blanks > 0 ? COST.shallowerThanBothAfterBlank : COST.shallowerThanBoth;
  } else penalty += blanks > 0 ? COST.shallowerAfterBlank : COST.shallower;
  return { indent, penalty };
}
