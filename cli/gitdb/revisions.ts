/**
 * Revisions as operands of commands.
 */
import type { GitRepository } from "@sluice/gitdb";
import { AmbiguousIdError, NotFoundError, UnsupportedFeatureError } from "@sluice/internal";
import type { Failure } from "../shared/exit.ts";
import { isThere, limitingPaths } from "./paths.ts";
import { fatal } from "./settings.ts";
import type { GitdbSettings } from "./settings.ts";

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

/** The operands of a command that takes revisions, and paths after them. */
export interface RevisionOperands {
  readonly revisions: readonly string[];
  /** Paths from the root of the tree; undefined where there are none. */
  readonly paths: readonly string[] | undefined;
  /** Git's words for a revision that names nothing. */
  failureOf(revision: string): Failure;
}

/** Tells revisions and paths apart, as git does: paths follow `--`, or the first operand that is no revision. */
export async function splitOperands(
  repository: GitRepository,
  operands: readonly string[],
  { pathOperands }: GitdbSettings,
): Promise<RevisionOperands> {
  const failureOf = (revision: string): Failure =>
    pathOperands !== undefined || revision.startsWith("^")
      ? fatal(`bad revision '${revision}'`)
      : ambiguousArgument(revision);
  if (pathOperands !== undefined) {
    const paths = pathOperands.length === 0 ? undefined : await limitingPaths(repository, pathOperands);
    return { revisions: operands, paths, failureOf };
  }
  let end = 0;
  for (; end < operands.length && await isRevision(repository, operands[end]!); end++) {
    const operand = operands[end]!;
    if (repository.workTree === undefined || operand.startsWith("^") || !await isThere(operand)) continue;
    throw fatal(
      `ambiguous argument '${operand}': both revision and filename\n` +
        "Use '--' to separate paths from revisions, like this:\n'git <command> [<revision>...] -- [<file>...]'",
    );
  }
  const paths = operands.slice(end);
  if (paths[0]?.startsWith("^") === true) throw failureOf(paths[0]);
  for (const [i, path] of paths.entries()) {
    if (/[*?[]/.test(path) || await isThere(path)) continue;
    throw i === 0 ? failureOf(path) : fatal(
      `${path}: no such path in the working tree.\n` +
        "Use 'git <command> -- <path>...' to specify paths that do not exist locally.",
    );
  }
  const revisions = operands.slice(0, end);
  return {
    revisions,
    paths: paths.length === 0 ? undefined : await limitingPaths(repository, paths),
    failureOf,
  };
}

/** Whether an operand names a commit, or two of them as a range. */
async function isRevision(repository: GitRepository, operand: string): Promise<boolean> {
  const range = rangeOf(operand);
  const revisions = range === undefined ? [operand.replace(/^\^/, "")] : [range.left, range.right];
  const none = fatal("");
  for (const revision of revisions) {
    try {
      await revisionOrFail(repository, revision, none);
    } catch (error) {
      if (error === none) return false;
      throw error;
    }
  }
  return true;
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
