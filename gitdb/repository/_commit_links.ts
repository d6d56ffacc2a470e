/**
 * What a walk over history needs of a commit.
 */
import { headerLines, referencesOf } from "../object/_object_syntax.ts";
import type { GitHashAlgorithm, GitObjectId } from "../object/_object_id.ts";
import { parseSignature } from "../object/_signature.ts";

/** Parents, tree and date of a commit. */
export interface CommitLinks {
  readonly tree: GitObjectId;
  readonly parents: readonly GitObjectId[];
  /** Seconds since 1970, of the committer; 0 where the lines of author and committer do not follow the parents. */
  readonly time: number;
}

/**
 * Reads them from the body of a commit.
 *
 * @throws {CorruptDataError} If it has no tree, or a parent that is no id.
 */
export function parseCommitLinks(bytes: Uint8Array, algorithm: GitHashAlgorithm): CommitLinks {
  const [tree, ...parents] = referencesOf("commit", bytes, algorithm).map(({ id }) => id);
  const [author, committer] = headerLines(bytes).slice(1 + parents.length);
  const isDated = author?.word === "author" && committer?.word === "committer";
  const time = isDated ? parseSignature(committer.value).date.getTime() / 1000 : 0;
  return { tree: tree!, parents, time };
}
