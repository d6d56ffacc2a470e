/**
 * Commits one after the other, with lists of what they change.
 */
import type { GitHistoryCommit, GitRepository } from "@sluice/gitdb/repository";
import { ChangeFormatter, changesBetween } from "./changes.ts";
import type { StatusChange } from "./renames.ts";
import { CommitFormatter } from "./commit_formats.ts";
import type { BufferedStdout } from "./output.ts";
import type { GitdbSettings } from "./settings.ts";

/** How a printer prints. */
interface Printing {
  readonly out: BufferedStdout;
  /** What is listed of a merge: nothing, what differs from its first parent, or what differs from all. */
  readonly merges: "nothing" | "first parent" | "all parents";
  /** Paths whose changes alone are listed. */
  readonly paths: readonly string[] | undefined;
}

/** Prints commits. */
export class CommitPrinter {
  /** The format of commits. */
  readonly commits: CommitFormatter;
  readonly #repository: GitRepository;
  readonly #settings: GitdbSettings;
  readonly #changes: ChangeFormatter;
  readonly #printing: Printing;
  /** Whether a line stands between what was printed and what follows. */
  #isSeparate = false;

  private constructor(
    repository: GitRepository,
    settings: GitdbSettings,
    printing: Printing,
    formatters: { readonly commits: CommitFormatter; readonly changes: ChangeFormatter },
  ) {
    this.#repository = repository;
    this.#settings = settings;
    this.#printing = printing;
    this.commits = formatters.commits;
    this.#changes = formatters.changes;
  }

  /** With the formats that the options name. */
  static async open(
    repository: GitRepository,
    settings: GitdbSettings,
    printing: Printing,
  ): Promise<CommitPrinter> {
    return new CommitPrinter(repository, settings, printing, {
      commits: await CommitFormatter.open(repository, settings),
      changes: await ChangeFormatter.open(repository, settings),
    });
  }

  /** Prints the line between two of those that have one. */
  async separate(): Promise<void> {
    if (this.#isSeparate) await this.#printing.out.print("\n");
    this.#isSeparate = true;
  }

  /** What a commit changes, from each of its parents that counts. */
  async changesOf({ id, parents }: GitHistoryCommit): Promise<StatusChange[][]> {
    const { merges, paths } = this.#printing;
    const from = parents.length === 0
      ? [undefined]
      : merges === "first parent"
      ? parents.slice(0, 1)
      : parents;
    const lists: StatusChange[][] = [];
    for (const parent of from) {
      const trees = { from: parent === undefined ? undefined : `${parent}`, to: `${id}`, paths };
      lists.push(await changesBetween(this.#repository, trees, this.#settings));
    }
    return lists;
  }

  /** Prints a commit with its list, which may be known already. */
  async print(commit: GitHistoryCommit, known?: readonly StatusChange[][]): Promise<void> {
    const { out, merges } = this.#printing;
    const { commits } = this;
    const isListed = this.#settings.changes !== "nothing" &&
      (merges !== "nothing" || commit.parents.length < 2);
    const lists = isListed ? known ?? await this.changesOf(commit) : [];
    if (commits.isSeparated) await this.separate();
    this.#isSeparate = true;
    await out.print(await commits.print(commit));
    if (commits.isTerminated) await out.print("\n");
    // A line stands before the list, or the one that a format left open is ended. As in git, merges have it in any case.
    const isMerge = lists.length > 1;
    const hasLine = isMerge || lists[0] !== undefined && lists[0].length > 0 && commits.name !== "oneline";
    if (hasLine && (commits.isSeparated || commits.isTerminated)) await out.print("\n");
    const parts = isMerge ? this.#changes.mergedText(lists) : this.#changes.text(lists[0] ?? []);
    for await (const part of parts) await out.print(part);
  }
}
