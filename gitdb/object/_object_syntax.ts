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
  /** The mode as it is written. */
  readonly mode: string;
  readonly name: Uint8Array;
  readonly id: GitObjectId;
}

/** The mode of a folder. */
export const FOLDER = 0o40000;
/** The mode of a commit of another repository. */
export const SUBMODULE = 0o160000;

function fail(type: GitObjectType, state: string, offset: number): Error {
  return corrupt(`a ${type}`, state, "CORRUPT", offset);
}

/**
 * The rows of a tree.
 *
 * @throws {CorruptDataError} If one has no mode, name or id.
 */
export function* treeRows(bytes: Uint8Array, algorithm: GitHashAlgorithm): Generator<TreeRow> {
  const hashSize = HASH_SIZE[algorithm];
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(0x20, at);
    const end = bytes.indexOf(0, at);
    if (end < 0 || end + 1 + hashSize > bytes.length) throw fail("tree", "an entry is too short", at);
    const mode = space < 0 || space > end
      ? ""
      : String.fromCharCode(...bytes.subarray(at, Math.min(space, at + 16)));
    if (!/^[0-7]{1,11}$/.test(mode)) throw fail("tree", "an entry has no mode", at);
    if (space + 1 === end) throw fail("tree", "an entry has no name", at);
    const next = end + 1 + hashSize;
    yield { mode, name: bytes.subarray(space + 1, end), id: GitObjectId.from(bytes.slice(end + 1, next)) };
    at = next;
  }
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
      return [...treeRows(bytes, algorithm)]
        .map(({ mode, id }) => ({ kind: parseInt(mode, 8) & 0o170000, id }))
        .filter(({ kind }) => kind !== SUBMODULE)
        .map(({ kind, id }) => ({ id, type: kind === FOLDER ? "tree" : "blob" }));
    case "commit":
      return [...commitReferences(bytes, algorithm)];
    case "tag":
      return [...tagReferences(bytes, algorithm)];
  }
}
