/**
 * Permissions in repositories that several users share (`core.sharedRepository`). Deno only.
 */
import { parseConfig } from "./_config.ts";
import { isMissing, joinPath } from "./_fs.ts";
import { UnsupportedFeatureError } from "@sluice/internal";
import { openFault } from "@sluice/internal/file-source";

/** What is added to the mode of every new file, or, with `isExact`, replaces it. */
export interface SharedMode {
  readonly bits: number;
  readonly isExact: boolean;
}

const GROUP: SharedMode = { bits: 0o660, isExact: false };
const EVERYBODY: SharedMode = { bits: 0o664, isExact: false };
const WORDS: Readonly<Record<string, SharedMode | undefined>> = {
  umask: undefined,
  false: undefined,
  no: undefined,
  off: undefined,
  "": undefined,
  group: GROUP,
  true: GROUP,
  yes: GROUP,
  on: GROUP,
  all: EVERYBODY,
  world: EVERYBODY,
  everybody: EVERYBODY,
};
const SET_GID = 0o2000;

/** What a value of `core.sharedRepository` says; undefined where nothing is shared. */
export function parseSharedMode(value: string): SharedMode | undefined {
  const word = value.toLowerCase();
  if (Object.hasOwn(WORDS, word)) return WORDS[word];
  const mode = /^[0-7]{1,4}$/.test(value) ? parseInt(value, 8) : NaN;
  if (mode === 0) return undefined;
  if (mode === 1) return GROUP;
  if (mode === 2) return EVERYBODY;
  if ((mode & 0o600) === 0o600) return { bits: mode & 0o666, isExact: true };
  throw new UnsupportedFeatureError(`Cannot write to the repository: core.sharedRepository is "${value}"`, {
    format: "git",
    code: "UNSUPPORTED",
  });
}

/** How the repository around an `objects` folder is shared; undefined where it is not. */
export function sharedModeOf(objects: string): SharedMode | undefined {
  const path = joinPath(objects, "../config");
  let text: string;
  try {
    text = Deno.readTextFileSync(path);
  } catch (error) {
    // A caller that may not read the configuration writes for itself alone.
    if (isMissing(error) || error instanceof Deno.errors.NotCapable) return undefined;
    throw openFault(path, error);
  }
  const value = parseConfig(text).get("core.sharedrepository");
  return value === undefined ? undefined : parseSharedMode(value);
}

/** The mode that a file or folder gets. */
export function sharedMode(mode: number, isFolder: boolean, { bits, isExact }: SharedMode): number {
  let added = bits;
  if ((mode & 0o200) === 0) added &= ~0o222;
  if ((mode & 0o100) !== 0) added |= (added & 0o444) >> 2;
  let made = isExact ? mode & ~0o777 | added : mode | added;
  if (isFolder) {
    made |= (made & 0o444) >> 2;
    if ((made & 0o060) !== 0) made |= SET_GID;
  }
  return made & 0o7777;
}

/** Gives a file or folder that was just made the permissions that others need. */
export function share(path: string, shared: SharedMode | undefined): void {
  if (shared === undefined || Deno.build.os === "windows") return;
  const { mode, isDirectory } = Deno.statSync(path);
  const wanted = sharedMode(mode! & 0o7777, isDirectory, shared);
  if (wanted !== (mode! & 0o7777)) Deno.chmodSync(path, wanted);
}
