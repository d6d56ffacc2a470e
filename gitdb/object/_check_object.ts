/**
 * Checking objects before they are stored, as git's `hash-object` and `fsck --strict` do; public through check_object.ts.
 */
import { kindOfType } from "./_object_kind.ts";
import { byteString, checkKeys, CorruptDataError } from "@sluice/internal";
import { corrupt } from "./_errors.ts";
import { FOLDER, headerLines, referencesOf, treeRows } from "./_object_syntax.ts";
import type { GitObjectType } from "./object.ts";
import { GitObjectId } from "./_object_id.ts";
import type { GitHashAlgorithm } from "./_object_id.ts";

/** How an object is checked. */
export interface GitCheckObjectOptions {
  /** The hash of the ids in it. @default {"sha1"} */
  readonly hashAlgorithm?: GitHashAlgorithm | undefined;
  /** Refuse also what git can read but what may do harm or that git never writes. @default {false} */
  readonly strict?: boolean | undefined;
}

/** Code points that file systems of Apple leave out of names. */
const IGNORED = /[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/g;
/** Names that some file system takes for `.git`. */
const DOT_GIT = /^(?:\.git|git~1)[ .]*(?::.*)?$/i;
const IDENTITY = /^[^<>\n]* <[^<>\n]*> (?:0|[1-9]\d{0,18}) [+-]\d{4}$/;

const CHECK_OPTIONS: ReadonlySet<string> = new Set(["hashAlgorithm", "strict"]);

/**
 * Refuses a tree, commit or tag that git could not read, and with `strict` one that git would not accept from others. Blobs
 * are never refused.
 *
 * @throws {CorruptDataError} If it is refused.
 *
 * @example A tree that would leave its folder
 * ```ts
 * import { checkGitObject } from "@sluice/gitdb";
 * import { assertThrows } from "@std/assert";
 *
 * const tree = new TextEncoder().encode("100644 ../evil\0" + "x".repeat(20));
 * checkGitObject("tree", tree);
 * assertThrows(() => checkGitObject("tree", tree, { strict: true }), Error, "slash");
 * assertThrows(() => checkGitObject("tree", tree.slice(0, 30)), Error, "too short");
 * ```
 */
export function checkGitObject(
  type: GitObjectType,
  bytes: Uint8Array,
  options: GitCheckObjectOptions = {},
): void {
  checkKeys(options, CHECK_OPTIONS);
  kindOfType(type);
  const algorithm = options.hashAlgorithm ?? "sha1";
  referencesOf(type, bytes, algorithm);
  if (options.strict !== true) return;
  const fault = readableFault(type, bytes, algorithm);
  if (fault !== undefined) throw corrupt(`a ${type}`, fault.message, "CORRUPT");
}

/** What is wrong with an object. */
export interface ObjectFault {
  readonly message: string;
  /** Whether git takes it for an error without being strict. */
  readonly isError: boolean;
  /** Whether nobody can tell what it refers to. */
  readonly isUnreadable: boolean;
}

/** The first fault of an object; undefined where git would accept it from others. */
export function objectFault(
  type: GitObjectType,
  bytes: Uint8Array,
  algorithm: GitHashAlgorithm,
): ObjectFault | undefined {
  try {
    referencesOf(type, bytes, algorithm);
  } catch (error) {
    if (!(error instanceof CorruptDataError)) throw error;
    return { message: error.message, isError: true, isUnreadable: true };
  }
  const fault = readableFault(type, bytes, algorithm);
  return fault && { ...fault, isUnreadable: false };
}

type Fault = Omit<ObjectFault, "isUnreadable">;

const error = (message: string): Fault => ({ message, isError: true });
const warning = (message: string): Fault => ({ message, isError: false });

function readableFault(
  type: GitObjectType,
  bytes: Uint8Array,
  algorithm: GitHashAlgorithm,
): Fault | undefined {
  if (type === "blob") return undefined;
  if (type === "tree") return treeFault(bytes, algorithm);
  if (type === "tag") return tagFault(bytes);
  const message = commitFault(bytes);
  if (message !== undefined) return error(message);
  return bytes.includes(0) ? warning("it has a NUL") : undefined;
}

/** The first error, or else the first of what may do harm. */
function treeFault(bytes: Uint8Array, algorithm: GitHashAlgorithm): Fault | undefined {
  const zero = GitObjectId.zero(algorithm);
  let harm: Fault | undefined;
  const seen = new Set<string>();
  let before = "";
  for (const { mode, padded, name, id } of treeRows(bytes, algorithm)) {
    const text = byteString(name);
    const shown = `"${new TextDecoder().decode(name)}"`;
    if (padded) harm ??= warning(`the mode of ${shown} starts with a zero`);
    if (id.equals(zero)) harm ??= warning(`the id of ${shown} is all zeros`);
    const fault = nameFault(name);
    if (fault !== undefined) harm ??= warning(`the name ${shown} ${fault}`);
    if (isLinkOfModules(name, mode)) return error(`the name ${shown} may not be a link`);
    if (seen.has(text)) return error(`it has the name ${shown} twice`);
    seen.add(text);
    // A folder is sorted as if its name ended with a slash.
    const key = mode === FOLDER ? `${text}/` : `${text}\0`;
    if (before >= key) return error(`its entries are not sorted at ${shown}`);
    before = key;
  }
  return harm;
}

/** Why a name may do harm on some file system; undefined where it can't. */
export function nameFault(name: Uint8Array): string | undefined {
  const text = new TextDecoder().decode(name);
  if (text.includes("/")) return "has a slash";
  if (text === "." || text === "..") return "is a folder of every folder";
  const plain = text.replace(IGNORED, "");
  if (plain.split("\\").some((part) => DOT_GIT.test(part))) return 'is taken for ".git" by some file systems';
  return undefined;
}

/** Whether a row is a link in the place of `.gitmodules`, which git never follows. */
export function isLinkOfModules(name: Uint8Array, mode: number): boolean {
  const plain = new TextDecoder().decode(name).replace(IGNORED, "");
  return (mode & 0o170000) === 0o120000 && /^(?:\.gitmodules|gitmod~[1-4])[ .]*(?::.*)?$/i.test(plain);
}

/** What is wrong with the header as a whole. */
function headerFault(bytes: Uint8Array): string | undefined {
  const text = byteString(bytes);
  const end = text.indexOf("\n\n");
  if (end < 0 && !text.endsWith("\n")) return "its header does not end";
  return (end < 0 ? text : text.slice(0, end)).includes("\0") ? "its header has a NUL" : undefined;
}

function commitFault(bytes: Uint8Array): string | undefined {
  const fault = headerFault(bytes);
  if (fault !== undefined) return fault;
  const lines = headerLines(bytes).slice(1);
  while (lines[0]?.word === "parent") lines.shift();
  const authors = lines.findIndex(({ word }) => word !== "author");
  if (authors === 0 || lines.length === 0) return "it has no author";
  if (authors !== 1) return authors < 0 ? "it has no committer" : "it has several authors";
  if (lines[1]!.word !== "committer") return "it has no committer";
  for (const { word, value } of lines.slice(0, 2)) {
    if (!IDENTITY.test(value)) return `its ${word} is not a name, an address, a time and a zone`;
  }
  return undefined;
}

function tagFault(bytes: Uint8Array): Fault | undefined {
  const fault = headerFault(bytes);
  if (fault !== undefined) return error(fault);
  const tagger = headerLines(bytes)[3];
  if (tagger?.word !== "tagger" || IDENTITY.test(tagger.value)) return undefined;
  return error("its tagger is not a name, an address, a time and a zone");
}
