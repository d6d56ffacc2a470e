/**
 * `sluice gitdb log` and `rev-list`: commits in formats of git (git-log, "pretty formats").
 */
import type { GitHistoryCommit, GitRepository } from "@sluice/gitdb/repository";
import { EXIT, UsageFailure } from "../shared/exit.ts";
import { checkListOptions } from "./changes.ts";
import { CommitPrinter } from "./commit_printer.ts";
import { openRepository } from "./names.ts";
import { BufferedStdout } from "./output.ts";
import { compilePattern } from "./patterns.ts";
import { partsOfOperand, revisionOrFail, splitOperands } from "./revisions.ts";
import type { RevisionOperands } from "./revisions.ts";
import { fatal } from "./settings.ts";
import type { GitdbSettings, WalkLimits } from "./settings.ts";

/** Runs the subcommand. */
export async function log(operands: readonly string[], settings: GitdbSettings): Promise<number> {
  settings.changes ??= "nothing";
  checkListOptions(settings, true);
  await using repository = await openRepository(settings);
  const split = await splitOperands(repository, operands, settings);
  const merges = settings.firstParent ? "first parent" : "nothing";
  const out = new BufferedStdout();
  const printer = await CommitPrinter.open(repository, settings, { out, merges, paths: split.paths });
  for await (const commit of chosen(repository, split, settings)) await printer.print(commit);
  await out.flush();
  return EXIT.ok;
}

/** `sluice gitdb rev-list`: the ids of commits, or how many there are. */
export async function revList(operands: readonly string[], settings: GitdbSettings): Promise<number> {
  await using repository = await openRepository(settings);
  const split = await splitOperands(repository, operands, settings);
  if (split.revisions.length === 0 && !settings.allRefs) throw new UsageFailure("rev-list takes revisions");
  const out = new BufferedStdout();
  let count = 0;
  for await (const { id } of chosen(repository, split, settings)) {
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
  operands: RevisionOperands,
  settings: GitdbSettings,
): AsyncGenerator<GitHistoryCommit> {
  const { maxCount = Infinity, skip, merges, reverse, order, firstParent } = settings;
  const { from, exclude } = await rangesOf(repository, operands, settings);
  const kept: GitHistoryCommit[] = [];
  let toSkip = skip;
  let left = maxCount;
  if (left === 0) return;
  const { paths } = operands;
  const { since, until } = settings.limits;
  const matches = commitMatcher(settings.limits);
  for await (const commit of repository.history(from, { exclude, order, firstParent, paths, since, until })) {
    if (!matches(commit)) continue;
    if (merges !== undefined && commit.parents.length > 1 !== merges) continue;
    if (toSkip-- > 0) continue;
    if (reverse) kept.push(commit);
    else yield commit;
    if (--left <= 0) break;
  }
  yield* kept.reverse();
}

/** Whether a commit matches the patterns of each kind that were given. */
function commitMatcher(
  { grep, authors, committers, patterns, ignoreCase }: WalkLimits,
): (commit: GitHistoryCommit) => boolean {
  const compile = (list: readonly string[], option: string): RegExp[] =>
    list.map((pattern) => compilePattern(pattern, patterns, ignoreCase, option));
  const kinds: readonly (readonly [RegExp[], (commit: GitHistoryCommit) => readonly string[]])[] = [
    [compile(authors, "--author"), ({ author }) => [`${author.name} <${author.email}>`]],
    [compile(committers, "--committer"), ({ committer }) => [`${committer.name} <${committer.email}>`]],
    // The empty line before the message counts for git.
    [compile(grep, "--grep"), ({ message }) => ["", ...message.replace(/\n$/, "").split("\n")]],
  ];
  const used = kinds.filter(([expressions]) => expressions.length > 0);
  if (used.length === 0 && (ignoreCase || patterns !== "basic")) {
    throw new UsageFailure("Options -i, -E and -F have no effect without --grep, --author or --committer");
  }
  return (commit) =>
    used.every(([expressions, textsOf]) =>
      textsOf(commit).some((text) => expressions.some((expression) => expression.test(text)))
    );
}

/** The ids to start from, and those whose histories are left out. */
async function rangesOf(
  repository: GitRepository,
  { revisions, failureOf }: RevisionOperands,
  { allRefs }: GitdbSettings,
): Promise<{ readonly from: string[]; readonly exclude: string[] }> {
  const from: string[] = [];
  const exclude: string[] = [];
  if (allRefs) {
    for await (const { name } of repository.references()) {
      const object = await revisionOrFail(repository, `${name}^{}`, fatal(`bad revision '${name}'`));
      if ((await repository.resolve(object)).type === "commit") from.push(object);
    }
  }
  const head = allRefs ? [] : ["HEAD"];
  for (const operand of revisions.length === 0 ? head : revisions) {
    for (const { id, isExcluded } of await partsOfOperand(repository, operand, failureOf(operand))) {
      (isExcluded ? exclude : from).push(id);
    }
  }
  return { from, exclude };
}
