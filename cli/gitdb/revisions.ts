/**
 * Revisions as operands of commands.
 */
import type { GitRepository } from "@sluice/gitdb";
import { AmbiguousIdError, NotFoundError, UnsupportedFeatureError } from "@sluice/internal";
import type { Failure } from "../shared/exit.ts";
import { fatal } from "./settings.ts";

/** What a revision names, or git's words for a revision that names nothing. */
export async function revisionOrFail(
  repository: GitRepository,
  revision: string,
  failure: Failure,
): Promise<string> {
  try {
    return `${await repository.find(revision)}`;
  } catch (error) {
    const isUnknown = error instanceof NotFoundError || error instanceof AmbiguousIdError ||
      error instanceof RangeError;
    if (isUnknown) throw failure;
    if (error instanceof UnsupportedFeatureError) throw fatal(error.message);
    throw error;
  }
}

/** Two revisions as one operand. */
export interface RevisionRange {
  readonly left: string;
  readonly right: string;
  /** Whether it is what either has and not both, as in `A...B`. */
  readonly isSymmetric: boolean;
}

/** A range of the form `A..B` or `A...B`; no name is HEAD. */
export function rangeOf(operand: string): RevisionRange | undefined {
  const found = /^(.*?)\.\.(\.?)(?!\.)(.*)$/.exec(operand);
  if (found === null) return undefined;
  return { left: found[1] || "HEAD", right: found[3] || "HEAD", isSymmetric: found[2] !== "" };
}

/** Git's words for a revision that is neither that nor a path. */
export function ambiguousArgument(operand: string): Failure {
  return fatal(
    `ambiguous argument '${operand}': unknown revision or path not in the working tree.\n` +
      "Use '--' to separate paths from revisions, like this:\n'git <command> [<revision>...] -- [<file>...]'",
  );
}

/** The ids of the best common ancestors of commits. */
export async function mergeBaseIds(
  repository: GitRepository,
  left: string,
  right: string | readonly string[],
): Promise<string[]> {
  return (await repository.mergeBases(left, right)).map((id) => `${id}`);
}
