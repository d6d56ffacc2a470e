/**
 * `sluice gitdb log` and `rev-list`: commits in formats of git (git-log, "pretty formats").
 */
import type { GitHistoryCommit, GitRepository } from "@sluice/gitdb";
import { EXIT, UsageFailure } from "../shared/exit.ts";
import { CommitFormatter } from "./commit_formats.ts";
import { openRepository } from "./names.ts";
import { BufferedStdout } from "./output.ts";
import { ambiguousArgument, mergeBaseIds, rangeOf, revisionOrFail } from "./revisions.ts";
import { fatal } from "./settings.ts";
import type { GitdbSettings } from "./settings.ts";

/** Runs the subcommand. */
export async function log(operands: readonly string[], settings: GitdbSettings): Promise<number> {
  await using repository = await openRepository(settings);
  const commits = await CommitFormatter.open(repository, settings);
  const out = new BufferedStdout();
  let count = 0;
  for await (const commit of chosen(repository, operands, settings)) {
    if (commits.isSeparated && count++ > 0) await out.print("\n");
    await out.print(await commits.print(commit));
    if (commits.isTerminated) await out.print("\n");
  }
  await out.flush();
  return EXIT.ok;
}

/** `sluice gitdb rev-list`: the ids of commits, or how many there are. */
export async function revList(operands: readonly string[], settings: GitdbSettings): Promise<number> {
  if (operands.length === 0 && !settings.allRefs) throw new UsageFailure("rev-list takes revisions");
  await using repository = await openRepository(settings);
  const out = new BufferedStdout();
  let count = 0;
  for await (const { id } of chosen(repository, operands, settings)) {
    count++;
    if (!settings.count) await out.print(`${id}\n`);
  }
  if (settings.count) await out.print(`${count}\n`);
  await out.flush();
  return EXIT.ok;
}

/** The commits that the options leave, in their order. */
async function* chosen(
  repository: GitRepository,
  operands: readonly string[],
  { maxCount = Infinity, skip, merges, reverse, order, firstParent, allRefs }: GitdbSettings,
): AsyncGenerator<GitHistoryCommit> {
  const { from, exclude } = await rangesOf(repository, operands, allRefs);
  const kept: GitHistoryCommit[] = [];
  let toSkip = skip;
  let left = maxCount;
  if (left === 0) return;
  for await (const commit of repository.history(from, { exclude, order, firstParent })) {
    if (merges !== undefined && commit.parents.length > 1 !== merges) continue;
    if (toSkip-- > 0) continue;
    if (reverse) kept.push(commit);
    else yield commit;
    if (--left <= 0) break;
  }
  yield* kept.reverse();
}

/** The ids to start from, and those whose histories are left out. */
async function rangesOf(
  repository: GitRepository,
  operands: readonly string[],
  allRefs: boolean,
): Promise<{ readonly from: string[]; readonly exclude: string[] }> {
  const from: string[] = [];
  const exclude: string[] = [];
  if (allRefs) {
    for await (const { name } of repository.references()) {
      const object = await revisionOrFail(repository, `${name}^{}`, fatal(`bad revision '${name}'`));
      if ((await repository.database.info(object)).type === "commit") from.push(object);
    }
  }
  const head = allRefs ? [] : ["HEAD"];
  for (const operand of operands.length === 0 ? head : operands) {
    const range = rangeOf(operand);
    const unknown = operand.startsWith("^") ? fatal(`bad revision '${operand}'`) : ambiguousArgument(operand);
    const find = (revision: string): Promise<string> => revisionOrFail(repository, revision, unknown);
    if (range !== undefined) {
      const [left, right] = [await find(range.left), await find(range.right)];
      from.push(...(range.isSymmetric ? [left, right] : [right]));
      exclude.push(...(range.isSymmetric ? await mergeBaseIds(repository, left, right) : [left]));
    } else if (operand.startsWith("^")) exclude.push(await find(operand.slice(1)));
    else from.push(await find(operand));
  }
  return { from, exclude };
}
