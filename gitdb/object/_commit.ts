/**
 * Commits and tags, read from their bodies and written to them; public through commit.ts.
 */
import { byteString, checkArgument, checkKeys, toBytes } from "@sluice/internal";
import type { BytesSource } from "@sluice/internal";
import { checkGitObject } from "./_check_object.ts";
import type { GitObjectType } from "./object.ts";
import { GitObjectId } from "./_object_id.ts";
import type { GitHashAlgorithm, GitIdLike } from "./_object_id.ts";
import { formatSignature, parseSignature } from "./_signature.ts";
import type { GitSignature } from "./_signature.ts";
import { encodeText } from "./_text.ts";

/** A commit. */
export interface GitCommit {
  /** The tree that it records. */
  readonly tree: GitObjectId;
  /** The commits before it: none of the first one, two and more of a merge. */
  readonly parents: readonly GitObjectId[];
  /** Who made the change; with an empty name and address where the commit does not say so. */
  readonly author: GitSignature;
  /** Who made the commit; empty as `author` may be. */
  readonly committer: GitSignature;
  /** The encoding of the texts; undefined for UTF-8. */
  readonly encoding: string | undefined;
  /** The lines of the header that have no member here, as `gpgsig` and `mergetag`, which may come more than once. */
  readonly extra: readonly (readonly [word: string, value: string])[];
  /** The message, as it is stored. */
  readonly message: string;
}

/** A tag object. */
export interface GitTag {
  /** The object that it names. */
  readonly object: GitObjectId;
  /** The type of that object. */
  readonly type: GitObjectType;
  /** Its name. */
  readonly name: string;
  /** Who made it; undefined in tags of git's first years. */
  readonly tagger: GitSignature | undefined;
  /** The message with a signature in it, as it is stored. */
  readonly message: string;
}

/** A commit to write. */
export interface GitCommitInput {
  /** The tree that it records. */
  readonly tree: GitIdLike;
  /** The commits before it. @default {[]} */
  readonly parents?: readonly GitIdLike[] | undefined;
  /** Who made the change. */
  readonly author: GitSignature;
  /** Who made the commit. @default {author} */
  readonly committer?: GitSignature | undefined;
  /** The message; it is stored as it is, in UTF-8. */
  readonly message: string;
}

/** The header and the message of a body. */
interface Parts {
  readonly lines: readonly { readonly word: string; readonly value: string }[];
  readonly message: string;
  readonly encoding: string | undefined;
}

const ENCODING = /^encoding (.+)$/m;

function decoderOf(encoding: string | undefined): TextDecoder {
  try {
    return new TextDecoder(encoding);
  } catch {
    return new TextDecoder(); // an encoding that nobody knows
  }
}

/** Lines that start with a space belong to the one before. */
function partsOf(bytes: Uint8Array): Parts {
  const latin1 = byteString(bytes);
  const headerEnd = latin1.startsWith("\n") ? 0 : latin1.indexOf("\n\n") + 1 || bytes.length;
  const encoding = ENCODING.exec(latin1.slice(0, headerEnd))?.[1];
  const decoder = decoderOf(encoding);
  const lines: { word: string; value: string }[] = [];
  for (const line of decoder.decode(bytes.subarray(0, headerEnd)).split("\n").slice(0, -1)) {
    const last = lines.at(-1);
    if (line.startsWith(" ") && last !== undefined) last.value += `\n${line.slice(1)}`;
    else {
      const space = line.indexOf(" ");
      lines.push(
        space < 0 ? { word: line, value: "" } : { word: line.slice(0, space), value: line.slice(space + 1) },
      );
    }
  }
  return { lines, message: decoder.decode(bytes.subarray(headerEnd + 1)), encoding };
}

/**
 * Reads the body of a commit.
 *
 * @throws {CorruptDataError} If it is none.
 *
 * @example A first commit
 * ```ts
 * import { encodeGitCommit, parseGitCommit } from "@sluice/gitdb";
 * import { assertEquals } from "@std/assert";
 *
 * const author = { name: "Ada", email: "ada@example.org", date: new Date(1_700_000_000_000), timezone: "+0100" };
 * const tree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
 * const commit = parseGitCommit(encodeGitCommit({ tree, author, message: "Start\n" }));
 * assertEquals(`${commit.tree}`, tree);
 * assertEquals(commit.committer, author);
 * assertEquals([commit.parents, commit.message], [[], "Start\n"]);
 * ```
 */
