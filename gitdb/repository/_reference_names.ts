/**
 * Names of references (git-check-ref-format).
 */

/** Characters that no name has: control characters, space, and those with a meaning in revisions or patterns. */
// deno-lint-ignore no-control-regex -- control characters are what is looked for
const FORBIDDEN = /[\x00-\x20\x7f~^:?*[\\]|\.\.|@\{|\/\/|\.$|\/$|^\//;

/** Whether a text can be the full name of a reference: HEAD and its kin, or below `refs/`. */
export function isReferenceName(name: string): boolean {
  if (/^[A-Z][A-Z_]*$/.test(name)) return true;
  return name.startsWith("refs/") && name.isWellFormed() && !FORBIDDEN.test(name) &&
    name.split("/").every((part) => part !== "" && !part.startsWith(".") && !part.endsWith(".lock"));
}

/** The full names that a short one may have, in the order in which git tries them. */
export function referenceCandidates(name: string): string[] {
  return [
    name,
    `refs/${name}`,
    `refs/tags/${name}`,
    `refs/heads/${name}`,
    `refs/remotes/${name}`,
    `refs/remotes/${name}/HEAD`,
  ].filter(isReferenceName);
}
