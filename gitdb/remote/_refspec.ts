/**
 * Which references of another side become which here (git-fetch, "refspec").
 */
import { isReferenceName } from "../repository/_reference_names.ts";

/** A rule from names there to names here. */
export interface Refspec {
  /** Whether a reference here may go back or aside. */
  readonly isForced: boolean;
  /** The name there, with an asterisk for any part; "" is HEAD. */
  readonly source: string;
  /** The name here; undefined where only FETCH_HEAD has it. */
  readonly target: string | undefined;
  /** Whether it takes references away from what others take, as "^refs/heads/old". */
  readonly isNegative: boolean;
}

function isPattern(text: string): boolean {
  return text.includes("*");
}

/** Whether a text can stand on a side: a name, or a pattern that becomes one. */
function isSide(text: string): boolean {
  const parts = text.split("*");
  if (parts.length > 2) return false;
  const name = parts.join("x");
  return isReferenceName(name) || isReferenceName(`refs/heads/${name}`);
}

/**
 * Reads a rule.
 *
 * @throws {RangeError} If it is none.
 */
export function parseRefspec(text: string): Refspec {
  const isForced = text.startsWith("+");
  const isNegative = text.startsWith("^");
  const [source, target, ...more] = (isForced || isNegative ? text.slice(1) : text).split(":");
  const isValid = more.length === 0 && !(isNegative && (source === "" || target !== undefined)) &&
    (source === "" || source === "@" || isSide(source!)) &&
    (target === undefined || target === "" || isSide(target)) &&
    (target === undefined || target === "" || isPattern(source!) === isPattern(target));
  if (!isValid) throw new RangeError(`Cannot fetch "${text}": it is no refspec`);
  const name = source === "" || source === "@" ? "HEAD" : source!;
  return { isForced, source: name, target: target === "" ? undefined : target, isNegative };
}

/** The text that an asterisk takes the place of in a name; undefined where the pattern does not fit. */
function matchOf(pattern: string, name: string): string | undefined {
  const at = pattern.indexOf("*");
  if (at < 0) return pattern === name ? "" : undefined;
  const end = pattern.slice(at + 1);
  const fits = name.length >= pattern.length - 1 && name.startsWith(pattern.slice(0, at)) &&
    name.endsWith(end);
  return fits ? name.slice(at, name.length - end.length) : undefined;
}

/** Where a rule with full names puts a reference; undefined where it does not speak of it. */
export function targetOf({ source, target }: Refspec, name: string): string | undefined {
  const match = matchOf(source, name);
  if (match === undefined || target === undefined) return undefined;
  return target.includes("*") ? target.replace("*", () => match) : target;
}

/** Whether a rule speaks of a reference. */
export function takesFrom({ source }: Refspec, name: string): boolean {
  return matchOf(source, name) !== undefined;
}

/** The starts of names that a server has to list for some rules. */
export function prefixesOf(refspecs: readonly Refspec[]): string[] {
  const prefixes = new Set<string>();
  for (const { source } of refspecs) {
    const start = source.split("*", 1)[0]!;
    if (start === "HEAD" || start.startsWith("refs/")) prefixes.add(start);
    else {for (const folder of ["", "refs/", "refs/tags/", "refs/heads/", "refs/remotes/"]) {
        prefixes.add(folder + start);
      }}
  }
  return [...prefixes];
}
