/**
 * `sluice gitdb merge-base`: the best common ancestors of commits, and whether one is an ancestor of another.
 */
import type { GitRepository } from "@sluice/gitdb/repository";
import { EXIT, UsageFailure } from "../shared/exit.ts";
import { openRepository } from "./names.ts";
import { mergeBaseIds, revisionOrFail } from "./revisions.ts";
import { fatal } from "./settings.ts";
import type { GitdbSettings } from "./settings.ts";

/** Runs the subcommand. */
export async function mergeBase(operands: readonly string[], settings: GitdbSettings): Promise<number> {
  const { allBases, isAncestor } = settings;
  if (operands.length < 2) throw new UsageFailure("merge-base takes two revisions or more");
  if (isAncestor && allBases) throw fatal("options '--is-ancestor' and '--all' cannot be used together");
  if (isAncestor && operands.length > 2) throw fatal("--is-ancestor takes exactly two commits");
  await using repository = await openRepository(settings);
  const ids: string[] = [];
  for (const operand of operands) ids.push(await commitId(repository, operand));
  const [first, ...others] = ids;
  if (isAncestor) return await repository.isAncestor(first!, others[0]!) ? EXIT.ok : EXIT.failure;
  const bases = await mergeBaseIds(repository, first!, others);
  for (const id of allBases ? bases : bases.slice(0, 1)) console.log(id);
  return bases.length === 0 ? EXIT.failure : EXIT.ok;
}

/** The commit that an operand leads to, or git's words for one that leads to none. */
async function commitId(repository: GitRepository, operand: string): Promise<string> {
  const id = await revisionOrFail(repository, operand, fatal(`Not a valid object name ${operand}`));
  const unknown = fatal(`Not a valid commit name ${operand}`);
  try {
    return await revisionOrFail(repository, `${id}^{commit}`, unknown);
  } catch (error) {
    if (error !== unknown) throw error;
    const { id: object, type } = await repository.resolve(`${id}^{}`);
    console.error(`error: object ${object} is a ${type}, not a commit`);
    throw error;
  }
}
