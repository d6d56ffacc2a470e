/**
 * Rules that leave names of a tree out, or protect them from removal: those of rsync.
 */
import { printable } from "@sluice/internal";
import { compilePattern } from "./_filter_pattern.ts";
import type { NamePattern } from "./_filter_pattern.ts";

/** What a rule decides: whether names of the source are seen, whether names of the target may be removed, or both. */
interface FilterRule {
  readonly pattern: NamePattern;
  readonly isIncluded: boolean;
  readonly hasSource: boolean;
  readonly hasTarget: boolean;
}

/** Kinds of rules by their letters; each has a longer name too. */
const KINDS: Readonly<Record<string, Omit<FilterRule, "pattern">>> = {
  "+": { isIncluded: true, hasSource: true, hasTarget: true },
  "-": { isIncluded: false, hasSource: true, hasTarget: true },
  S: { isIncluded: true, hasSource: true, hasTarget: false },
  H: { isIncluded: false, hasSource: true, hasTarget: false },
  R: { isIncluded: true, hasSource: false, hasTarget: true },
  P: { isIncluded: false, hasSource: false, hasTarget: true },
};
const LONG_NAMES: Readonly<Record<string, string>> = {
  include: "+",
  exclude: "-",
  show: "S",
  hide: "H",
  risk: "R",
  protect: "P",
};

/** A list of rules; the first that matches a name decides, and a name that none matches is included. */
export class TreeFilter {
  readonly #rules: readonly FilterRule[];
  readonly #deleteExcluded: boolean;

  /**
   * Reads rules: `+ PATTERN`, `- PATTERN`, `show`, `hide`, `risk`, `protect`, and `!`, which clears those before it.
   * With `deleteExcluded`, `+` and `-` do not protect names of the target.
   *
   * @throws {RangeError} If a rule or its pattern makes no sense.
   */
  constructor(rules: readonly string[], deleteExcluded = false) {
    const found: FilterRule[] = [];
    for (const text of rules) {
      if (text === "!" || text === "clear") found.length = 0;
      else found.push(readRule(text));
    }
    this.#rules = found;
    this.#deleteExcluded = deleteExcluded;
  }

  /** Whether it has no rules. */
  get isEmpty(): boolean {
    return this.#rules.length === 0;
  }

  /** Whether a name of the source is left out; names above it are asked about by themselves. */
  hides(path: string, isDirectory: boolean): boolean {
    const rule = this.#rules.find(({ hasSource, pattern }) =>
      hasSource && pattern.matches(path, isDirectory)
    );
    return rule?.isIncluded === false;
  }

  /** Whether a name of the target may not be removed; names above it are asked about by themselves. */
  protects(path: string, isDirectory: boolean): boolean {
    const rule = this.#rules.find(({ hasSource, hasTarget, pattern }) =>
      hasTarget && !(hasSource && this.#deleteExcluded) && pattern.matches(path, isDirectory)
    );
    return rule?.isIncluded === false;
  }
}

function readRule(text: string): FilterRule {
  const space = text.indexOf(" ");
  const word = space < 0 ? text : text.slice(0, space);
  const letter = Object.hasOwn(LONG_NAMES, word) ? LONG_NAMES[word]! : word;
  if (space < 0 || !Object.hasOwn(KINDS, letter)) {
    throw new RangeError(
      `Cannot read the filter rule "${printable(text)}": expected "+ PATTERN", "- PATTERN", ` +
        `"show", "hide", "protect" or "risk" with a pattern, or "!"`,
    );
  }
  return { ...KINDS[letter]!, pattern: compilePattern(text.slice(space + 1)) };
}
