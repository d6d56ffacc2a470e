/**
 * What trees, commits and tags have to be like to be read at all, and which objects they refer to.
 */
import { byteString } from "@sluice/internal";
import { corrupt } from "./_errors.ts";
import { GitObjectId, HASH_SIZE } from "./_object_id.ts";
import type { GitHashAlgorithm } from "./_object_id.ts";
import type { GitObjectType } from "./object.ts";

/** A row of a tree. */
export interface TreeRow {
  readonly mode: number;
  /** Whether the mode is written with a zero before its digits. */
  readonly padded: boolean;
  readonly name: Uint8Array;
  readonly id: GitObjectId;
}

/** The mode of a folder. */
export const FOLDER = 0o40000;
/** The mode of a commit of another repository. */
export const SUBMODULE = 0o160000;

/** More digits are no mode. */
const MODE_DIGITS_MAX = 11;

function fail(type: GitObjectType, state: string, offset: number): Error {
  return corrupt(`a ${type}`, state, "CORRUPT", offset);
}

/**
 * The rows of a tree; names and ids are views of its bytes.
 *
 * @throws {CorruptDataError} If one has no mode, name or id.
 */
export function treeRows(bytes: Uint8Array, algorithm: GitHashAlgorithm): TreeRow[] {
  const hashSize = HASH_SIZE[algorithm];
  const rows: TreeRow[] = [];
  for (let at = 0; at < bytes.length;) {
    // Rows are short: a look at each byte costs less than a call.
    let end = at;
    while (end < bytes.length && bytes[end] !== 0) end++;
    if (end + 1 + hashSize > bytes.length) throw fail("tree", "an entry is too short", at);
    let mode = 0;
    let space = at;
    for (; space < end && bytes[space] !== 0x20; space++) {
      const digit = bytes[space]! - 0x30;
      if (digit < 0 || digit > 7 || space - at >= MODE_DIGITS_MAX) {
        throw fail("tree", "an entry has no mode", at);
      }
      mode = mode * 8 + digit;
    }
    if (space === at || space === end) throw fail("tree", "an entry has no mode", at);
    if (space + 1 === end) throw fail("tree", "an entry has no name", at);
    const next = end + 1 + hashSize;
    rows.push({
      mode,
      padded: bytes[at] === 0x30,
      name: bytes.subarray(space + 1, end),
      id: GitObjectId.from(bytes.subarray(end + 1, next)),
    });
    at = next;
  }
  return rows;
}

/** An object that another one refers to, with the type that it has to have. */
export interface Reference {
  readonly id: GitObjectId;
  readonly type: GitObjectType;
}

/** A line of a header: its word and what follows. */
export interface HeaderLine {
  readonly word: string;
  readonly value: string;
}

/** The lines of a header, byte by byte, and where the body starts. */
export function headerLines(bytes: Uint8Array): HeaderLine[] {
  const text = byteString(bytes);
  const end = text.indexOf("\n\n");
  const lines = (end < 0 ? text : text.slice(0, end + 1)).split("\n").slice(0, -1);
  return lines.map((line) => {
    const space = line.indexOf(" ");
    return space < 0
      ? { word: line, value: "" }
      : { word: line.slice(0, space), value: line.slice(space + 1) };
  });
}

function idOf(
  line: HeaderLine | undefined,
  word: string,
  algorithm: GitHashAlgorithm,
): GitObjectId | undefined {
  const isId = line?.word === word && line.value.length === 2 * HASH_SIZE[algorithm] &&
    /^[0-9a-f]+$/.test(line.value);
  return isId ? GitObjectId.from(line.value) : undefined;
}

function* commitReferences(bytes: Uint8Array, algorithm: GitHashAlgorithm): Generator<Reference> {
  const [first, ...others] = headerLines(bytes);
  const tree = idOf(first, "tree", algorithm);
  if (tree === undefined) throw fail("commit", "it does not start with its tree", 0);
  yield { id: tree, type: "tree" };
  for (const line of others) {
    if (line.word !== "parent") return;
    const parent = idOf(line, "parent", algorithm);
    if (parent === undefined) throw fail("commit", "a parent is no id", 0);
    yield { id: parent, type: "commit" };
  }
}

function* tagReferences(bytes: Uint8Array, algorithm: GitHashAlgorithm): Generator<Reference> {
  const [object, type, tag] = headerLines(bytes);
  const target = idOf(object, "object", algorithm);
  if (target === undefined) throw fail("tag", "it does not start with its object", 0);
  if (type?.word !== "type" || !["commit", "tree", "blob", "tag"].includes(type.value)) {
    throw fail("tag", "its second line is not the type of its object", 0);
  }
  if (tag?.word !== "tag") throw fail("tag", "its third line is not its name", 0);
  yield { id: target, type: type.value as GitObjectType };
}

/**
 * The objects of the same repository that an object refers to.
 *
 * @throws {CorruptDataError} If it can't be parsed.
 */
export function referencesOf(
  type: GitObjectType,
  bytes: Uint8Array,
  algorithm: GitHashAlgorithm,
): Reference[] {
  switch (type) {
    case "blob":
      return [];
    case "tree":
      return treeRows(bytes, algorithm)
        .filter(({ mode }) => (mode & 0o170000) !== SUBMODULE)
        .map(({ mode, id }) => ({
          // A copy: an id that is kept does not keep its tree.
          id: GitObjectId.from(id.bytes.slice()),
          type: (mode & 0o170000) === FOLDER ? "tree" : "blob",
        }));
    case "commit":
      return [...commitReferences(bytes, algorithm)];
    case "tag":
      return [...tagReferences(bytes, algorithm)];
  }
}
