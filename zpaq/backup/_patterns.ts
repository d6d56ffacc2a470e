/**
 * Which names are meant, and which names they get.
 */
import type { NewNames } from "./_checks.ts";

/** What selects names. */
export interface Selection {
  /** Patterns that names must fit. */
  readonly only?: readonly string[] | undefined;
  /** Patterns that names must not fit. */
  readonly exclude?: readonly string[] | undefined;
}

const compiled = new Map<string, RegExp>();
const COMPILED_MAX = 1000;

/** Whether a name fits a pattern: `*` and `?` stand for any letters, and a folder for what is in it. */
export function fitsPattern(name: string, pattern: string): boolean {
  let expression = compiled.get(pattern);
  if (expression === undefined) {
    const body = pattern.replace(/\/+$/, "").replace(/[.+^${}()|[\]\\]/g, "\\$&").replace(/\*+/g, ".*")
      .replace(/\?/g, ".");
    expression = new RegExp(`^${body}(?:/.*)?$`, "s");
    if (compiled.size >= COMPILED_MAX) compiled.clear();
    compiled.set(pattern, expression);
  }
  return expression.test(name);
}

/** Whether a name is asked for by patterns and by paths. */
export function isWanted(name: string, paths: readonly string[], selection: Selection): boolean {
  const { only = [], exclude = [] } = selection;
  return (paths.length === 0 || paths.some((path) => name === path || fitsPattern(name, path))) &&
    (only.length === 0 || only.some((pattern) => fitsPattern(name, pattern))) &&
    !exclude.some((pattern) => fitsPattern(name, pattern));
}

/** Whether a path stands for others too. */
export function isPattern(path: string): boolean {
  return /[*?]/.test(path);
}

/** A name as `to` has it: the first operand that it starts with is replaced, or a folder is put before all names. */
export function renamed(name: string, files: readonly string[], to: NewNames): string {
  if (to.length === 0) return name;
  if (files.length === 0) return `${to[0]!.replace(/\/+$/, "")}/${name.replace(/^\/+/, "")}`;
  for (const [i, target] of to.entries()) {
    const file = files[i]?.replace(/(?<=.)\/+$/, "");
    if (file !== undefined && target !== undefined && (name === file || name.startsWith(`${file}/`))) {
      return target.replace(/(?<=.)\/+$/, "") + name.slice(file.length);
    }
  }
  return name;
}
