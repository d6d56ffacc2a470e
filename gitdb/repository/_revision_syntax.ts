/**
 * Revisions as they are written (gitrevisions): a name, and steps from it.
 */
import { unsupported } from "../object/_errors.ts";
import type { GitObjectType } from "../object/object.ts";

/** A step from one object to another. */
export type RevisionStep =
  /** The parent with a number, from 1; 0 for the commit itself. */
  | { readonly kind: "parent"; readonly number: number }
  /** So many first parents back. */
  | { readonly kind: "ancestor"; readonly generations: number }
  /** To an object of a type: from a tag to what it names, from a commit to its tree. */
  | { readonly kind: "peel"; readonly type: GitObjectType | "object" | "target" }
  /** To what stands at a path of the tree. */
  | { readonly kind: "path"; readonly path: string };

/** A revision. */
export interface RevisionSyntax {
  /** A reference or an id, in full or shortened; empty for the branch that HEAD names. */
  readonly base: string;
  /** How many changes back in the log of the reference. */
  readonly back: number | undefined;
  readonly steps: readonly RevisionStep[];
}

const PEELS: ReadonlySet<string> = new Set(["commit", "tree", "blob", "tag", "object", ""]);
const COUNT_MAX = 0x7fff_ffff;

/**
 * Reads a revision.
 *
 * @throws {RangeError} If it breaks the rules.
 * @throws {UnsupportedFeatureError} If it needs what is not known here: the index, dates, branches that are followed,
 *   searches in messages.
 */
export function parseRevision(text: string): RevisionSyntax {
  if (text.startsWith(":")) {
    throw unsupported(`resolve "${text}"`, "the index and searches in messages are not read");
  }
  const colon = colonOf(text);
  const name = colon < 0 ? text : text.slice(0, colon);
  const end = name.search(/[~^]|@\{/);
  const base = end < 0 ? name : name.slice(0, end);
  let rest = end < 0 ? "" : name.slice(end);
  let back: number | undefined;
  const log = /^@\{([^}]*)\}/.exec(rest);
  if (log !== null) {
    if (!/^\d+$/.test(log[1]!)) throw unsupported(`resolve "${text}"`, `"@{${log[1]}}" is not known here`);
    back = countOf(log[1]!, text);
    rest = rest.slice(log[0].length);
  }
  const steps = [...stepsOf(rest, text)];
  if (colon >= 0) steps.push({ kind: "path", path: text.slice(colon + 1) });
  if (base === "" && back === undefined) throw malformed(text);
  return { base: base === "@" ? "HEAD" : base, back, steps };
}

/** The colon before a path: the first one outside of braces. */
function colonOf(text: string): number {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === "{") depth++;
    else if (text[at] === "}") depth = Math.max(0, depth - 1);
    else if (text[at] === ":" && depth === 0) return at;
  }
  return -1;
}

function* stepsOf(text: string, whole: string): Generator<RevisionStep> {
  for (let rest = text; rest !== "";) {
    const match = /^(?:\^\{([^}]*)\}|\^(\d*)|~(\d*))/.exec(rest);
    if (match === null) throw malformed(whole);
    const [all, peel, parent, generations] = match;
    rest = rest.slice(all.length);
    if (peel !== undefined) {
      if (!PEELS.has(peel)) throw unsupported(`resolve "${whole}"`, `"^{${peel}}" is not known here`);
      yield { kind: "peel", type: peel === "" ? "target" : peel as GitObjectType | "object" };
    } else if (parent !== undefined) {
      yield { kind: "parent", number: parent === "" ? 1 : countOf(parent, whole) };
    } else {
      yield { kind: "ancestor", generations: generations === "" ? 1 : countOf(generations!, whole) };
    }
  }
}

function countOf(digits: string, whole: string): number {
  const count = Number(digits);
  if (count > COUNT_MAX) throw malformed(whole);
  return count;
}

function malformed(text: string): RangeError {
  return new RangeError(`Cannot resolve "${text.slice(0, 200)}": it is no revision`);
}
