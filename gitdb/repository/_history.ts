/**
 * Commits and those before them, in the orders of `git log`. Deno only.
 */
import type { GitCommit } from "../object/_commit.ts";
import type { GitObjectId } from "../object/_object_id.ts";
import type { CommitLinks } from "./_commit_graph.ts";
import type { Objects } from "./_objects.ts";

/** A commit with its id. */
export interface IdentifiedCommit extends GitCommit {
  readonly id: GitObjectId;
}

/** What is walked. */
export interface HistoryWalk {
  readonly from: readonly GitObjectId[];
  readonly without: readonly GitObjectId[];
  readonly order: "age" | "date" | "topological";
  /** Whether of the parents of a merge the first alone is followed. */
  readonly firstParent: boolean;
  readonly signal: AbortSignal | undefined;
}

/** A commit without what only its object says. */
interface Link extends CommitLinks {
  readonly id: GitObjectId;
}

/** Commits that wait, the youngest first; of the same age, that which came first. */
export class ByAge<T extends { readonly time: number }> {
  readonly #heap: { readonly item: T; readonly number: number }[] = [];
  #added = 0;

  #isBefore(left: number, right: number): boolean {
    const [a, b] = [this.#heap[left]!, this.#heap[right]!];
    return a.item.time > b.item.time || a.item.time === b.item.time && a.number < b.number;
  }

  #swap(left: number, right: number): void {
    const heap = this.#heap;
    [heap[left], heap[right]] = [heap[right]!, heap[left]!];
  }

  add(item: T): void {
    let at = this.#heap.push({ item, number: this.#added++ }) - 1;
    for (let above = (at - 1) >> 1; at > 0 && this.#isBefore(at, above); above = (at - 1) >> 1) {
      this.#swap(at, above);
      at = above;
    }
  }

  take(): T | undefined {
    const heap = this.#heap;
    if (heap.length === 0) return undefined;
    this.#swap(0, heap.length - 1);
    const { item } = heap.pop()!;
    for (let at = 0;;) {
      let first = at;
      for (const below of [2 * at + 1, 2 * at + 2]) {
        if (below < heap.length && this.#isBefore(below, first)) first = below;
      }
      if (first === at) return item;
      this.#swap(at, first);
      at = first;
    }
  }
}

/** The commits that can be reached from some and not from others, each once. */
export async function* walkHistory(
  objects: Objects,
  walk: HistoryWalk,
): AsyncGenerator<IdentifiedCommit, void, undefined> {
  const { order, firstParent, signal } = walk;
  const links = order === "age" ? undefined : await reachable(objects, walk);
  if (links !== undefined) {
    for (const { id } of sortLinks(links, order === "date")) {
      signal?.throwIfAborted();
      yield { id, ...await objects.commit(id) };
    }
    return;
  }
  const seen = await idsBefore(objects, walk.without, signal);
  const waiting = new ByAge<{ readonly time: number; readonly commit: IdentifiedCommit }>();
  const add = async (ids: readonly GitObjectId[]): Promise<void> => {
    for (const id of ids) {
      if (seen.has(`${id}`)) continue;
      seen.add(`${id}`);
      const commit = { id, ...await objects.commit(id) };
      waiting.add({ time: commit.committer.date.getTime(), commit });
    }
  };
  await add(walk.from);
  for (let next = waiting.take(); next !== undefined; next = waiting.take()) {
    signal?.throwIfAborted();
    yield next.commit;
    await add(followed(next.commit.parents, firstParent));
  }
}

/** The parents that a walk goes on with. */
function followed(parents: readonly GitObjectId[], firstParent: boolean): readonly GitObjectId[] {
  return firstParent ? parents.slice(0, 1) : parents;
}

/** Commits with all before them: what a walk leaves out is known first, as the dates of commits may be wrong. */
export async function idsBefore(
  objects: Objects,
  from: readonly GitObjectId[],
  signal: AbortSignal | undefined,
): Promise<Set<string>> {
  const seen = new Set<string>();
  const pending = [...from];
  for (let id = pending.pop(); id !== undefined; id = pending.pop()) {
    if (seen.has(`${id}`)) continue;
    signal?.throwIfAborted();
    seen.add(`${id}`);
    pending.push(...(await objects.links(id)).parents);
  }
  return seen;
}

/** The links of all commits of a walk in the order of age. */
async function reachable(
  objects: Objects,
  { from, without, firstParent, signal }: HistoryWalk,
): Promise<Link[]> {
  const seen = await idsBefore(objects, without, signal);
  const waiting = new ByAge<Link>();
  const add = async (ids: readonly GitObjectId[]): Promise<void> => {
    for (const id of ids) {
      if (seen.has(`${id}`)) continue;
      seen.add(`${id}`);
      const links = await objects.links(id);
      waiting.add({ id, ...links, parents: followed(links.parents, firstParent) });
    }
  };
  await add(from);
  const found: Link[] = [];
  for (let link = waiting.take(); link !== undefined; link = waiting.take()) {
    signal?.throwIfAborted();
    found.push(link);
    await add(link.parents);
  }
  return found;
}

/**
 * No commit before all that stand on it: of those that may come next the youngest, or, to keep the lines of a history
 * together, the last that became free.
 */
function* sortLinks(links: readonly Link[], byAge: boolean): Generator<Link> {
  /** How many commits stand on each that have not come yet. */
  const above = new Map(links.map((link) => [`${link.id}`, { link, count: 0 }]));
  for (const { parents } of links) {
    for (const parent of parents) {
      const found = above.get(`${parent}`);
      if (found !== undefined) found.count++;
    }
  }
  const tips = links.filter(({ id }) => above.get(`${id}`)!.count === 0);
  const free = byAge ? new ByAge<Link>() : new Stack();
  for (const tip of byAge ? tips : tips.reverse()) free.add(tip);
  for (let link = free.take(); link !== undefined; link = free.take()) {
    for (const parent of link.parents) {
      const found = above.get(`${parent}`);
      if (found !== undefined && --found.count === 0) free.add(found.link);
    }
    yield link;
  }
}

/** Commits of which the last one comes next. */
class Stack {
  readonly #links: Link[] = [];

  add(link: Link): void {
    this.#links.push(link);
  }

  take(): Link | undefined {
    return this.#links.pop();
  }
}
