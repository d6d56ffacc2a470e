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
  /** To the youngest commit, of this one and those before it, whose message a pattern fits. */
  | { readonly kind: "message"; readonly pattern: MessagePattern }
  /** To what stands at a path of the tree. */
  | { readonly kind: "path"; readonly path: string };

/** Where a revision starts. */
export type RevisionBase =
  /** A reference or an id, in full or shortened. */
  | { readonly kind: "name"; readonly name: string }
  /** What a reference held so many changes ago, by its log; of the branch that HEAD names where the name is empty. */
  | { readonly kind: "logged"; readonly name: string; readonly back: number }
  /** What was checked out so many times ago. */
  | { readonly kind: "checkout"; readonly back: number }
  /** The youngest commit of all references whose message a pattern fits. */
  | { readonly kind: "message"; readonly pattern: MessagePattern };

/** What messages are searched for. */
export interface MessagePattern {
  readonly expression: RegExp;
  /** Whether it is to be found, or not to be found. */
  readonly isWanted: boolean;
}

/** A revision. */
export interface RevisionSyntax {
  readonly base: RevisionBase;
  readonly steps: readonly RevisionStep[];
}

const PEELS: ReadonlySet<string> = new Set(["commit", "tree", "blob", "tag", "object", ""]);
const COUNT_MAX = 0x7fff_ffff;

/**
 * Reads a revision.
 *
 * @throws {RangeError} If it breaks the rules.
 * @throws {UnsupportedFeatureError} If it needs what is not known here: the index, dates, branches that are followed.
 */
export function parseRevision(text: string): RevisionSyntax {
  if (text.startsWith(":/") && text.length > 2) {
    return { base: { kind: "message", pattern: messagePattern(text.slice(2), text) }, steps: [] };
  }
  if (text.startsWith(":")) throw unsupported(`resolve "${text}"`, "the index is not read");
  const colon = colonOf(text);
  const name = colon < 0 ? text : text.slice(0, colon);
  const end = name.search(/[~^]|@\{/);
  const start = end < 0 ? name : name.slice(0, end);
  const [base, rest] = baseOf(start, end < 0 ? "" : name.slice(end), text);
  const steps = [...stepsOf(rest, text)];
  if (colon >= 0) steps.push({ kind: "path", path: text.slice(colon + 1) });
  return { base, steps };
}

/** Where a revision starts, and what follows. */
function baseOf(name: string, rest: string, whole: string): [base: RevisionBase, rest: string] {
  const log = /^@\{([^}]*)\}/.exec(rest);
  if (log === null) {
    if (name === "") throw malformed(whole);
    return [{ kind: "name", name: name === "@" ? "HEAD" : name }, rest];
  }
  const [all, value] = [log[0], log[1]!];
  const after = rest.slice(all.length);
  const back = /^(-?)(\d+)$/.exec(value);
  if (back === null) throw unsupported(`resolve "${whole}"`, `"@{${value}}" is not known here`);
  const count = countOf(back[2]!, whole);
  if (back[1] === "") return [{ kind: "logged", name: name === "@" ? "HEAD" : name, back: count }, after];
  if (name !== "" || count === 0) throw malformed(whole);
  return [{ kind: "checkout", back: count }, after];
}

/** What POSIX has in its patterns and JavaScript has not, or the other way round. */
const NOT_COMMON = /\[[:.=]|\[[^\]]*\\|\\[A-Za-z0-9<>]|\(\?/;

/**
 * A pattern as git takes it, of a revision: an extended regular expression, which is not to fit after `!-`. The message is
 * one text, with its line feeds.
 */
function messagePattern(text: string, whole: string): MessagePattern {
  const isWanted = !text.startsWith("!-");
  if (text.startsWith("!") && !/^!(?:-|!)/.test(text)) throw malformed(whole);
  const source = text.startsWith("!!") ? text.slice(1) : isWanted ? text : text.slice(2);
  if (NOT_COMMON.test(source)) {
    throw unsupported(`resolve "${whole}"`, "such patterns are not known here");
  }
  try {
    return { expression: new RegExp(source, "su"), isWanted };
  } catch {
    throw malformed(whole);
  }
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
      if (peel.startsWith("/")) {
        // As git has it, nothing between the slash and the brace is the commit itself.
        yield { kind: "peel", type: "commit" };
        if (peel !== "/") yield { kind: "message", pattern: messagePattern(peel.slice(1), whole) };
        continue;
      }
      if (!PEELS.has(peel)) throw malformed(whole);
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
