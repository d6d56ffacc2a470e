/**
 * Revisions as operands of commands.
 */
import type { GitRepository } from "@sluice/gitdb/repository";
import { AmbiguousIdError, NotFoundError, UnsupportedFeatureError } from "@sluice/internal";
import type { Failure } from "../shared/exit.ts";
import { findRevision, isThere, limitingPaths } from "./paths.ts";
import { fatal } from "./settings.ts";
import type { GitdbSettings } from "./settings.ts";

/** What a revision names, or git's words for a revision that names nothing. */
export async function revisionOrFail(
  repository: GitRepository,
  revision: string,
  failure: Failure,
): Promise<string> {
  try {
    return `${await findRevision(repository, revision)}`;
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

/** A range of the form `A..B` or `A...B`; no name is HEAD. Two dots of a path, as in `HEAD:../x`, make none. */
export function rangeOf(operand: string): RevisionRange | undefined {
  const found = /^(.*?)(?<![:/])\.\.(\.?)(?!\.)(.*)$/.exec(operand);
  if (found === null) return undefined;
  return { left: found[1] || "HEAD", right: found[3] || "HEAD", isSymmetric: found[2] !== "" };
}

/** The parents of a commit as one operand, with the commit itself or without it. */
interface ParentsOperand {
  readonly commit: string;
  /** Whether the commit is meant and its parents are left out; otherwise they are meant. */
  readonly isCommitAlone: boolean;
  /** The only parent that counts, from 1; undefined for all. */
  readonly parent: number | undefined;
}

/** An operand of the form `X^@`, `X^!`, `X^-` or `X^-N`. */
function parentsOf(operand: string): ParentsOperand | undefined {
  const found = /^([^^].*)\^(?:[@!]|-(\d*))$/s.exec(operand);
  if (found === null) return undefined;
  const parent = found[2] === undefined ? undefined : Number(found[2] || 1);
  return { commit: found[1]!, isCommitAlone: !operand.endsWith("@"), parent };
}

/** A revision of those that an operand stands for. */
export interface OperandPart {
  readonly id: string;
  /** Whether what can be reached from it is left out. */
  readonly isExcluded: boolean;
  /** What the operand has for it; undefined for what was found. */
  readonly written: string | undefined;
}

/** The revisions that an operand stands for, in the order of `git rev-parse`. */
export async function partsOfOperand(
  repository: GitRepository,
  operand: string,
  failure: Failure,
): Promise<OperandPart[]> {
  const part = async (written: string, isExcluded: boolean): Promise<OperandPart> => ({
    id: await revisionOrFail(repository, written, failure),
    isExcluded,
    written,
  });
  const found = (ids: readonly unknown[], isExcluded: boolean): OperandPart[] =>
    ids.map((id) => ({ id: `${id}`, isExcluded, written: undefined }));
  const range = rangeOf(operand);
  if (range !== undefined) {
    const ends = [await part(range.right, false), await part(range.left, !range.isSymmetric)];
    if (!range.isSymmetric) return ends;
    return [...ends, ...found(await mergeBaseIds(repository, ends[1]!.id, ends[0]!.id), true)];
  }
  const family = parentsOf(operand);
  if (family === undefined) {
    const isExcluded = operand.startsWith("^");
    return [await part(isExcluded ? operand.slice(1) : operand, isExcluded)];
  }
  const { parents } = await repository.readCommit(
    await revisionOrFail(repository, `${family.commit}^{commit}`, failure),
  );
  const wanted = family.parent === undefined ? parents : parents.slice(family.parent - 1, family.parent);
  if (wanted.length === 0 && family.parent !== undefined) throw failure;
  const itself = family.isCommitAlone ? [await part(family.commit, false)] : [];
  return [...itself, ...found(wanted, family.isCommitAlone)];
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
  const revisions = range === undefined
    ? [parentsOf(operand)?.commit ?? operand.replace(/^\^/, "")]
    : [range.left, range.right];
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
