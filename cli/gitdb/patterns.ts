/**
 * Patterns as `git log --grep` takes them: basic and extended regular expressions of POSIX, and fixed texts.
 */
import { UsageFailure } from "../shared/exit.ts";

/** What patterns are. */
export type PatternKind = "basic" | "extended" | "fixed";

/** Characters that mean something in expressions of JavaScript. */
const SPECIAL = /[\\^$.*+?()[\]{}|/]/;
/** What an extended expression has as operators, and a basic one after a backslash. */
const OPERATORS = "+?(){}|";

/**
 * The expression of JavaScript that matches the same lines.
 *
 * @throws {UsageFailure} If the pattern is none, or has something that is not known here.
 */
export function compilePattern(
  pattern: string,
  kind: PatternKind,
  ignoresCase: boolean,
  option: string,
): RegExp {
  // Lines of a pattern are patterns of their own for git.
  if (pattern.includes("\n")) throw unknown(pattern, option);
  const source = kind === "fixed" ? [...pattern].map(literal).join("") : translate(pattern, kind, option);
  try {
    return new RegExp(source, ignoresCase ? "iu" : "u");
  } catch {
    throw unknown(pattern, option);
  }
}

function literal(character: string): string {
  return SPECIAL.test(character) ? `\\${character}` : character;
}

function unknown(pattern: string, option: string): UsageFailure {
  return new UsageFailure(`Option ${option} has the pattern "${pattern}", which is not known here`);
}

function translate(pattern: string, kind: "basic" | "extended", option: string): string {
  let source = "";
  for (let at = 0; at < pattern.length;) {
    const isStart = source === "" || source === "^" || /(?:^|[^\\])[(|]$/.test(source);
    const character = pattern[at]!;
    const next = pattern[at + 1];
    if (character === "*" && isStart && kind === "extended") throw unknown(pattern, option);
    if (character === "[") {
      const found = /^\[\^?\]?[^\]]*\]/.exec(pattern.slice(at))?.[0];
      // Classes, equivalents and names of characters depend on the language that is set.
      if (found === undefined || /\[[:.=]/.test(found.slice(1))) throw unknown(pattern, option);
      const isInverted = found[1] === "^";
      const inner = found.slice(isInverted ? 2 : 1, -1).replace(/[\\\][&~^]/g, "\\$&");
      source += `[${isInverted ? "^" : ""}${inner}]`;
      at += found.length;
      continue;
    }
    at++;
    if (character === "\\") {
      at++;
      if (next === undefined) throw unknown(pattern, option);
      const isOperator = OPERATORS.includes(next);
      if (isOperator && kind === "basic") source += next;
      else if (isOperator || SPECIAL.test(next)) source += `\\${next}`;
      else throw unknown(pattern, option);
    } else if (character === "*" && isStart || character === "^" && !isStart && kind === "basic") {
      source += `\\${character}`;
    } else if (
      character === "$" && kind === "basic" && at < pattern.length && !/^\\[)|]/.test(pattern.slice(at))
    ) {
      source += "\\$";
    } else if (OPERATORS.includes(character) && kind === "basic") source += `\\${character}`;
    else source += character === "/" ? "\\/" : character;
  }
  return source;
}
