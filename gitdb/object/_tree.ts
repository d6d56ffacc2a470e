/**
 * Trees: the rows of a folder; public through tree.ts.
 */
import { byteString, checkArgument, checkInteger, isAnyIterable, toBytes } from "@sluice/internal";
import type { BytesSource } from "@sluice/internal";
import { checkGitObject } from "./_check_object.ts";
import { FOLDER, SUBMODULE, treeRows } from "./_object_syntax.ts";
import { GitObjectId } from "./_object_id.ts";
import { encodeText } from "./_text.ts";
import type { GitHashAlgorithm, GitIdLike } from "./_object_id.ts";

/** A row of a tree. */
export interface GitTreeEntry {
  /** Type and permissions, as in 0o100644, 0o100755, 0o120000 (a link), 0o40000 (a folder), 0o160000 (a submodule). */
  readonly mode: number;
  /** What the row names: a folder, a file or link, or a commit of another repository. */
  readonly type: "tree" | "blob" | "commit";
  /** The name as UTF-8; bytes that are none are replaced. */
  readonly name: string;
  /** The name as it is stored. */
  readonly nameBytes: Uint8Array;
  /** The object. */
  readonly id: GitObjectId;
}

/** A row to write. */
export interface GitTreeRow {
  /** Type and permissions, as in `GitTreeEntry`. */
  readonly mode: number;
  /** The name, without slashes. */
  readonly name: string | Uint8Array;
  /** The object. */
  readonly id: GitIdLike;
}

const MODE_MAX = 0o177777;

function typeOfMode(mode: number): "tree" | "blob" | "commit" {
  const kind = mode & 0o170000;
  return kind === FOLDER ? "tree" : kind === SUBMODULE ? "commit" : "blob";
}

/**
 * The rows of a tree, in their order.
 *
 * @throws {CorruptDataError} If one has no mode, name or id.
 *
 * @example A tree with one file
 * ```ts
 * import { encodeGitTree, GitObjectId, parseGitTree } from "@sluice/gitdb";
 * import { assertEquals } from "@std/assert";
 *
 * const id = GitObjectId.from("e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
 * const [entry] = parseGitTree(encodeGitTree([{ mode: 0o100644, name: "empty", id }]));
 * assertEquals([entry!.name, entry!.type, entry!.mode], ["empty", "blob", 0o100644]);
 * assertEquals(`${entry!.id}`, `${id}`);
 * ```
 */
export function parseGitTree(body: BytesSource, hashAlgorithm: GitHashAlgorithm = "sha1"): GitTreeEntry[] {
  const decoder = new TextDecoder();
  return treeRows(toBytes(body), hashAlgorithm).map(({ mode, name, id }) => ({
    mode,
    type: typeOfMode(mode),
    name: decoder.decode(name),
    nameBytes: name,
    id: GitObjectId.from(id.bytes.slice()),
  }));
}

/**
 * The body of a tree. Rows may come in any order.
 *
 * @throws {RangeError} If there is a row that git would not take: with a name that is empty, comes twice, has a slash, is
 *   `.`, `..` or `.git` or has half of a surrogate pair, with a mode that no tree has, or with an id of zeros.
 *
 * @example Folders are sorted as if their names ended with a slash
 * ```ts
 * import { encodeGitTree, parseGitTree } from "@sluice/gitdb";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * const id = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391";
 * const body = encodeGitTree([{ mode: 0o40000, name: "a", id }, { mode: 0o100644, name: "a.txt", id }]);
 * assertEquals(parseGitTree(body).map(({ name }) => name), ["a.txt", "a"]);
 * assertThrows(() => encodeGitTree([{ mode: 0o100644, name: "../evil", id }]), RangeError, "slash");
 * ```
 */
export function encodeGitTree(
  rows: Iterable<GitTreeRow>,
  hashAlgorithm: GitHashAlgorithm = "sha1",
): Uint8Array<ArrayBuffer> {
  checkArgument(isAnyIterable(rows) && Symbol.iterator in rows, "write a tree", rows, "an iterable of rows");
  const encoder = new TextEncoder();
  const parts = Array.from(rows, (row) => {
    checkArgument(typeof row === "object" && row !== null, "write a row of a tree", row, "mode, name and id");
    const mode = checkInteger("mode", row.mode, 1, MODE_MAX);
    const name = typeof row.name === "string" ? encodeText(row.name, "write a tree") : toBytes(row.name);
    const id = GitObjectId.from(row.id, hashAlgorithm);
    const key = byteString(name) + (typeOfMode(mode) === "tree" ? "/" : "\0");
    return { key, bytes: [encoder.encode(`${mode.toString(8)} `), name, new Uint8Array(1), id.bytes] };
  });
  parts.sort((a, b) => a.key < b.key ? -1 : 1);
  const chunks = parts.flatMap(({ bytes }) => bytes);
  const body = new Uint8Array(chunks.reduce((size, chunk) => size + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    body.set(chunk, at);
    at += chunk.length;
  }
  try {
    checkGitObject("tree", body, { hashAlgorithm, strict: true });
  } catch (error) {
    const reason = (error as Error).message.replace(/^Cannot read a tree: /, "");
    throw new RangeError(`Cannot write a tree: ${reason}`, { cause: error });
  }
  return body;
}
