/**
 * The best common ancestors of commits, as `git merge-base --all` finds them, and whether one commit is an ancestor of
 * another. Deno only.
 */
import type { GitObjectId } from "../object/_object_id.ts";
import { ByAge } from "./_history.ts";
import type { Objects } from "./_objects.ts";

/** Marks of commits: what they were reached from, and whether they lie before a common ancestor that is known. */
const LEFT = 1;
const RIGHT = 2;
const STALE = 4;

/** A commit that was reached. */
interface Marked {
  readonly id: GitObjectId;
  readonly time: number;
  readonly parents: readonly GitObjectId[];
  marks: number;
  isCommon: boolean;
}

/**
 * Marks all that is reached from either side, the youngest first, until everything left lies before a common ancestor.
 * Returns the marked commits, those that are common in the order in which they were met.
 */
async function markSides(
  objects: Objects,
  left: GitObjectId,
  right: readonly GitObjectId[],
  signal: AbortSignal | undefined,
): Promise<{ readonly marked: ReadonlyMap<string, Marked>; readonly common: readonly Marked[] }> {
  const marked = new Map<string, Marked>();
  const common: Marked[] = [];
  const waiting = new ByAge<Marked>();
  /** How many of those that wait may still lead to something new. A commit waits once for each time it was marked. */
  let open = 0;
  const places = new Map<Marked, number>();
  const reach = async (id: GitObjectId, marks: number): Promise<void> => {
    let commit = marked.get(`${id}`);
    if (commit === undefined) {
      const { parents, time } = await objects.links(id);
      commit = { id, parents, time, marks: 0, isCommon: false };
      marked.set(`${id}`, commit);
    }
    if ((commit.marks & marks) === marks) return;
    const before = places.get(commit) ?? 0;
    if ((commit.marks & STALE) === 0) open -= before;
    commit.marks |= marks;
    if ((commit.marks & STALE) === 0) open += before + 1;
    places.set(commit, before + 1);
    waiting.add(commit);
  };
  await reach(left, LEFT);
  for (const id of right) await reach(id, RIGHT);
  while (open > 0) {
    signal?.throwIfAborted();
    const commit = waiting.take()!;
    places.set(commit, places.get(commit)! - 1);
    if ((commit.marks & STALE) === 0) open--;
    let marks = commit.marks & (LEFT | RIGHT | STALE);
    if (marks === (LEFT | RIGHT)) {
      if (!commit.isCommon) common.push(commit);
      commit.isCommon = true;
      marks |= STALE;
    }
    for (const parent of commit.parents) await reach(parent, marks);
  }
  return { marked, common };
}

/**
 * The common ancestors of a commit and of any of the others that stand before no other one, the youngest first. Dates may
 * be wrong: each is compared with the rest.
 */
export async function findMergeBases(
  objects: Objects,
  left: GitObjectId,
  right: readonly GitObjectId[],
  signal: AbortSignal | undefined,
): Promise<GitObjectId[]> {
  const { common } = await markSides(objects, left, right, signal);
  const candidates = common.filter(({ marks }) => (marks & STALE) === 0).sort((a, b) => b.time - a.time);
  const best: GitObjectId[] = [];
  for (const { id } of candidates) {
    const others = candidates.filter((other) => other.id !== id).map((other) => other.id);
    if (others.length > 0 && await isAncestor(objects, id, others, signal)) continue;
    best.push(id);
  }
  return best;
}

/** Whether a commit is one of some others, or can be reached from one of them. */
export async function isAncestor(
  objects: Objects,
  ancestor: GitObjectId,
  descendants: readonly GitObjectId[],
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const { marked } = await markSides(objects, ancestor, descendants, signal);
  return (marked.get(`${ancestor}`)!.marks & RIGHT) !== 0;
}
