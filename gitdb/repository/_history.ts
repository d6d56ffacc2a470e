/**
 * Commits and those before them, the youngest first. Deno only.
 */
import type { GitCommit } from "../object/_commit.ts";
import type { GitObjectId } from "../object/_object_id.ts";
import type { Objects } from "./_objects.ts";

/** A commit with its id. */
export interface IdentifiedCommit extends GitCommit {
  readonly id: GitObjectId;
}

/** Commits that wait, the youngest last; of the same age, that which came first. */
class Waiting {
  readonly #commits: IdentifiedCommit[] = [];

  add(commit: IdentifiedCommit): void {
    const time = commit.committer.date.getTime();
    let low = 0;
    let high = this.#commits.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#commits[middle]!.committer.date.getTime() < time) low = middle + 1;
      else high = middle;
    }
    this.#commits.splice(low, 0, commit);
  }

  take(): IdentifiedCommit | undefined {
    return this.#commits.pop();
  }
}

/** The commits that can be reached from some and not from others, each once. */
export async function* walkHistory(
  objects: Objects,
  from: readonly GitObjectId[],
  without: readonly GitObjectId[],
  signal: AbortSignal | undefined,
): AsyncGenerator<IdentifiedCommit, void, undefined> {
  const seen = new Set<string>();
  // All that is left out is walked first: the dates of commits may be wrong.
  if (without.length > 0) {
    for await (const { id } of walkHistory(objects, without, [], signal)) seen.add(`${id}`);
  }
  const waiting = new Waiting();
  const add = async (ids: readonly GitObjectId[]): Promise<void> => {
    for (const id of ids) {
      if (seen.has(`${id}`)) continue;
      seen.add(`${id}`);
      waiting.add({ id, ...await objects.commit(id) });
    }
  };
  await add(from);
  for (let commit = waiting.take(); commit !== undefined; commit = waiting.take()) {
    signal?.throwIfAborted();
    yield commit;
    await add(commit.parents);
  }
}
