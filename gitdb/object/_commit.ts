/**
 * Commits and tags, read from their bodies and written to them; public through commit.ts.
 */
import { byteString, checkArgument, checkKeys, toBytes } from "@sluice/internal";
import type { BytesSource } from "@sluice/internal";
import { checkGitObject } from "./_check_object.ts";
import { kindOfType } from "./_object_kind.ts";
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
  readonly extra: GitExtraHeaders;
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
  /** The encoding of the texts; undefined for UTF-8. */
  readonly encoding: string | undefined;
  /** The lines of the header that have no member here, as `gpgsig-sha256`. */
  readonly extra: GitExtraHeaders;
  /** The message with a signature in it, as it is stored. */
  readonly message: string;
}

/** Lines of a header that have no member of their own, in order; a value may have line feeds. */
export type GitExtraHeaders = readonly (readonly [word: string, value: string])[];

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
  /** Only UTF-8 is written. @default {undefined} */
  readonly encoding?: string | undefined;
  /** Further lines of the header, as `gpgsig`; they are written after the others. @default {[]} */
  readonly extra?: GitExtraHeaders | undefined;
  /** The message; it is stored as it is, in UTF-8. */
  readonly message: string;
}

/** A tag object to write. */
export interface GitTagInput {
  /** The object that it names. */
  readonly object: GitIdLike;
  /** The type of that object. */
  readonly type: GitObjectType;
  /** Its name, as "v1.0". */
  readonly name: string;
  /** Who made it; undefined leaves the line out, which git's `fsck --strict` takes for a fault. */
  readonly tagger: GitSignature | undefined;
  /** Only UTF-8 is written. @default {undefined} */
  readonly encoding?: string | undefined;
  /** Further lines of the header; they are written after the others. @default {[]} */
  readonly extra?: GitExtraHeaders | undefined;
  /** The message, with a signature at its end where there is one; it is stored as it is, in UTF-8. */
  readonly message: string;
}

/** The header and the message of a body. */
interface Parts {
  readonly lines: readonly { readonly word: string; readonly value: string }[];
  readonly message: string;
  readonly encoding: string | undefined;
}

const ENCODING = /^encoding (.+)$/m;

/** What the platform takes for Windows' code page 1252, which has other characters from 0x80 to 0x9F. */
const LATIN1 = /^(?:iso_?-?8859-?1|latin-?1|l1)$/i;

function decoderOf(encoding: string | undefined): (bytes: Uint8Array) => string {
  if (encoding !== undefined && LATIN1.test(encoding)) return byteString;
  const decoder = decoderNamed(encoding);
  return (bytes) => decoder.decode(bytes);
}

function decoderNamed(encoding: string | undefined): TextDecoder {
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
  const decode = decoderOf(encoding);
  const lines: { word: string; value: string }[] = [];
  for (const line of decode(bytes.subarray(0, headerEnd)).split("\n").slice(0, -1)) {
    const last = lines.at(-1);
    if (line.startsWith(" ") && last !== undefined) last.value += `\n${line.slice(1)}`;
    else {
      const space = line.indexOf(" ");
      lines.push(
        space < 0 ? { word: line, value: "" } : { word: line.slice(0, space), value: line.slice(space + 1) },
      );
    }
  }
  return { lines, message: decode(bytes.subarray(headerEnd + 1)), encoding };
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
  const parentEnd = lines.findIndex(({ word }, i) => i > 0 && word !== "parent");
  return {
    tree: GitObjectId.from(valueOf("tree")),
    parents: lines.slice(1, parentEnd < 0 ? lines.length : parentEnd).map(({ value }) =>
      GitObjectId.from(value)
    ),
    author: parseSignature(valueOf("author")),
    committer: parseSignature(valueOf("committer")),
    encoding,
    extra: extraOf(lines, COMMIT_WORDS),
    message,
  };
}

/** Lines of the header that have a member. */
const COMMIT_WORDS: ReadonlySet<string> = new Set(["tree", "parent", "author", "committer", "encoding"]);
const TAG_WORDS: ReadonlySet<string> = new Set(["object", "type", "tag", "tagger", "encoding"]);

function extraOf(lines: Parts["lines"], known: ReadonlySet<string>): GitExtraHeaders {
  return lines.filter(({ word }) => !known.has(word)).map(({ word, value }) => [word, value]);
}

