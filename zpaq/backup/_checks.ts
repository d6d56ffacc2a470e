/**
 * Checks of what callers of a backup pass.
 */
import { checkInteger, describe } from "@sluice/internal";
import { parseLevel, parseMethod } from "../block/_method.ts";
import type {
  ZpaqBackupAddOptions,
  ZpaqBackupCompareOptions,
  ZpaqBackupCopyOptions,
  ZpaqBackupOptions,
  ZpaqBackupRestoreOptions,
  ZpaqBackupSelection,
} from "./options.ts";

export const COPY_KEYS: ReadonlySet<string> = new Set<keyof ZpaqBackupCopyOptions>([
  "only",
  "exclude",
  "all",
  "password",
  "force",
]);
export const KEYS: ReadonlySet<string> = new Set<keyof ZpaqBackupOptions>([
  "method",
  "password",
  "threads",
  "fragment",
  "maxMemory",
  "create",
  "at",
  "onProblem",
  "onUnfinished",
]);
export const ADD_KEYS: ReadonlySet<string> = new Set<keyof ZpaqBackupAddOptions>([
  "only",
  "exclude",
  "to",
  "attributes",
  "force",
  "date",
  "rollBack",
  "indexOf",
  "dryRun",
  "signal",
  "onFile",
  "onProgress",
]);
export const SELECTION_KEYS: ReadonlySet<string> = new Set<keyof ZpaqBackupSelection>([
  "at",
  "only",
  "exclude",
  "all",
]);
export const RESTORE_KEYS: ReadonlySet<string> = new Set<keyof ZpaqBackupRestoreOptions>([
  ...SELECTION_KEYS as Set<keyof ZpaqBackupSelection>,
  "to",
  "force",
  "attributes",
  "owners",
  "unsafePaths",
  "maxOutputSize",
  "maxFiles",
  "signal",
  "onFile",
  "onProgress",
]);
export const COMPARE_KEYS: ReadonlySet<string> = new Set<keyof ZpaqBackupCompareOptions>([
  ...SELECTION_KEYS as Set<keyof ZpaqBackupSelection>,
  "to",
  "compareContent",
  "attributes",
]);
const LEVEL_MAX = 5;

/** A method as a text. */
export function methodOf(method: unknown): string {
  if (typeof method === "number") return `${checkInteger("method", method, 0, LEVEL_MAX)}`;
  if (typeof method !== "string") {
    throw new TypeError('Cannot use option "method": it is neither a level nor a string');
  }
  if (parseLevel(method) === undefined) parseMethod(method);
  return method;
}

/** A list from one text or several. */
export function listOf(name: string, value: string | readonly string[] | undefined): readonly string[] {
  const list = value === undefined ? [] : typeof value === "string" ? [value] : value;
  const fits = Array.isArray(list) && list.every((item) => typeof item === "string");
  if (!fits) {
    throw new TypeError(
      `Cannot use "${name}": it is ${describe(value)}, expected a string or an array of strings`,
    );
  }
  return list;
}

/** Names that paths get, in their order; a path without one keeps its own. */
export type NewNames = readonly (string | undefined)[];

/** The names that an option gives paths, or a folder for everything where there are no paths. */
export function newNamesOf(value: string | NewNames | undefined, paths: readonly string[]): NewNames {
  const names = value === undefined || typeof value === "string" ? listOf("to", value) : value;
  const isList = Array.isArray(names) &&
    names.every((name) => name === undefined || typeof name === "string");
  if (!isList) throw new TypeError(`Cannot use "to": it is ${describe(value)}, expected names or a folder`);
  const refuse = (why: string): RangeError => new RangeError(`Cannot use option "to": ${why}`);
  if (names.length === 0) return names;
  if (paths.length === 0) {
    if (names.length === 1 && names[0] !== undefined) return names;
    throw refuse("without paths it is one folder");
  }
  if (names.length !== paths.length) {
    throw refuse(`there are ${names.length} names for ${paths.length} paths`);
  }
  return names;
}

/** Checks what selects files; undefined where patterns are no arrays of strings. */
export function checkPatterns({ only, exclude }: Pick<ZpaqBackupSelection, "only" | "exclude">): void {
  for (const [name, value] of Object.entries({ only, exclude })) {
    if (value !== undefined && !Array.isArray(value)) {
      throw new TypeError(`Cannot use option "${name}": it is no array of patterns`);
    }
    listOf(name, value);
  }
}