export function parseGitCommit(body: BytesSource, hashAlgorithm: GitHashAlgorithm = "sha1"): GitCommit {
  const bytes = toBytes(body);
  checkGitObject("commit", bytes, { hashAlgorithm });
  const { lines, message, encoding } = partsOf(bytes);
  const valueOf = (word: string): string => lines.find((line) => line.word === word)?.value ?? "";
  const known = new Set(["tree", "parent", "author", "committer", "encoding"]);
  const parentEnd = lines.findIndex(({ word }, i) => i > 0 && word !== "parent");
  return {
    tree: GitObjectId.from(valueOf("tree")),
    parents: lines.slice(1, parentEnd < 0 ? lines.length : parentEnd).map(({ value }) =>
      GitObjectId.from(value)
    ),
    author: parseSignature(valueOf("author")),
    committer: parseSignature(valueOf("committer")),
    encoding,
    extra: lines.filter(({ word }) => !known.has(word)).map(({ word, value }) => [word, value] as const),
    message,
  };
}

const COMMIT_KEYS: ReadonlySet<string> = new Set<keyof GitCommitInput>([
  "tree",
  "parents",
  "author",
  "committer",
  "message",
]);

/**
 * The body of a commit.
 *
 * @throws {TypeError} If a member is missing or not known.
 * @throws {RangeError} If a member can't be written.
 *
 * @example The bytes that git hashes
 * ```ts
 * import { encodeGitCommit } from "@sluice/gitdb";
 * import { assert } from "@std/assert";
 *
 * const author = { name: "Ada", email: "ada@example.org", date: new Date(0), timezone: "+0000" };
 * const body = encodeGitCommit({ tree: "4b825dc642cb6eb9a060e54bf8d69288fbee4904", author, message: "Start\n" });
 * assert(new TextDecoder().decode(body).includes("author Ada <ada@example.org> 0 +0000\n"));
 * ```
 */
export function encodeGitCommit(
  commit: GitCommitInput,
  hashAlgorithm: GitHashAlgorithm = "sha1",
): Uint8Array<ArrayBuffer> {
  checkKeys(commit, COMMIT_KEYS);
  const { tree, parents = [], author, committer = author, message } = commit;
  checkArgument(typeof message === "string", "write a commit", message, "a message");
  checkArgument(Array.isArray(parents), "write a commit", parents, "a list of parents");
  if (message.includes("\0")) throw new RangeError("Cannot write a commit: its message has a zero");
  const lines = [
    `tree ${GitObjectId.from(tree, hashAlgorithm)}`,
    ...parents.map((parent) => `parent ${GitObjectId.from(parent, hashAlgorithm)}`),
    `author ${formatSignature(author)}`,
    `committer ${formatSignature(committer)}`,
    "",
  ];
  return encodeText(`${lines.join("\n")}\n${message}`, "write a commit");
}

/**
 * Reads the body of a tag.
 *
 * @throws {CorruptDataError} If it is none.
 *
 * @example A tag of a commit
 * ```ts
 * import { parseGitTag } from "@sluice/gitdb";
 * import { assertEquals } from "@std/assert";
 *
 * const body = "object 4b825dc642cb6eb9a060e54bf8d69288fbee4904\ntype tree\ntag v1\n" +
 *   "tagger Ada <ada@example.org> 0 +0000\n\nThe first\n";
 * const tag = parseGitTag(new TextEncoder().encode(body));
 * assertEquals([tag.name, tag.type, tag.tagger?.name, tag.message], ["v1", "tree", "Ada", "The first\n"]);
 * ```
 */
export function parseGitTag(body: BytesSource, hashAlgorithm: GitHashAlgorithm = "sha1"): GitTag {
  const bytes = toBytes(body);
  checkGitObject("tag", bytes, { hashAlgorithm });
  const { lines, message } = partsOf(bytes);
  const [object, type, name, tagger] = lines;
  return {
    object: GitObjectId.from(object!.value),
    type: type!.value as GitObjectType,
    name: name!.value,
    tagger: tagger?.word === "tagger" ? parseSignature(tagger.value) : undefined,
    message,
  };
}