const COMMIT_KEYS: ReadonlySet<string> = new Set<keyof GitCommitInput>([
  "tree",
  "parents",
  "author",
  "committer",
  "encoding",
  "extra",
  "message",
]);
const TAG_KEYS: ReadonlySet<string> = new Set<keyof GitTagInput>([
  "object",
  "type",
  "name",
  "tagger",
  "encoding",
  "extra",
  "message",
]);

/** A body of the lines of a header, further ones, and a message. */
function formatParts(
  action: string,
  lines: readonly string[],
  known: ReadonlySet<string>,
  { encoding, extra = [], message }: Pick<GitCommitInput, "encoding" | "extra" | "message">,
): Uint8Array<ArrayBuffer> {
  checkArgument(typeof message === "string", action, message, "a message");
  checkArgument(
    encoding === undefined || typeof encoding === "string",
    action,
    encoding,
    "the name of an encoding",
  );
  if (encoding !== undefined && !/^utf-?8$/i.test(encoding)) {
    throw new RangeError(`Cannot ${action}: its encoding is "${encoding}", expected UTF-8`);
  }
  if (message.includes("\0")) throw new RangeError(`Cannot ${action}: its message has a zero`);
  checkArgument(Array.isArray(extra), action, extra, "a list of further lines");
  const further = extra.map((line) => {
    const fits = Array.isArray(line) && line.length === 2 && line.every((part) => typeof part === "string");
    checkArgument(fits, action, line, "a word and a value for each further line");
    const [word, value] = line;
    if (known.has(word) || !/^[^ \n\0]+$/.test(word) || value.includes("\0")) {
      throw new RangeError(
        `Cannot ${action}: "${word}" is no word of a further line, or its value has a zero`,
      );
    }
    return `${word} ${value.replaceAll("\n", "\n ")}`;
  });
  return encodeText(`${[...lines, ...further].join("\n")}\n\n${message}`, action);
}

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
  const { tree, parents = [], author, committer = author } = commit;
  checkArgument(Array.isArray(parents), "write a commit", parents, "a list of parents");
  const lines = [
    `tree ${GitObjectId.from(tree, hashAlgorithm)}`,
    ...parents.map((parent) => `parent ${GitObjectId.from(parent, hashAlgorithm)}`),
    `author ${formatSignature(author)}`,
    `committer ${formatSignature(committer)}`,
  ];
  return formatParts("write a commit", lines, COMMIT_WORDS, commit);
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
  const { lines, message, encoding } = partsOf(bytes);
  const [object, type, name, tagger] = lines;
  return {
    object: GitObjectId.from(object!.value),
    type: type!.value as GitObjectType,
    name: name!.value,
    tagger: tagger?.word === "tagger" ? parseSignature(tagger.value) : undefined,
    encoding,
    extra: extraOf(lines, TAG_WORDS),
    message,
  };
}

/**
 * The body of a tag.
 *
 * @throws {TypeError} If a member is missing or not known.
 * @throws {RangeError} If a member can't be written.
 *
 * @example What is written is read
 * ```ts
 * import { encodeGitTag, parseGitTag } from "@sluice/gitdb";
 * import { assertEquals } from "@std/assert";
 *
 * const tag = parseGitTag(encodeGitTag({
 *   object: "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
 *   type: "tree",
 *   name: "v1",
 *   tagger: { name: "Ada", email: "ada@example.org", date: new Date(0), timezone: "+0000" },
 *   message: "The first\n",
 * }));
 * assertEquals([tag.name, tag.type, tag.tagger?.name, tag.message], ["v1", "tree", "Ada", "The first\n"]);
 * ```
 */
export function encodeGitTag(
  tag: GitTagInput,
  hashAlgorithm: GitHashAlgorithm = "sha1",
): Uint8Array<ArrayBuffer> {
  checkKeys(tag, TAG_KEYS);
  const { object, type, name, tagger } = tag;
  checkArgument(typeof name === "string", "write a tag", name, "a name");
  if (!/^[^\n\0]+$/.test(name)) {
    throw new RangeError("Cannot write a tag: its name is empty, or has a line feed or a zero");
  }
  kindOfType(type);
  const lines = [
    `object ${GitObjectId.from(object, hashAlgorithm)}`,
    `type ${type}`,
    `tag ${name}`,
    ...(tagger === undefined ? [] : [`tagger ${formatSignature(tagger)}`]),
  ];
  return formatParts("write a tag", lines, TAG_WORDS, tag);
}
