/**
 * A commit of changed files. Deno only.
 */
import { byteString, checkArgument, checkKeys, isAnyIterable, toBytes } from "@sluice/internal";
import type { BytesSource } from "@sluice/internal";
import { encodeGitCommit } from "../object/_commit.ts";
import { GitObjectId } from "../object/_object_id.ts";
import type { GitSignature } from "../object/_signature.ts";
import { encodeGitTree } from "../object/_tree.ts";
import type { GitTreeRow } from "../object/_tree.ts";
import { encodeText } from "../object/_text.ts";
import type { Objects } from "./_objects.ts";
import { isReferenceName } from "./_reference_names.ts";
import { updateReference } from "./_reference_update.ts";
import type { References } from "./_references.ts";

/** Changed files by their paths: new content as text or bytes, or null for a file or folder to take away. */
export type GitFileChanges = Readonly<Record<string, string | BytesSource | null>>;

/** How files are committed. */
export interface GitCommitOptions {
  /** Who made the change. */
  readonly author: GitSignature;
  /** Who makes the commit. @default {author} */
  readonly committer?: GitSignature | undefined;
  /** The message. */
  readonly message: string;
}

const KEYS: ReadonlySet<string> = new Set<keyof GitCommitOptions>(["author", "committer", "message"]);
const FILE = 0o100644;
const FOLDER = 0o40000;
/** Folders in folders. */
const DEPTH_MAX = 1000;

/** Changes below one folder: a file's new content, null for nothing, or the changes of a folder. */
type Changes = Map<string, Uint8Array | null | Changes>;

/** Commits changes to a branch, by its short or full name; returns the commit's id. */
export async function commitFiles(
  objects: Objects,
  references: References,
  branch: string,
  files: GitFileChanges,
  options: GitCommitOptions,
): Promise<GitObjectId> {
  checkArgument(typeof branch === "string" && branch !== "", "commit files", branch, "the name of a branch");
  const isRecord = typeof files === "object" && files !== null && !isAnyIterable(files);
  checkArgument(isRecord, "commit files", files, "files by their paths");
  checkKeys(options, KEYS);
  const { database } = objects;
  const { hashAlgorithm } = database;
  const { author, committer = author, message } = options;
  const name = branchName(branch);
  const changes = nest(files);
  // The header is checked before objects are written.
  encodeGitCommit({ tree: GitObjectId.zero(hashAlgorithm), author, committer, message }, hashAlgorithm);
  const { id: parent } = await references.resolve(name);
  const before = parent === undefined ? undefined : (await objects.commit(parent)).tree;
  const tree = await writeTree(objects, before, changes) ??
    await database.write({ type: "tree", body: new Uint8Array() });
  const parents = parent === undefined ? [] : [parent];
  const body = encodeGitCommit({ tree, parents, author, committer, message }, hashAlgorithm);
  const id = await database.write({ type: "commit", body });
  await updateReference(references, database, name, id, {
    expected: parent ?? GitObjectId.zero(hashAlgorithm),
    committer,
    message: `commit${parent === undefined ? " (initial)" : ""}: ${message.split("\n", 1)[0]}`,
  });
  return id;
}

/** The reference that is meant: HEAD is whatever it names, other short names are those of branches. */
function branchName(branch: string): string {
  if (branch === "@" || branch.startsWith("-")) {
    throw new RangeError(`Cannot commit to "${branch}": it is no name of a branch`);
  }
  const name = branch === "HEAD" || branch.startsWith("refs/") ? branch : `refs/heads/${branch}`;
  if (isReferenceName(name)) return name;
  throw new RangeError(`Cannot commit to "${branch}": "${name}" is no full name of a reference`);
}

/** Changes by folder. */
function nest(files: GitFileChanges): Changes {
  const root: Changes = new Map();
  for (const [path, content] of Object.entries(files)) {
    const parts = path.split("/");
    const isOdd = parts.some((part) => part === "" || part === "." || part === ".." || part.includes("\0"));
    if (isOdd || !path.isWellFormed()) {
      throw new RangeError(`Cannot commit "${path}": it is no path from the root of the tree`);
    }
    if (parts.length > DEPTH_MAX) {
      throw new RangeError(
        `Cannot commit "${path.slice(0, 80)}…": it lies more than ${DEPTH_MAX} folders deep`,
      );
    }
    const last = parts.pop()!;
    let folder = root;
    for (const part of parts) {
      const inner = folder.get(part) ?? new Map();
      if (!(inner instanceof Map)) throw new RangeError(`Cannot commit "${path}": "${part}" is a file, too`);
      folder.set(part, inner);
      folder = inner;
    }
    if (folder.has(last)) throw new RangeError(`Cannot commit "${path}": it is a folder, too`);
    folder.set(last, content === null ? null : bytesOf(content, `commit "${path}"`));
  }
  return root;
}

function bytesOf(content: string | BytesSource, action: string): Uint8Array {
  if (typeof content === "string") return encodeText(content, action);
  const isBuffer = content instanceof ArrayBuffer || content instanceof SharedArrayBuffer;
  checkArgument(ArrayBuffer.isView(content) || isBuffer, action, content, "text, bytes or null");
  return toBytes(content);
}

/** A folder is not replaced by a file, nor a file by a folder, unless an earlier commit takes it away. */
function inTheWay(path: string, kind: "file" | "folder"): RangeError {
  return new RangeError(`Cannot commit "${path}": a ${kind} of that name is there`);
}

/** Writes a tree with changes; undefined where nothing is left in it, as git keeps no empty folders. */
async function writeTree(
  objects: Objects,
  before: GitObjectId | undefined,
  changes: Changes,
  above = "",
): Promise<GitObjectId | undefined> {
  const { database } = objects;
  const encoder = new TextEncoder();
  const rows = new Map<string, GitTreeRow>();
  for (const { mode, nameBytes, id } of before === undefined ? [] : await objects.tree(before)) {
    rows.set(byteString(nameBytes), { mode, name: nameBytes, id });
  }
  for (const [name, change] of changes) {
    const key = byteString(encoder.encode(name));
    const old = rows.get(key);
    if (change === null) {
      if (!rows.delete(key)) throw new RangeError(`Cannot take "${above}${name}" away: it is not there`);
    } else if (change instanceof Map) {
      if (old !== undefined && old.mode !== FOLDER) throw inTheWay(`${above}${name}/`, "file");
      const inside = old?.id as GitObjectId | undefined;
      const id = await writeTree(objects, inside, change, `${above}${name}/`);
      if (id === undefined) rows.delete(key);
      else rows.set(key, { mode: FOLDER, name, id });
    } else {
      if (old?.mode === FOLDER) throw inTheWay(`${above}${name}`, "folder");
      const id = await database.write({ type: "blob", body: change });
      // A file keeps its permissions; what was a link or submodule becomes a file.
      rows.set(key, {
        mode: old !== undefined && (old.mode & 0o170000) === 0o100000 ? old.mode : FILE,
        name,
        id,
      });
    }
  }
  if (rows.size === 0) return undefined;
  return await database.write({ type: "tree", body: encodeGitTree(rows.values(), database.hashAlgorithm) });
}
