/**
 * Checking objects before they are stored, as git's `hash-object` and `fsck --strict` do; public through check_object.ts.
 */
import { kindOfType } from "./_object_kind.ts";
import { byteString, checkKeys } from "@sluice/internal";
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
  const fault = type === "tree"
    ? treeFault(bytes, algorithm)
    : type === "commit"
    ? commitFault(bytes)
    : type === "tag"
    ? tagFault(bytes)
    : undefined;
  if (fault !== undefined) throw corrupt(`a ${type}`, fault, "CORRUPT");
}

function treeFault(bytes: Uint8Array, algorithm: GitHashAlgorithm): string | undefined {
  const zero = GitObjectId.zero(algorithm);
  const seen = new Set<string>();
  let before = "";
  for (const { mode, padded, name, id } of treeRows(bytes, algorithm)) {
    const text = byteString(name);
    const shown = `"${new TextDecoder().decode(name)}"`;
    if (padded) return `the mode of ${shown} starts with a zero`;
    if (id.equals(zero)) return `the id of ${shown} is all zeros`;
    const fault = nameFault(name, mode);
    if (fault !== undefined) return `the name ${shown} ${fault}`;
    if (seen.has(text)) return `it has the name ${shown} twice`;
    seen.add(text);
    // A folder is sorted as if its name ended with a slash.
    const key = mode === FOLDER ? `${text}/` : `${text}\0`;
    if (before >= key) return `its entries are not sorted at ${shown}`;
    before = key;
  }
  return undefined;
}

function nameFault(name: Uint8Array, mode: number): string | undefined {
  const text = new TextDecoder().decode(name);
  if (text.includes("/")) return "has a slash";
  if (text === "." || text === "..") return "is a folder of every folder";
  const plain = text.replace(IGNORED, "");
  if (plain.split("\\").some((part) => DOT_GIT.test(part))) return 'is taken for ".git" by some file systems';
  const isLink = (mode & 0o170000) === 0o120000;
  if (isLink && /^(?:\.gitmodules|gitmod~[1-4])[ .]*(?::.*)?$/i.test(plain)) return "may not be a link";
  return undefined;
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
  return bytes.includes(0) ? "it has a NUL" : undefined;
}

function tagFault(bytes: Uint8Array): string | undefined {
  const fault = headerFault(bytes);
  if (fault !== undefined) return fault;
  const tagger = headerLines(bytes)[3];
  if (tagger?.word !== "tagger" || IDENTITY.test(tagger.value)) return undefined;
  return "its tagger is not a name, an address, a time and a zone";
}
